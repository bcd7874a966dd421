"""What happened today, counted as events come in, so that no look at the console reads the whole day again.

Promise: an event counts once, on the local day it happened on, however late it came on that day; where that cannot be
known, on the day it was received. Drills never count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.overview.arrivals import LATE, decode, happened
from countyhub.store import tables as t
from gridwire.events import TYPE_OF, Alarm, Checkin

_CHUNK = 2000
_COUNTED = (TYPE_OF[Alarm], TYPE_OF[Checkin])


Place = tuple[str, str]
"""A box and the grid that its event names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of the local day: alarms that began or pulsed, the critical among them, check-ins, and those that came late."""

    alarms: int = 0
    critical: int = 0
    checkins: int = 0
    late_checkins: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            alarms=self.alarms + other.alarms,
            critical=self.critical + other.critical,
            checkins=self.checkins + other.checkins,
            late_checkins=self.late_checkins + other.late_checkins,
        )


def midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the local day that `now` lies in, in UTC."""
    return datetime.combine(now.astimezone(zone).date(), time.min, zone).astimezone(UTC)


class Today:
    """Counts of the running day; `update` reads only what was committed since the last call."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._start: datetime | None = None
        self._through = 0
        self.counts = Counts()
        self.places: dict[Place, Counts] = {}

    async def update(self, connection: AsyncConnection, now: datetime) -> Counts:
        """Counts up to what is committed now; begins anew when the local day has changed."""
        start = midnight(now, self._zone)
        if start != self._start:
            self._start, self.counts, self.places = start, Counts(), {}
            self._through = await _last_before(connection, start)
        through = await _last(connection)
        while await self._read_chunk(connection, start, through):
            pass
        self._through = through
        return self.counts

    async def _read_chunk(self, connection: AsyncConnection, start: datetime, through: int) -> bool:
        """Whether there may be more."""
        e, s = t.event.c, t.stream.c
        query = (
            select(*e, s.booted)
            .select_from(t.event.outerjoin(t.stream, (e.box == s.box) & (e.stream == s.stream)))
            .where(e.id > self._through, e.id <= through, e.type.in_(_COUNTED), ~e.drill)
            .order_by(e.id)
            .limit(_CHUNK)
        )
        rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            self._through, when = row["id"], happened(row) or row["received"]
            if when >= start:
                one = _count(row["type"], row["raw"], late=row["received"] - when > LATE)
                place = row["box"], row["grid"] or ""
                self.counts += one
                self.places[place] = self.places.get(place, Counts()) + one
        return len(rows) == _CHUNK


def _count(type_name: str, raw: bytes, *, late: bool) -> Counts:
    data = decode(type_name, raw)
    if isinstance(data, Alarm) and data.state != "end":
        return Counts(alarms=1, critical=data.severity == "critical")
    if isinstance(data, Checkin):
        return Counts(checkins=1, late_checkins=late)
    return Counts()


async def _last(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.coalesce(func.max(t.event.c.id), 0)))).scalar_one())


async def _last_before(connection: AsyncConnection, start: datetime) -> int:
    """The last row received before `start`, found by halving: `received` rises with the row's number."""
    e = t.event.c
    low, high = 0, await _last(connection)
    while low < high:
        middle = (low + high + 1) // 2
        row = await connection.execute(select(e.received).where(e.id >= middle).order_by(e.id).limit(1))
        if row.scalar_one() < start:
            low = middle
        else:
            high = middle - 1
    return low
