"""How far those are behind that follow the tables which only grow. Only reads, never more than a page of an index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import CHANNELS, Config
from countyhub.store.casetables import case_entry
from countyhub.store.mattertables import link
from countyhub.store.tables import event
from countyhub.store.worktables import cursor

COUNTED: Final = 10_000
"""Nobody needs to know more exactly how far behind a follower is that is so far behind."""


class Behind(NamedTuple):
    """`rows`: not dealt with yet, counted up to `COUNTED`. `since`: when the first of them was committed."""

    rows: int
    since: datetime | None


class _Followed(NamedTuple):
    table: Table
    at: Column[Any]


_EVENTS: Final = _Followed(event, event.c.received)
_ENTRIES: Final = _Followed(case_entry, case_entry.c.at)
FOLLOWED: Final = {
    "correlate": _EVENTS,
    "correlate-link": _Followed(link, link.c.at),
    "notify": _ENTRIES,
    "feed-mqtt-event": _EVENTS,
    "feed-mqtt-case": _ENTRIES,
}
"""Cursor -> what it moves over. Webhooks have cursors of their own: see the deliveries."""


def working(config: Config) -> tuple[str, ...]:
    """The followers that this configuration has at work: one that was switched off falls behind, rightly."""
    feeds = ("feed-mqtt-event", "feed-mqtt-case") if config.feeds.mqtt.enabled else ()
    return ("correlate", "correlate-link", *(("notify",) if channels(config) else ()), *feeds)


def channels(config: Config) -> int:
    """How many ways to tell people are set up."""
    notify = config.notify
    return sum(getattr(notify, name) is not None for name in CHANNELS)


async def behind(connection: AsyncConnection, names: Iterable[str]) -> dict[str, Behind]:
    """Those that have begun; one that never did is left out."""
    places = {row.name: row.value for row in await connection.execute(select(cursor))}
    return {name: await _one(connection, FOLLOWED[name], places[name]) for name in names if name in places}


async def _one(connection: AsyncConnection, followed: _Followed, place: int) -> Behind:
    id_ = followed.table.c.id
    first = (await connection.execute(select(followed.at).where(id_ > place).order_by(id_).limit(1))).scalar()
    if first is None:
        return Behind(0, None)
    some = select(id_).where(id_ > place).order_by(id_).limit(COUNTED).subquery()
    return Behind(int((await connection.execute(select(func.count()).select_from(some))).scalar_one()), first)
