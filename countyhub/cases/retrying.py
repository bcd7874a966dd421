"""Work on cases in a transaction of its own, done anew on what is there by then where another one was faster.

The hub's own processes take turns at writing (`store.engine`), so this is for whoever writes past that. He who was
overtaken is told nothing: which version was seen the act itself says, and is refused by it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases.rows import Overtaken
from countyhub.store.engine import Store

TIMES: Final = 3
T = TypeVar("T")


async def retried(store: Store, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What `work` gives. Raises `store.engine.UNAVAILABLE`; `rows.Overtaken` for who was overtaken `TIMES` times."""
    for _ in range(TIMES - 1):
        try:
            async with store.write() as connection:
                return await work(connection)
        except Overtaken:  # nothing of it is written
            continue
    async with store.write() as connection:
        return await work(connection)
