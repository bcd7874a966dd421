"""The ledger of check-ins: by village and day, also those villages in which nobody checked in; a day of a village one
by one. Filters stand in the address; a month of the county is taken away whole.

Promise: a village is where it was on that day, and nobody's name or number is in it unmasked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.registry.forms import Area, Box, Grid
from countyhub.registry.snapshot import Registry
from countyhub.rollup import figures, ledger
from countyhub.rollup.ledger import Line, Sums
from countyhub.sight import scope as scopes
from countyhub.web.arrivals import checkintables
from countyhub.web.arrivals.checkintables import DAYS, LEDGER, ROWS, PlaceDay, Shown, State, Total
from countyhub.web.desk import Desk, Visit
from countyhub.web.export import exports, tables
from countyhub.web.export.exports import Pieces, Taken

USUAL_DAYS: Final = 7
DAYS_MOST: Final = 92
"""A quarter; more is asked for in parts."""
PAGE: Final = 100
LINES_SHOWN: Final = 500
"""Of one village and day: a terminal takes some twenty in a day."""
LINES_MOST: Final = 1_000_000
"""A sheet holds a little more."""
PIECE: Final = 1000
MONTHS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`area`: the place that counts, of `township` and `village`; all may be empty. `codes`: its own, and those of what
    was merged into it. `only_none`: villages and days without a check-in."""

    township: str
    village: str
    area: str
    codes: frozenset[str]
    since: date
    until: date
    only_none: bool
    start: int

    @property
    def days(self) -> list[date]:
        """The newest first."""
        return [self.until - timedelta(days=ago) for ago in range((self.until - self.since).days + 1)]

    @property
    def is_one(self) -> bool:
        """Whether it is a village on a day, whose check-ins are shown."""
        return bool(self.village) and self.since == self.until

    def has(self, path: Iterable[str]) -> bool:
        """Whether a place lies within what is asked for, by its codes up to the county."""
        return not self.area or not self.codes.isdisjoint(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stands where on the days that are asked for: day and box -> township and village. `boxes`: None for all that
    ever sent anything. `incomplete`: box -> from which day on its data are not all in, and why."""

    places: dict[tuple[date, str], tuple[str, str]]
    boxes: frozenset[str] | None
    incomplete: dict[str, tuple[date, State]]

    def place(self, day: date, box: str) -> tuple[str, str]:
        return self.places.get((day, box), ("", ""))


class CheckinPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /checkins?township=&village=&since=&until=&only=none&start=`"""
        visit = await self._desk.visit(request)
        given = asked(visit)
        rows = await self._rows(visit, given)
        shown, totals = await asyncio.to_thread(lambda: (_wanted(rows, given), _totals(rows, given)))
        lines = await self._lines(visit, given, given.until, LINES_SHOWN) if given.is_one else []
        today = visit.registry.day(visit.now)
        return await self._desk.page(
            visit,
            "checkins.html",
            here="checkins",
            given=given,
            days=tables.shown(DAYS, visit, totals, "/checkin-days"),
            heads=LEDGER.heads(visit),
            rows=[(row, _texts(visit, row)) for row in shown[given.start : given.start + PAGE]],
            count=len(shown),
            later=given.start + PAGE if len(shown) > given.start + PAGE else 0,
            whole=_sum(totals),
            without=sum(each.without for each in totals),
            places=sum(not row.state or row.sums.all > 0 for row in rows),
            missing=sum(each.unknown for each in totals),
            unused=sum(row.state == "unused" for row in rows),
            line_heads=ROWS.heads(visit)[:-4],
            lines=[(line, _cells(visit, line)[:-4]) for line in lines],
            months=[(f"{each:%Y-%m}", each, _last(each, today)) for each in figures.months(today, MONTHS)],
            townships=_named(visit, visit.registry.children(visit.book.county, visit.now)),
            villages=_named(visit, visit.registry.children(given.township, visit.now)) if given.township else [],
        )

    async def _rows(self, visit: Visit, given: Asked) -> list[PlaceDay]:
        """Each village in sight on each day, whether anybody checked in or not; the newest day first."""
        ground = await asyncio.to_thread(_ground, visit, given)
        async with self._desk.read() as connection:
            sums = await ledger.sums(connection, visit.scope, given.since, given.until, ground.boxes)
            began = await ledger.began(connection)
        return await asyncio.to_thread(_place_days, visit, given, ground, sums, began)

    async def _lines(self, visit: Visit, given: Asked, day: date, most: int) -> list[Shown]:
        ground = await asyncio.to_thread(_ground, visit, given)
        async with self._desk.read() as connection:
            found = await ledger.lines(connection, visit.scope, day, ground.boxes, most)
        return sorted(_shown(given, ground, found), key=lambda row: row.line.at)

    # To take away.

    async def taken(self, visit: Visit, most: int) -> Sequence[PlaceDay]:
        given = asked(visit)
        return _wanted(await self._rows(visit, given), given)[:most]

    async def days(self, visit: Visit, most: int) -> Sequence[Total]:
        given = asked(visit)
        return _totals(await self._rows(visit, given), given)[:most]

    async def each(self, visit: Visit, most: int) -> Pieces[Shown]:
        given = asked(visit)
        return self._each(visit, given, most)

    async def _each(self, visit: Visit, given: Asked, most: int) -> Pieces[Shown]:
        """Day by day, village by village; read in pieces, each as it is then."""
        ground = await asyncio.to_thread(_ground, visit, given)
        for day in reversed(given.days):
            after = None
            while most > 0:
                async with self._desk.read() as connection:
                    found = await ledger.lines(connection, visit.scope, day, ground.boxes, min(PIECE, most), after)
                shown = await asyncio.to_thread(_shown, given, ground, found)
                most -= len(shown)
                for start in range(0, len(shown), exports.PIECE):
                    yield shown[start : start + exports.PIECE]
                if len(found) < PIECE:
                    break
                after = found[-1].place


def asked(visit: Visit) -> Asked:
    """Raises 400 for what no ledger can be asked for."""
    today = visit.registry.day(visit.now)
    until = min(_day(visit, "until") or today, today)
    since = _day(visit, "since") or until - timedelta(days=USUAL_DAYS - 1)
    if since > until or (until - since).days >= DAYS_MOST:
        raise HTTPException(400, detail=visit.t("checkins.range", most=DAYS_MOST))
    start = visit.said("start")
    if start and not (start.isascii() and start.isdigit() and len(start) < 7):
        raise HTTPException(400, detail="start")
    township, village = _place(visit)
    area = village or township
    inside = scopes.within(visit.registry, area, visit.now)
    codes = inside.villages if village else inside.villages | inside.townships
    return Asked(
        township=township, village=village, area=area, codes=codes, since=since, until=until,
        only_none=visit.said("only") == "none", start=int(start or 0),
    )  # fmt: skip


def _day(visit: Visit, name: str) -> date | None:
    said = visit.said(name)
    try:
        found = date.fromisoformat(said) if said else None
    except ValueError as error:
        raise HTTPException(400, detail=name) from error
    if found is not None and not 1990 <= found.year < 9000:
        raise HTTPException(400, detail=name)
    return found


def _place(visit: Visit) -> tuple[str, str]:
    """A village of another township than the chosen one is forgotten."""
    registry, now = visit.registry, visit.now
    township, village = visit.said("township"), visit.said("village")
    for code, level in ((township, "township"), (village, "village")):
        row = registry.area(code, now) if code else None
        if code and (not isinstance(row, Area) or row.level != level):
            raise HTTPException(400, detail=code)
    if village:
        above = registry.ancestors(village, now)[1:2]
        if not township:
            township = above[0] if above else ""
        elif (township,) != above:
            village = ""
    return township, village


def _ground(visit: Visit, given: Asked) -> Ground:
    """A box of no registry is listed only where the whole county is looked at."""
    places = {
        (day, box): (township, village)
        for day in given.days
        for box, path, township, village in _standing(visit.registry, day)
        if given.has(path)
    }
    boxes = frozenset(box for _, box in places) if given.area else None
    return Ground(places=places, boxes=boxes, incomplete=_incomplete(visit))


def _incomplete(visit: Visit) -> dict[str, tuple[date, State]]:
    """What a box said last may have been its last of that day, or not: from then on nobody knows. One that is back
    says how old the oldest is that it has still to send."""
    today, found = visit.registry.day(visit.now), dict[str, tuple[date, State]]()
    for box in visit.snapshot.boxes:
        if box.last_seen is None:
            continue
        if box.link != "online":
            found[box.id] = (visit.registry.day(box.last_seen), "away")
        elif box.waiting:
            oldest = visit.registry.day(box.last_seen - timedelta(seconds=box.oldest_waiting_s))
            if oldest < today:
                found[box.id] = (oldest, "behind")
    return found


@lru_cache(2 * DAYS_MOST)
def _standing(registry: Registry, day: date) -> tuple[tuple[str, tuple[str, ...], str, str], ...]:
    """Each box of that day: its path, township and village, or what stands for it."""
    found = []
    for row in registry.in_force(Box, day):
        belongs = registry.belongs(row.box, day)
        found.append((row.box, registry.box_path(row.box, day), belongs.township, belongs.village or belongs.township))
    return tuple(found)


def _place_days(
    visit: Visit, given: Asked, ground: Ground, sums: Mapping[tuple[date, str], Sums], began: Mapping[str, datetime]
) -> list[PlaceDay]:
    """In a thread: a month of the county has 12,000."""
    states = _states(ground, {box: visit.registry.day(at) for box, at in began.items()})
    places = set(ground.places.values())
    listed = {place for place in places if _is_listed(visit, place)}
    found = {(day, *place): Sums() for (day, _), place in ground.places.items() if place in listed}
    for (day, box), each in sums.items():
        place = ground.place(day, box)
        if given.has(place):
            found[day, *place] = found.get((day, *place), Sums()).plus(each)
    ordered = sorted(found.items(), key=lambda item: (-item[0][0].toordinal(), not item[0][2], item[0][1:]))
    return [PlaceDay(*key, each, _state(states.get(key, frozenset()), each)) for key, each in ordered]


def _states(ground: Ground, began: Mapping[str, date]) -> dict[tuple[date, str, str], frozenset[State]]:
    """Of each village and day how its boxes are."""
    found: dict[tuple[date, str, str], frozenset[State]] = {}
    for (day, box), place in ground.places.items():
        state: State = ""
        if box not in began or day < began[box]:
            state = "unused"
        elif box in ground.incomplete and day >= ground.incomplete[box][0]:
            state = ground.incomplete[box][1]
        found[day, *place] = found.get((day, *place), frozenset()) | {state}
    return found


def _state(states: frozenset[State], sums: Sums) -> State:
    """One box whose data are not in makes the number of its village unsure; only one without any box was not in use."""
    if "away" in states:
        return "away"
    if "behind" in states:
        return "behind"
    return "unused" if states == {"unused"} and not sums.all else ""


def _is_listed(visit: Visit, place: tuple[str, str]) -> bool:
    """Whether the village is named also when nobody checked in there: where it is in sight."""
    scope = visit.scope
    if scope.whole or place[1] in scope.villages or place[1] in scope.townships:
        return True
    return any(place[1] in visit.registry.ancestors(grid, visit.now) for grid in scope.grids)


def _shown(given: Asked, ground: Ground, lines: Sequence[Line]) -> list[Shown]:
    places = ((line, ground.place(line.day, line.box)) for line in lines)
    return [checkintables.shown(line, *place) for line, place in places if given.has(place)]


def _wanted(rows: list[PlaceDay], given: Asked) -> list[PlaceDay]:
    return [row for row in rows if row.is_none] if given.only_none else rows


def _totals(rows: Sequence[PlaceDay], given: Asked) -> list[Total]:
    """The oldest day first, as charts have it."""
    by_day: dict[date, list[PlaceDay]] = {day: [] for day in reversed(given.days)}
    for row in rows:
        by_day[row.day].append(row)
    return [
        Total(
            day, _sum(those), sum(row.is_none for row in those), sum(row.state in ("away", "behind") for row in those)
        )
        for day, those in by_day.items()
    ]


def _sum(rows: Sequence[PlaceDay | Total]) -> Sums:
    found = Sums()
    for row in rows:
        found = found.plus(row.sums)
    return found


def _texts(visit: Visit, row: PlaceDay) -> list[str]:
    zone = visit.book.zone
    return [tables.said(column.kind, column.value(visit, row), zone) for column in LEDGER.columns]


def _cells(visit: Visit, row: Shown) -> list[str]:
    zone = visit.book.zone
    return [tables.said(column.kind, column.value(visit, row), zone) for column in ROWS.columns]


def _named(visit: Visit, codes: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (code, visit.words.place(code)) for code in codes if not isinstance(visit.registry.area(code, visit.now), Grid)
    ]


def _last(first: date, today: date) -> date:
    """The last day of a month that has been."""
    return min((first + timedelta(days=31)).replace(day=1) - timedelta(days=1), today)


def routes(desk: Desk) -> list[Route]:
    page = CheckinPage(desk)
    each = Taken(table=ROWS, source=page.each, most=LINES_MOST)
    return [
        Route("/checkins", page.page),
        *exports.addresses(desk, LEDGER, "/checkins", page.taken, most=DAYS_MOST * 1000, beside=(each,)),
        *exports.addresses(desk, DAYS, "/checkins", page.days, "/checkin-days"),
        *exports.addresses(desk, ROWS, "/checkins", page.each, "/checkin-rows", most=LINES_MOST),
    ]
