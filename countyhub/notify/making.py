"""Makes messages and parcels of all that is due, each step in its own transactions.

What the database refuses, or nobody can read, is found by ever smaller transactions and put aside alone: one line of a
timeline must not keep a call for help from being heard.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.notify import alerts, delivery, follow, packing, takeover
from countyhub.notify.telling import World
from countyhub.store import aside
from countyhub.store.engine import Store
from countyhub.store.notifytables import message, parcel

log = logging.getLogger(__name__)

SMALLER: Final = 8
_Look = Callable[[AsyncConnection, World], Awaitable[bool]]


class _Step(NamedTuple):
    """`waits`: whether there is something to do. `work` does at most so many. `give_up`: of the first, which is refused
    also alone."""

    waits: _Look
    work: Callable[[AsyncConnection, World, int], Awaitable[int]]
    give_up: Callable[[AsyncConnection, World, BaseException], Awaitable[None]]
    at_once: int


class Made(NamedTuple):
    """Lines looked at, calls for help that went a step further."""

    lines: int
    woken: int


async def make(store: Store, world: Callable[[], World]) -> Made:
    """Follows to the end, wakes who is next, packs what is due. Raises `store.engine.UNAVAILABLE`, `aside.REFUSED`."""
    lines = await _all(store, world, _FOLLOW)
    woken = await _wake(store, world)
    if await _looked(store, world, _is_left):
        async with store.write() as connection:
            await delivery.recover(connection, world())
    await _all(store, world, _PACK)
    if await _looked(store, world, takeover.is_waiting):
        async with store.write() as connection:
            await takeover.tell_woken(connection, world())
        await _all(store, world, _PACK)
    return Made(lines, woken)


async def is_due(connection: AsyncConnection, what: ColumnElement[bool]) -> bool:
    """Whether there is a row like this."""
    return bool((await connection.execute(select(exists().where(what)))).scalar())


async def _all(store: Store, world: Callable[[], World], step: _Step) -> int:
    done, size, refused = 0, step.at_once, 0
    while await _looked(store, world, step.waits):
        try:
            async with store.write() as connection:
                done += await step.work(connection, world(), size)
            size, refused = min(size * 2, step.at_once), 0
        except aside.REFUSED as error:
            if size == 1:
                refused += 1
                if refused > aside.MOST_IN_A_ROW:
                    raise
                async with store.write() as connection:
                    await step.give_up(connection, world(), error)
            size = max(1, size // SMALLER)
    return done


async def _wake(store: Store, world: Callable[[], World]) -> int:
    async with store.read() as connection:
        numbers = await alerts.due(connection, world())
    if not numbers:
        return 0
    try:
        async with store.write() as connection:
            return await alerts.wake(connection, world(), numbers)
    except aside.REFUSED as error:
        log.warning("of %d calls for help one is refused, each is taken alone: %s", len(numbers), error)
    for number in numbers:
        try:
            async with store.write() as connection:
                await alerts.wake(connection, world(), [number])
        except aside.REFUSED as error:
            async with store.write() as connection:
                await alerts.put_aside(connection, world(), number, error)
    return len(numbers)


async def _looked(store: Store, world: Callable[[], World], look: _Look) -> bool:
    async with store.read() as connection:
        return await look(connection, world())


async def _has_lines(connection: AsyncConnection, _world: World) -> bool:
    return await follow.waiting(connection)


async def _is_left(connection: AsyncConnection, world: World) -> bool:
    return await is_due(connection, (parcel.c.state == "sending") & (parcel.c.due <= world.now))


async def _is_packable(connection: AsyncConnection, world: World) -> bool:
    return await is_due(connection, message.c.due <= world.now)


_FOLLOW: Final = _Step(_has_lines, follow.follow, follow.pass_over, follow.AT_ONCE)
_PACK: Final = _Step(_is_packable, packing.pack, packing.put_aside, packing.AT_ONCE)
