"""The county's side: hubs in this process as pages and machines see them; a broker that knows boxes by certificate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.apis import Desk, desk
from tests.browser.living import Living, living
from tests.enrolments import County, CountyBroker


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Living]:
    """A county in which nothing has happened, by its pages."""
    async with living(tmp_path, many=0, still=True) as place:
        yield place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Desk]:
    """The small county, by its interface for machines and its accounts."""
    async with desk(tmp_path) as found:
        yield found


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[County]:
    """With its own CA and an open store; no process of it runs."""
    made = County(tmp_path / "hub")
    made.init()
    async with made.opened():
        yield made


@pytest.fixture
def county_broker(county: County) -> Iterator[CountyBroker]:
    with county.broker() as running:
        yield running
