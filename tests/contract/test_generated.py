"""Generated files are what the definitions say today."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_generated_file_is_stale():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nmake it right with: python scripts/generate.py"
