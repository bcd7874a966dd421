"""Cameras: how many answer, township by township and the worst first; which are dark and since when; one camera's past.

Counted is what boxes report; what the registry names and no box has ever reported stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.overview import arrivals
from countyhub.overview.boxviews import BoxView, DeviceView
from countyhub.registry.forms import Camera
from countyhub.registry.snapshot import Registry
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.places import placecases
from countyhub.web.places.charts import Charts
from countyhub.web.places.lightsboard import Area, area_of

DARK_MAX: Final = 100
EVENTS_READ: Final = 400
"""The newest events of a box, in which those of one of its cameras are looked for."""
_TODO: Final[dict[str, tuple[str, ...]]] = {
    "wrong-password": ("password", "try"),
    "locked": ("locked", "password", "try"),
    "refused": ("address", "power", "try"),
}
"""What to look at, by the reason that a driver gives; see `areatexts`."""


@dataclass(slots=True)
class Rate:
    """Of one place. `silent`: cameras of boxes that are away; `registered`: what there should be."""

    code: str
    name: str
    total: int = 0
    online: int = 0
    intact: int = 0
    silent: int = 0
    registered: int = 0

    @property
    def share(self) -> float:
        return self.online / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """A camera that does not answer, or whose picture is bad. `state`: away where its box is."""

    box: BoxView
    camera: DeviceView
    state: str
    since: datetime | None


class Cameras:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._charts = desk, Charts(desk)

    async def page(self, request: Request) -> Response:
        """`GET /cameras?area=`"""
        visit = await self._desk.visit(request)
        area = area_of(visit, visit.said("area"))
        parts = self._parts(visit, area)
        online = await self._charts.online(visit, area)
        return await self._desk.page(
            visit, "cameras.html", here="cameras", live="cameras", parts=parts, area=area, online=online
        )

    async def parts(self, visit: Visit) -> Parts:
        area, boxes = area_of(visit, visit.said("area")), self._desk.boxes(visit)
        key = ("cameras", visit.language, visit.scope, area.code)
        made: Parts = self._desk.kept.get(key, (boxes, *visit.names), lambda: self._parts(visit, area))
        return made

    def _parts(self, visit: Visit, area: Area) -> Parts:
        return {"cameras": self._desk.part(visit, "_cameras.html", area=area, **self._values(visit, area))}

    def _values(self, visit: Visit, area: Area) -> dict[str, Any]:
        boxes = [box for box in self._desk.boxes(visit) if _within(visit, area, box)]
        dark = sorted(_dark(boxes), key=_order)
        listed = rates(visit, area, boxes)
        whole = Rate("", area.name)
        for each in listed:
            for name in ("total", "online", "intact", "silent", "registered"):
                setattr(whole, name, getattr(whole, name) + getattr(each, name))
        return {"rates": listed, "whole": whole, "dark": dark[:DARK_MAX], "more": max(len(dark) - DARK_MAX, 0)}

    async def one(self, request: Request) -> Response:
        """`GET /cameras/{box}/{device}`: how it is, its last picture, what it reported."""
        visit, path = await self._desk.visit(request), request.path_params
        box = next((each for each in self._desk.boxes(visit) if each.id == path["box"]), None)
        camera = next((each for each in box.devices if each.id == path["device"]), None) if box else None
        if box is None or camera is None:
            raise HTTPException(404)
        async with self._desk.read() as connection:
            wanted = arrivals.Filter(box=box.id, scope=visit.scope)
            newest = await arrivals.newest(connection, wanted, EVENTS_READ)
            cases = await placecases.about(connection, visit, box.id, camera.id)
        events = [view for view in newest if view.device == camera.id]
        pictures = [picture for view in events for picture in view.pictures if picture.stored]
        return await self._desk.page(
            visit,
            "camera.html",
            here="cameras",
            box=box,
            camera=camera,
            belongs=visit.registry.belongs(box.id, visit.now),
            grid=visit.registry.grid_of(box.id, camera.id, visit.now) or "",
            events=events[:60],
            cases=cases,
            todo=_todo(box, camera),
            picture=pictures[0] if pictures else None,
        )


def _within(visit: Visit, area: Area, box: BoxView) -> bool:
    return not area.code or area.code in visit.registry.box_path(box.id, visit.now)


def rates(visit: Visit, area: Area, boxes: Iterable[BoxView]) -> list[Rate]:
    """One for each place beneath, the worst first; boxes that the registry does not know stand together."""
    registered = _registered(visit.registry, visit.registry.day(visit.now))
    found: dict[str, Rate] = {}
    depth = max(len(area.path), 1)
    for box in boxes:
        if not _within(visit, area, box):
            continue
        path = visit.registry.box_path(box.id, visit.now)[::-1]
        code = path[depth] if len(path) > depth else path[-1] if path else ""
        name = visit.words.place(code) if code else visit.t("cameras.unregistered")
        rate = found.setdefault(code, Rate(code, name))
        rate.total += len(box.cameras)
        rate.online += box.cameras_online
        rate.intact += box.cameras_intact
        rate.silent += 0 if box.link == "online" else len(box.cameras)
        rate.registered += registered[box.id]
    return sorted(found.values(), key=lambda rate: (rate.share, -rate.total, rate.code))


@lru_cache(4)
def _registered(registry: Registry, day: date) -> Counter[str]:
    """Box -> how many cameras it should have."""
    return Counter(row.box for row in registry.in_force(Camera, day))


def _dark(boxes: list[BoxView]) -> Iterator[Dark]:
    for box in boxes:
        if box.link != "online":
            continue  # its cameras are told as one thing: the box is away
        for camera in box.cameras_bad:
            yield Dark(box=box, camera=camera, state="faulty" if camera.is_online else "dark", since=camera.since)


def _todo(box: BoxView, camera: DeviceView) -> tuple[str, ...]:
    """What to look at, the likeliest first; nothing while it is well."""
    if box.link != "online":
        return ("box",)
    if camera.is_online:
        return ("picture",) if camera.faults else ()
    return _TODO.get(camera.reason.removeprefix("device-"), ("power", "network", "address", "try"))


def _order(dark: Dark) -> tuple[object, ...]:
    """What is longest dark first, bad pictures after them."""
    since = dark.since.timestamp() if dark.since else 0.0
    return dark.state != "dark", since, dark.box.id, dark.camera.id


def routes(desk: Desk) -> list[Route]:
    cameras = Cameras(desk)
    desk.live["cameras"] = cameras.parts
    return [Route("/cameras", cameras.page), Route("/cameras/{box}/{device}", cameras.one)]
