"""The seed of every random choice here: always the same in `make test`, another each time in `make chaos`.

`CHAOS_SEED=n make chaos` repeats a run.
"""

import os

SEED = int(os.environ.get("CHAOS_SEED") or 1)
