"""What a statement loads, seen in a process of its own: settings of drivers are read on boards with 1 GB."""

from __future__ import annotations

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """Names of all modules that are there once it has run. Raises `CalledProcessError` when it fails."""
    code = f"{statement}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
