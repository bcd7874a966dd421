"""Keeps the ledger of check-ins up with the inbox, and gives up what the inbox has given up.

Promise: each check-in stands in it once, on the day on which it happened, whatever process writes it and however often
one dies in between: the cursor moves in the transaction that writes. Whose box finds its clock later moves to its day.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, Select, and_, delete, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.overview import arrivals
from countyhub.overview.arrivals import LATE
from countyhub.store import cursors
from countyhub.store.checkintables import checkin
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from countyhub.store.tables import event, stream
from countyhub.store.upsert import write_all
from gridwire.events import TYPE_OF, Checkin

log = logging.getLogger(__name__)

EVERY_S: Final = 5.0
AGAIN_S: Final = 30.0
PIECE: Final = 2000
"""Rows of the inbox that are gone through at once."""
BREATH_S: Final = 0.02
"""Between two pieces of a long history: the inbox, and who looks at a page, get their turn."""
FORGET_EVERY: Final = timedelta(hours=6)
_CURSOR: Final = "checkins"
_KEY: Final = (checkin.c.day, checkin.c.box, checkin.c.event_id)


async def run(store: Store, zone: ZoneInfo) -> None:
    """Until cancelled; one process at a time."""
    forgotten = datetime.fromtimestamp(0, UTC)
    while True:
        pause_s = EVERY_S
        try:
            if await step(store, zone):
                pause_s = BREATH_S
            elif datetime.now(UTC) - forgotten > FORGET_EVERY:
                forgotten = datetime.now(UTC)
                await forget(store)
        except UNAVAILABLE as error:
            log.error("the ledger of check-ins waits for the database: %s", reason_of(error))
            pause_s = AGAIN_S
        await asyncio.sleep(pause_s)


async def step(store: Store, zone: ZoneInfo) -> bool:
    """One piece, and those whose time was told meanwhile; whether there is more. Raises one of `UNAVAILABLE`."""
    async with store.read() as connection:
        after = await cursors.position(connection, _CURSOR) or 0
        ids = select(event.c.id).where(event.c.id > after).order_by(event.c.id).limit(PIECE).subquery()
        last, count = (await connection.execute(select(func.max(ids.c.id), func.count()).select_from(ids))).one()
        fresh = await _read(connection, event.c.id > after, event.c.id <= last) if count else []
        told = (await connection.execute(_told())).mappings().all()
    if not count and not told:
        return False
    async with store.write() as connection:
        if (await cursors.position(connection, _CURSOR) or 0) != after:
            return True  # another process was here
        if fresh:
            await write_all(connection, checkin, [_line(row, zone) for row in fresh])
        if told:
            keys = [(row["old_day"], row["box"], row["id"]) for row in told]
            await connection.execute(delete(checkin).where(tuple_(*_KEY).in_(keys)))
            await write_all(connection, checkin, [_line(row, zone) for row in told])
        if count:
            await cursors.move(connection, {_CURSOR: last})
    return bool(count == PIECE or len(told) == PIECE)


async def forget(store: Store) -> int:
    """The oldest lines whose events are no longer there; how many. Raises one of `UNAVAILABLE`."""
    total = 0
    oldest = select(*_KEY, checkin.c.received).order_by(*_KEY).limit(PIECE).subquery()
    there = exists().where(event.c.id == oldest.c.event_id, event.c.received == oldest.c.received)
    gone = select(oldest.c.day, oldest.c.box, oldest.c.event_id).where(~there)
    while True:
        async with store.write() as connection:
            found = (await connection.execute(delete(checkin).where(tuple_(*_KEY).in_(gone)))).rowcount
        total += found
        if not found:
            return total
        await asyncio.sleep(BREATH_S)


async def _read(connection: AsyncConnection, *where: Any) -> list[RowMapping]:
    query = _events().where(event.c.type == TYPE_OF[Checkin], *where)
    return list((await connection.execute(query)).mappings())


def _events() -> Select[Any]:
    same = and_(stream.c.box == event.c.box, stream.c.stream == event.c.stream)
    return select(event, stream.c.booted).select_from(event.outerjoin(stream, same))


def _told() -> Select[Any]:
    """Lines that wait for the time of a stream that has told it."""
    same = and_(stream.c.box == event.c.box, stream.c.stream == event.c.stream)
    mine = and_(event.c.id == checkin.c.event_id, event.c.received == checkin.c.received)
    joined = checkin.join(event, mine).join(stream, same)
    query = select(event, stream.c.booted, checkin.c.day.label("old_day")).select_from(joined)
    return query.where(checkin.c.waits, stream.c.booted.is_not(None)).limit(PIECE)


def _line(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    """What cannot be read by this release is counted as somebody whom the box did not know."""
    data = arrivals.decode(row["type"], row["raw"])
    said = data if isinstance(data, Checkin) else None
    happened, received = arrivals.happened(row), row["received"]
    day = _day(happened, zone)
    at = received if happened is None or day is None else happened
    return {
        "day": day or received.astimezone(zone).date(),
        "box": row["box"],
        "event_id": row["id"],
        "at": at,
        "received": received,
        "grid": row["grid"] or "",
        "slot": said.slot if said else "",
        "verified": bool(said and said.verified),
        "late": received - at > LATE,
        "known": day is not None,
        "waits": row["clock"] != "synced" and row["booted"] is None,
        "drill": row["drill"],
    }


def _day(at: datetime | None, zone: ZoneInfo) -> Any:
    """None for what nobody knows, and for times at the ends of the calendar."""
    try:
        return at.astimezone(zone).date() if at else None
    except OverflowError:
        return None
