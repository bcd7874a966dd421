"""The home page: how many cases show which light, at which stage, in which place; each number leads to its cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.registry.forms import Grid
from countyhub.web.cases.limits import limits
from countyhub.web.cases.mine import SHOWN, mine, offices
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.live.lighttally import OPEN_STAGES, Counts, Tally
from countyhub.worktime.deadlines import GRAVEST

_BENEATH = {"": "township", "county": "township", "township": "village", "village": "grid", "grid": "grid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A place in the table; `deeper`: there is something beneath it to look at. Without `code`: places not known."""

    code: str
    name: str
    counts: Counts
    deeper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What a page of an area shows: itself, the way to it from the county down, what lies beneath."""

    code: str
    name: str
    kind: str
    path: tuple[tuple[str, str], ...]
    beneath: tuple[str, ...]


class Board:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /?area=`: the county, or what lies within a township or village."""
        visit = await self._desk.visit(request)
        area = area_of(visit, visit.said("area"))
        values = await self._values(visit, area)
        parts = {**self._parts(visit, values), **await self._mine(visit)}
        return await self._desk.page(visit, "board.html", here="lights", live="board", parts=parts, **values)

    async def parts(self, visit: Visit) -> Parts:
        area, found = area_of(visit, visit.said("area")), await self._tally(visit)
        key = ("board", visit.language, visit.scope, area.code)
        made: Parts = self._desk.kept.get(
            key, (found, *visit.names), lambda: self._parts(visit, _values(visit, area, found))
        )
        return {**made, **await self._mine(visit)}

    async def _mine(self, visit: Visit) -> Parts:
        """What is to be handled comes before what is to be known."""
        found, handles = await mine(self._desk, visit, SHOWN), bool(offices(visit))
        rows = [(each.listed, limits(each.case, visit.now)) for each in found]
        make = partial(self._desk.part, visit, "_mine.html", mine=rows, handles=handles)
        made: str = self._desk.kept.get(
            ("mine part", visit.language, visit.scope), (found, handles, *visit.names), make
        )
        return {"mine": made}

    def _parts(self, visit: Visit, values: dict[str, Any]) -> Parts:
        return {"board": self._desk.part(visit, "_board.html", **values)}

    async def rows(self, visit: Visit) -> list[Row]:
        """The places of the address, the worst first."""
        values = await self._values(visit, area_of(visit, visit.said("area")))
        found: list[Row] = values["rows"]
        return found

    async def _values(self, visit: Visit, area: Area) -> dict[str, Any]:
        return _values(visit, area, await self._tally(visit))

    async def _tally(self, visit: Visit) -> Tally:
        return await self._desk.watch.tallies.of(visit.scope, *visit.names, visit.snapshot.last_entry)


def _values(visit: Visit, area: Area, found: Tally) -> dict[str, Any]:
    return {
        "area": area.code,
        "place": area.name,
        "path": area.path,
        "kind": area.kind,
        "counts": found.at(area.code) if area.code else found.whole,
        "rows": sorted(_rows(visit, area, found), key=_worst),
        "lights": GRAVEST,
        "stages": OPEN_STAGES,
    }


def area_of(visit: Visit, code: str) -> Area:
    """Of a code in an address; raises 404 for what the registry does not know today. Empty: the county."""
    registry, now = visit.registry, visit.now
    county = visit.book.county
    name = visit.request.app.state.county_name(visit.language)
    path = tuple(reversed(registry.ancestors(code, now))) if code else ()
    if code and not path:
        raise HTTPException(404)
    if len(path) < 2:
        kind = "township"
        return Area(code="", name=name, kind=kind, path=(), beneath=registry.children(county, now))
    row = registry.area(path[-1], now)
    level = "grid" if isinstance(row, Grid) or row is None else row.level
    named = ((county, name), *((each, visit.words.place(each)) for each in path[1:]))
    beneath = registry.children(path[-1], now) if level != "grid" else ()
    return Area(code=path[-1], name=visit.words.place(path[-1]), kind=_BENEATH[level], path=named, beneath=beneath)


def _rows(visit: Visit, area: Area, found: Tally) -> Iterator[Row]:
    whole = found.at(area.code) if area.code else found.whole
    rest = Counts(whole.of.copy())
    for code in area.beneath:
        counts = found.at(code)
        rest.of.subtract(counts.of)
        if not visit.scope.whole and not counts.all:
            continue  # what is not in sight is not listed
        yield Row(code=code, name=visit.words.place(code), counts=counts, deeper=area.kind != "grid")
    left = Counts(+rest.of)
    if left.all and area.beneath:
        yield Row(code="", name=visit.t("board.elsewhere"), counts=left, deeper=False)


def _worst(row: Row) -> tuple[object, ...]:
    """What is not known comes last."""
    return (not row.code, *(-row.counts.light(light) for light in GRAVEST), row.code)


def routes(desk: Desk) -> list[Route]:
    board = Board(desk)
    desk.live["board"] = board.parts
    return [Route("/", board.page)]
