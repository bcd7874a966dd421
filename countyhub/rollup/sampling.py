"""Looks at all boxes every five minutes and adds up what it sees, by hour and by day; gives up what is old.

Promise: a look counts once, whatever process takes it and however often one dies in between: the slot of the last one
moves in the transaction that adds it. A time in which no hub ran has no look; rates are of the looks there were.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Table, case, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.overview import boxviews
from countyhub.overview.boxviews import BoxView
from countyhub.store import cursors
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from countyhub.store.rolluptables import box_day, box_hour
from countyhub.store.upsert import insert
from gridwire.instants import microseconds

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
HOURS_KEPT: Final = timedelta(days=8)
DAYS_KEPT: Final = timedelta(days=1100)
"""As long as events are kept: years can be compared."""
AGAIN_S: Final = 30.0
_CURSOR: Final = "rollup"
_ADDED: Final = ("looks", "online", "cameras", "cameras_online", "cameras_intact")


async def run(store: Store, zone: ZoneInfo) -> None:
    """Until cancelled; one process at a time."""
    while True:
        now = datetime.now(UTC)
        pause_s = EVERY.total_seconds() - now.timestamp() % EVERY.total_seconds()
        try:
            await look(store, zone, now)
        except UNAVAILABLE as error:
            log.error("figures wait for the database: %s", reason_of(error))
            pause_s = AGAIN_S
        await asyncio.sleep(pause_s)


async def look(store: Store, zone: ZoneInfo, now: datetime) -> bool:
    """Adds the boxes as they are now; False when this slot has its look already. Raises one of `UNAVAILABLE`."""
    slot = microseconds(now) // (EVERY // timedelta(microseconds=1))
    async with store.read() as connection:
        boxes = await boxviews.boxes(connection)
    async with store.write() as connection:
        if not await _is_next(connection, slot):
            return False
        if boxes:
            hour = now.replace(minute=0, second=0, microsecond=0)
            await _add(connection, box_hour, "hour", hour, boxes)
            await _add(connection, box_day, "day", now.astimezone(zone).date(), boxes)
        await connection.execute(delete(box_hour).where(box_hour.c.hour < now - HOURS_KEPT))
        await connection.execute(delete(box_day).where(box_day.c.day < (now - DAYS_KEPT).date()))
    return True


async def _is_next(connection: AsyncConnection, slot: int) -> bool:
    last = await cursors.position(connection, _CURSOR)
    if last is not None and last >= slot:
        return False
    await cursors.move(connection, {_CURSOR: slot})
    return True


async def _add(connection: AsyncConnection, table: Table, unit: str, of: Any, boxes: Iterable[BoxView]) -> None:
    added = insert(connection, table)
    old, new = table.c, added.excluded
    sums: dict[str, Any] = {name: old[name] + new[name] for name in _ADDED}
    sums["waiting"] = case((new.waiting > old.waiting, new.waiting), else_=old.waiting)
    statement = added.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)
    await connection.execute(statement, [{unit: of, **_seen(box)} for box in boxes])


def _seen(box: BoxView) -> dict[str, Any]:
    """The cameras of a box that is away count as dark, as on the page of cameras."""
    return {
        "box": box.id,
        "looks": 1,
        "online": int(box.link == "online"),
        "waiting": box.waiting,
        "cameras": len(box.cameras),
        "cameras_online": box.cameras_online,
        "cameras_intact": box.cameras_intact,
    }
