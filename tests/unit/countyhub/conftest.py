"""What tests of the county's figures look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.living import Living, living


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Living]:
    """A county in which nothing has happened."""
    async with living(tmp_path, many=0, still=True) as place:
        yield place
