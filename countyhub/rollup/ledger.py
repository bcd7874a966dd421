"""Questions to the ledger of check-ins: how many on which day at which box, and those of one place and day.

Every question is answered by the order of the ledger itself: nothing reads more rows than its days have.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from operator import add
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.overview import arrivals
from countyhub.sight import reach
from countyhub.sight.scope import Scope
from countyhub.store.checkintables import checkin
from countyhub.store.tables import event, stream
from gridwire.events import Checkin

MORNING, AFTERNOON = "morning", "afternoon"
PIECE: Final = 1000


class Sums(NamedTuple):
    """Of check-ins. `morning`, `afternoon`: in these slots of the patrol; `verified`: the box knew the person; `late`:
    came later than a minute; `unknown`: nobody knows when it happened, they stand on the day on which they came."""

    all: int = 0
    morning: int = 0
    afternoon: int = 0
    verified: int = 0
    late: int = 0
    unknown: int = 0

    @property
    def outside(self) -> int:
        """In another slot, or in none."""
        return self.all - self.morning - self.afternoon

    @property
    def unverified(self) -> int:
        return self.all - self.verified

    def plus(self, other: Sums) -> Sums:
        return Sums(*map(add, self, other))


class Line(NamedTuple):
    """A check-in. `said`: None where this release cannot read it; masked by who shows it."""

    event_id: int
    day: date
    box: str
    at: datetime
    received: datetime
    grid: str
    slot: str
    verified: bool
    late: bool
    known: bool
    drill: bool
    said: Checkin | None

    @property
    def place(self) -> tuple[str, datetime, int]:
        """Where the next page begins."""
        return self.box, self.at, self.event_id


async def sums(
    connection: AsyncConnection, scope: Scope, since: date, until: date, boxes: Collection[str] | None = None
) -> dict[tuple[date, str], Sums]:
    """Day and box -> its sums, of the days from `since` to `until`, both included; of `boxes` alone when given. Drills
    never count. What has none is not there."""
    c = checkin.c
    query = select(
        c.day, c.box, func.count(), _count(c.slot == MORNING), _count(c.slot == AFTERNOON), _count(c.verified),
        _count(c.late), _count(~c.known),
    ).where(c.day >= since, c.day <= until, ~c.drill, *_seen(scope, boxes)).group_by(c.day, c.box)  # fmt: skip
    found: dict[tuple[date, str], Sums] = {}
    async with connection.stream(query.execution_options(yield_per=PIECE)) as rows:
        async for some in rows.partitions():  # others get their turn between them
            found.update(((row[0], row[1]), Sums(*map(int, row[2:]))) for row in some)
    return found


async def began(connection: AsyncConnection) -> dict[str, datetime]:
    """Of each box when the hub first had anything from it: before that nobody could check in there."""
    query = select(stream.c.box, func.min(stream.c.first_seen)).group_by(stream.c.box)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def lines(
    connection: AsyncConnection, scope: Scope, day: date, boxes: Collection[str] | None, limit: int,
    after: tuple[str, datetime, int] | None = None,
) -> list[Line]:  # fmt: skip
    """The check-ins of one day, drills too: box by box, as they happened. `after`: where the last page ended."""
    c, order = checkin.c, (checkin.c.box, checkin.c.at, checkin.c.event_id)
    query = select(checkin).where(c.day == day, *_seen(scope, boxes)).order_by(*order).limit(limit)
    if after is not None:
        query = query.where(
            tuple_(*order) > tuple_(*(literal(value, each.type) for value, each in zip(after, order, strict=True)))
        )
    page = query.subquery().c
    joined = page.box.table.join(event, (event.c.id == page.event_id) & (event.c.received == page.received))
    names = [page[name] for name in Line._fields if name != "said"]
    found = select(*names, event.c.type, event.c.raw).select_from(joined).order_by(page.box, page.at, page.event_id)
    return [Line._make((*row[: len(names)], _said(row.type, row.raw))) for row in await connection.execute(found)]


def _said(kind: str, raw: bytes) -> Checkin | None:
    data = arrivals.decode(kind, raw)
    return data if isinstance(data, Checkin) else None


def _seen(scope: Scope, boxes: Collection[str] | None) -> list[ColumnElement[bool]]:
    """First what is found by the ledger's order, then whether it was in sight at that time."""
    c = checkin.c
    found: list[ColumnElement[bool]] = [] if boxes is None else [c.box.in_(sorted(boxes))]
    if scope.whole:
        return found
    return [*found, reach.of_event(scope, c.box, c.grid, c.at)]


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
