"""The map of grids: what lies within the county, a township or a village, coloured by lights, cameras or links.

The colour of a grid by lights is `Counts.gravest` of `live.lighttally`, its shape is drawn by `web.outlines`, and
`recolour` in console.js paints it.
The shapes come once, their colours by a small message; a shape says its colour by its pattern too. Every group of
shapes is a link to the next closer map, so that the map needs no script to be used.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.overview.boxviews import BoxView
from countyhub.registry.forms import Grid
from countyhub.registry.snapshot import Registry
from countyhub.web import outlines
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.live.lighttally import Tally
from countyhub.web.outlines import Shape
from countyhub.web.places.lightsboard import Area, area_of
from countyhub.worktime.deadlines import GRAVEST

LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "lights": (*GRAVEST, "none"),
    "cameras": ("dark", "faulty", "fine", "none"),
    "links": ("lost", "offline", "unknown", "online", "none"),
}
"""What a map may show, each with its states, the gravest first. The last is what has nothing to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Shapes that lead to the same closer page."""

    code: str
    name: str
    href: str
    shapes: tuple[Shape, ...]
    label: tuple[int, int]


class Maps:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /map?area=&by=`"""
        visit = await self._desk.visit(request)
        area, by = area_of(visit, visit.said("area")), _layer(visit)
        grids = _grids(visit, area)
        day = visit.registry.day(visit.now)
        # Borders as surveyed take a second the first time: others go on being served.
        drawing = await asyncio.to_thread(outlines.drawing, visit.registry, day, grids, area.beneath)
        return await self._desk.page(
            visit,
            "map.html",
            here="map",
            live="map",
            area=area,
            layers=LAYERS,
            drawing=drawing,
            groups=_groups(visit, area, by, drawing),
            by=by,
            parts=await self._parts(visit, area, by),
        )

    async def parts(self, visit: Visit) -> Parts:
        return await self._parts(visit, area_of(visit, visit.said("area")), _layer(visit))

    async def _parts(self, visit: Visit, area: Area, by: str) -> Parts:
        seen = await self._seen(visit, by)
        key = ("map", visit.language, visit.scope, area.code, by)
        made: Parts = self._desk.kept.get(key, (seen, *visit.names), lambda: self._made(visit, area, by, seen))
        return made

    def _made(self, visit: Visit, area: Area, by: str, seen: Tally | tuple[BoxView, ...]) -> Parts:
        found = _states(visit, _grids(visit, area), by, seen)
        states = _by_state(found, by)
        counts = {state: len(states.get(state, ())) for state in LAYERS[by][:-1]}
        state = msgspec.json.encode(states).decode()
        html = self._desk.part(visit, "_mapstate.html", state=state, counts=counts, by=by, count=len(found))
        return {"map-state": html}

    async def _seen(self, visit: Visit, by: str) -> Tally | tuple[BoxView, ...]:
        """What the map is coloured by."""
        if by != "lights":
            return self._desk.boxes(visit)
        return await self._desk.watch.tallies.of(visit.scope, *visit.names, visit.snapshot.last_entry)

    async def state(self, request: Request) -> Response:
        """`GET /map/state?area=&by=`: the live parts, for a map that stays and is coloured otherwise."""
        parts = await self.parts(await self._desk.visit(request))
        return Response(msgspec.json.encode({"parts": parts}), media_type="application/json")


def _states(visit: Visit, grids: tuple[str, ...], by: str, seen: Tally | tuple[BoxView, ...]) -> dict[str, str]:
    """Grid -> its state."""
    if isinstance(seen, Tally):
        return {code: seen.places[code].gravest if code in seen.places else "none" for code in grids}
    boxes = {box.id: box for box in seen}
    return _links(visit, grids, boxes) if by == "links" else _cameras(visit, grids, boxes)


def _layer(visit: Visit) -> str:
    by = visit.said("by") or "lights"
    if by not in LAYERS:
        raise HTTPException(400, detail="by")
    return by


def _grids(visit: Visit, area: Area) -> tuple[str, ...]:
    """All grids within; of a grid itself."""
    return _grids_of(*visit.names, area.code or visit.book.county)


@lru_cache(128)
def _grids_of(registry: Registry, day: date, code: str) -> tuple[str, ...]:
    within = registry.scope(code, day).grids
    if not within and isinstance(registry.area(code, day), Grid):
        return (code,)
    return tuple(sorted(within))


def _groups(visit: Visit, area: Area, by: str, drawing: outlines.Drawing) -> tuple[Group, ...]:
    """The shapes by what they lead to: the township, the village, or the cases of the grid."""
    depth = len(area.path) or 1  # how many places stand above the groups
    shapes: dict[str, list[Shape]] = defaultdict(list)
    for shape in drawing.shapes:
        path = visit.registry.ancestors(shape.code, visit.now)[::-1]
        shapes[path[depth] if len(path) > depth else shape.code].append(shape)
    frames = {frame.code: (frame.x, frame.y) for frame in drawing.frames}
    return tuple(
        Group(
            code=code,
            name=visit.words.place(code),
            href=f"/cases?area={code}" if area.kind == "grid" else f"/map?area={code}&by={by}",
            shapes=tuple(some),
            label=frames.get(code) or (some[0].x, some[0].y),
        )
        for code, some in sorted(shapes.items())
    )


def _by_state(found: Mapping[str, str], by: str) -> dict[str, list[str]]:
    """Without those that have nothing to show: they are most, and need no word."""
    states: dict[str, list[str]] = defaultdict(list)
    for code, state in found.items():
        if state != LAYERS[by][-1]:
            states[state].append(code)
    return dict(states)


def _links(visit: Visit, grids: Iterable[str], boxes: Mapping[str, BoxView]) -> dict[str, str]:
    """Of a grid the link of its village's box; of several the worst."""
    worst: dict[str, str] = {}
    order = LAYERS["links"]
    for box in boxes.values():
        village = visit.registry.belongs(box.id, visit.now).village
        worst[village] = min(worst.get(village, order[-1]), box.link, key=order.index)
    return {code: worst.get(_village(visit, code), order[-1]) for code in grids}


def _cameras(visit: Visit, grids: Iterable[str], boxes: Mapping[str, BoxView]) -> dict[str, str]:
    """Of a grid the worst of its cameras. Those of a box that is away are dark: nobody sees what they see."""
    order = LAYERS["cameras"]
    worst: dict[str, str] = {}
    for box in boxes.values():
        for camera in box.cameras:
            grid = visit.registry.grid_of(box.id, camera.id, visit.now)
            if grid is None:
                continue
            seen = box.link == "online" and camera.is_online
            state = "dark" if not seen else "fine" if camera.is_intact else "faulty"
            worst[grid] = min(worst.get(grid, order[-1]), state, key=order.index)
    return {code: worst.get(code, order[-1]) for code in grids}


def _village(visit: Visit, grid: str) -> str:
    path = visit.registry.ancestors(grid, visit.now)
    return path[1] if len(path) > 1 else ""


def routes(desk: Desk) -> list[Route]:
    maps = Maps(desk)
    desk.live["map"] = maps.parts
    return [Route("/map", maps.page), Route("/map/state", maps.state)]
