"""Every work of the bench runs to its end: a short look at each, beside the peers, nothing timed.

`make test-all` runs these after the rest, in one process: a measurement takes the whole machine for itself.
"""

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
@pytest.mark.timeout(900)
@pytest.mark.parametrize("work", WORKS)
def test_a_quick_look_goes_through(peers, work):
    command = [sys.executable, "-m", "bench", "--quick", "--only", work]
    done = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{work}:\n" in done.stdout
