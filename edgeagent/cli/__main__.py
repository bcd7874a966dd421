"""`python -m edgeagent.cli`."""

import sys

from edgeagent.cli import main

if __name__ == "__main__":
    sys.exit(main())
