"""A serial port that can be pulled out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.terminal.ptyport import PtyPort


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[PtyPort]:
    port = PtyPort(tmp_path / "reader")
    port.plug()
    yield port
    port.unplug()
