"""Questions about days and months: cases opened and closed, townships beside each other, rates of boxes and cameras.

Cases are counted where their village belongs on the day of the question. Drills and what was merged never count. What
was closed when is answered by one covering index; nothing here reads more rows than its days or its month have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, case, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import listing
from countyhub.registry.snapshot import Registry
from countyhub.sight.scope import Scope
from countyhub.store.casetables import cases
from countyhub.store.rolluptables import box_day, box_hour

PRIOR: Final = 10
"""A mean of ratings counts as if so many more residents had given the county's mean: three fives are not the best."""
_QUARTER_US: Final = 15 * 60 * 10**6
"""Time zones differ by quarters of an hour, so every local day begins with one."""
_ENDED: Final = ("closed", "archived")


@dataclass(slots=True)
class Flow:
    """Of one local day. `opened`: light that they show now -> how many began; `in_time`: of the closed ones."""

    day: date
    opened: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    in_time: int = 0


@dataclass(slots=True)
class Standing:
    """A township's month. `limited`: closed ones that had a limit; `in_time`: of these, that kept every one of them,
    each with the instant that ends it. `returned`: given back at least once. `mean`: of the ratings, drawn towards the
    county's."""

    code: str
    closed: int = 0
    limited: int = 0
    in_time: int = 0
    returned: int = 0
    ratings: int = 0
    score: int = 0
    mean: float | None = None

    @property
    def share(self) -> float | None:
        return self.in_time / self.limited if self.limited else None


class Rates(NamedTuple):
    """Sums of the looks at a box on a day, or in an hour."""

    looks: int
    online: int
    waiting: int
    cameras: int
    cameras_online: int


async def flow(connection: AsyncConnection, scope: Scope, zone: ZoneInfo, last: date, days: int) -> list[Flow]:
    """The days up to `last`, the oldest first."""
    found = {day: Flow(day) for day in (last - timedelta(days=ago) for ago in range(days - 1, -1, -1))}
    since, until = _midnight(min(found), zone), _midnight(last + timedelta(days=1), zone)
    c = cases.c
    seen = (~c.drill, *listing.seen(scope))
    began = _quarter(c.arrived)
    query = select(began, c.light, func.count()).where(
        c.arrived >= since, c.arrived < until, c.stage != "merged", *seen
    )
    for quarter, light, count in await connection.execute(query.group_by(began, c.light)):
        found[_day(quarter, zone)].opened[light] += count
    query = select(_quarter(c.closed), func.count(), _in_time())
    query = query.where(c.closed >= since, c.closed < until, *_done(), *seen)
    for quarter, count, in_time in await connection.execute(query.group_by("quarter")):
        found[_day(quarter, zone)].closed += count
        found[_day(quarter, zone)].in_time += in_time
    return list(found.values())


async def ranking(
    connection: AsyncConnection, scope: Scope, registry: Registry, month: date, today: date
) -> list[Standing]:
    """The townships by what was closed in the month that `month` lies in, the best first; those of cases whose place
    nobody knows under an empty code, last."""
    first = month.replace(day=1)
    since, until = _midnight(first, registry.zone), _midnight(_next_month(first), registry.zone)
    c = cases.c
    sums = (func.count(), _count(c.light != "none"), _in_time(), _count(c.returned > 0), func.count(c.score),
            func.coalesce(func.sum(c.score), 0))  # fmt: skip
    query = select(c.village, c.township, *sums).where(c.closed >= since, c.closed < until, ~c.drill, *_done())
    rows = await connection.execute(query.where(*listing.seen(scope)).group_by(c.village, c.township))
    found: dict[str, Standing] = {}
    for village, township, *counts in rows:
        code = _township(registry, today, village, township)
        standing = found.setdefault(code, Standing(code))
        for name, count in zip(("closed", "limited", "in_time", "returned", "ratings", "score"), counts, strict=True):
            setattr(standing, name, getattr(standing, name) + int(count))
    _draw_towards_mean(found)
    return sorted(found.values(), key=_rank)


async def rates(connection: AsyncConnection, since: date) -> dict[tuple[date, str], Rates]:
    """Day and box -> its sums, from that day on."""
    c = box_day.c
    query = select(c.day, c.box, c.looks, c.online, c.waiting, c.cameras, c.cameras_online).where(c.day >= since)
    return {(row[0], row[1]): Rates(*row[2:]) for row in await connection.execute(query)}


async def hours(connection: AsyncConnection, box: str, since: datetime) -> list[tuple[datetime, Rates]]:
    """The hours of a box that had a look, the oldest first."""
    c = box_hour.c
    query = select(c.hour, c.looks, c.online, c.waiting, c.cameras, c.cameras_online)
    rows = await connection.execute(query.where(c.box == box, c.hour >= since).order_by(c.hour))
    return [(row[0], Rates(*row[1:])) for row in rows]


def months(today: date, count: int) -> Iterator[date]:
    """The first days of this month and those before it, the newest first."""
    first = today.replace(day=1)
    for _ in range(count):
        yield first
        first = (first - timedelta(days=1)).replace(day=1)


def _draw_towards_mean(found: dict[str, Standing]) -> None:
    ratings, score = sum(each.ratings for each in found.values()), sum(each.score for each in found.values())
    for each in found.values():
        if each.ratings:
            each.mean = (each.score + PRIOR * score / ratings) / (each.ratings + PRIOR)


def _rank(standing: Standing) -> tuple[object, ...]:
    share = standing.share
    return (not standing.code, share is None, -(share or 0), -(standing.mean or 0), -standing.closed, standing.code)


def _township(registry: Registry, today: date, village: str, township: str) -> str:
    """Where it belongs today; what the registry does not know stays under its own code."""
    for code in (village, township):
        if code and (path := registry.ancestors(code, today)):
            return registry.belonging(path, today).township
    return township


def _done() -> tuple[Any, ...]:
    """What was closed as done: neither void nor a part of another case."""
    return (cases.c.closed.is_not(None), cases.c.stage.in_(_ENDED))


def _in_time() -> Any:
    """The light that a case closed with: green where each of its limits was kept, as its own page says of each. No
    single deadline would do: the first is mostly that of taking it up, long before it can be closed."""
    return _count(cases.c.light == "green")


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _quarter(column: Any) -> Any:
    """Quarters of an hour since 1970."""
    return (type_coerce(column, BigInteger) // _QUARTER_US).label("quarter")


def _day(quarter: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(int(quarter) * 900, UTC).astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
