"""What tests of several disasters need."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.powerdisk import Disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mounted where the agent has its store."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    made = Disk(tmp_path / "box" / "store", tmp_path / "disk.img")
    yield made
    with contextlib.suppress(subprocess.CalledProcessError):  # a failed test may have unplugged it
        made.unplug()
