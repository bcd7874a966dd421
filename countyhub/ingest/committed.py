"""Tells whoever listens in this process that events were committed, by `inbox`: `matters` listens, and the console.

What was missed is read from the database, so nobody is too slow: a listener that comes back names the last id it saw.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import Row, select

from countyhub.ingest import rows
from countyhub.store.engine import Store
from countyhub.store.tables import event

POLL_S = 5.0
"""Another process (`countyhub deadletter retry`) may commit too: the table is looked at so often in any case."""
PAGE = 500


class Committed:
    """One for the hub. `tell` after each commit; `listen` and `since` for those who want to know."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = asyncio.Event()
        self._told = self._tellings = 0

    def tell(self, last_id: int) -> None:
        """Something was committed: events up to `last_id`, or (the same id as before) something about boxes."""
        self._told = max(self._told, last_id)
        self._tellings += 1
        self._news.set()
        self._news = asyncio.Event()

    @property
    def news(self) -> asyncio.Event:
        """Is set by the next `tell`. Who takes it before it looks misses nothing."""
        return self._news

    async def listen(self) -> AsyncIterator[int]:
        """After every commit (several may be told as one) the newest id known here."""
        seen = self._tellings
        while True:
            if seen == self._tellings:
                await self._news.wait()
            seen = self._tellings
            yield self._told

    async def since(self, last_id: int) -> AsyncIterator[Sequence[Row[tuple[object, ...]]]]:
        """Pages of rows of `event` with higher ids, in order, as they are committed; never ends."""
        while True:
            news = self._news
            async with self._store.read() as connection:
                query = select(event).where(event.c.id > last_id).order_by(event.c.id).limit(PAGE)
                page = (await connection.execute(query)).all()
            if page:
                last_id = page[-1].id
                yield page
            if len(page) < PAGE:
                await either(news, POLL_S)

    async def last_id(self) -> int:
        """The newest id in the database."""
        async with self._store.read() as connection:
            return await rows.last_event_id(connection)


async def either(news: asyncio.Event, timeout_s: float) -> None:
    """Until there is news, or the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await news.wait()
    except TimeoutError:
        pass
