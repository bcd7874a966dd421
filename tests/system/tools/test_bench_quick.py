"""Every work of the bench runs to its end: a short look at each, beside the peers, nothing timed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench import environment
from bench.__main__ import WORKS


@pytest.fixture(scope="module")
def peers():
    if missing := environment.missing():
        pytest.skip(f"not installed: {' '.join(missing)}")
    try:
        environment.install()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the peers cannot be installed: {error}")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_quick_look_goes_through_all_works(peers):
    command = [sys.executable, "-m", "bench", "--quick"]
    done = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=False, timeout=1700)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert [name for name in WORKS if f"{name}:\n" not in done.stdout] == []
