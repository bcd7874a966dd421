"""Prometheus' own tool, for the tests of metrics, alert rules and dashboards; `scripts/promtool.sh` fetches it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_CACHED = ROOT / ".cache/promtool/usr/bin/promtool"


def path() -> str:
    """Skips the test, saying what is missing, where there is none."""
    found = shutil.which("promtool") or (str(_CACHED) if _CACHED.exists() else None)
    if found is None:
        pytest.skip("no promtool: sh scripts/promtool.sh")
    return found


def run(*words: str, stdin: bytes = b"") -> tuple[int, str]:
    """Exit code, and everything that it said."""
    done = subprocess.run([path(), *words], input=stdin, capture_output=True, check=False, timeout=100)
    return done.returncode, (done.stdout + done.stderr).decode()
