"""One past for all tests of a process: each runs on a copy."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.browser import driver


@pytest.fixture
async def browser() -> AsyncIterator[driver.Chromium]:
    async with driver.chromium() as found:
        yield found


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A county with a week behind it: `running.Past`."""
    from tests.browser import running

    return running.past(tmp_path_factory.mktemp("past"))
