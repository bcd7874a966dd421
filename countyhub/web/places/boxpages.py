"""Boxes: link, backlog, clock, version, data used, missing numbers and days of the certificate; and one box whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.overview import arrivals
from countyhub.overview.boxviews import BoxView
from countyhub.registry.snapshot import Registry
from countyhub.registry.within import Belonging
from countyhub.store.identitytables import certificate
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.places import placecases
from countyhub.web.places.charts import Charts
from countyhub.web.places.lightsboard import area_of
from gridwire.problem import Language

CERTIFICATES_EVERY_S: Final = 60.0
WARN_DAYS: Final = 30
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A box in the list. `days`: until its last certificate ends; None: the hub gave it none."""

    box: BoxView
    belongs: Belonging
    days: int | None


SORTS: Final[dict[str, Callable[[Row], Any]]] = {
    "trouble": lambda row: row.box.rank,
    "place": lambda row: (row.belongs.township, row.belongs.village, row.box.id),
    "waiting": lambda row: -row.box.waiting,
    "missing": lambda row: -row.box.missing,
    "data": lambda row: -row.box.data_month_bytes,
    "version": lambda row: row.box.version,
    "seen": lambda row: row.box.last_seen or _NEVER,
    "days": lambda row: row.days if row.days is not None else 10**6,
}
"""What a list may be sorted by; each has what wants a look at its top."""


class Boxes:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._charts = desk, Charts(desk)
        self._expires: dict[str, datetime] = {}
        self._read_s = -CERTIFICATES_EVERY_S
        self._made: dict[str, tuple[Registry, date, Row]] = {}
        self._html: dict[tuple[Language, str], tuple[Row, str]] = {}

    async def page(self, request: Request) -> Response:
        """`GET /boxes?area=&link=&sort=`"""
        visit = await self._desk.visit(request)
        rows = await self.rows(visit)
        links = [box.link for box in self._desk.boxes(visit)]
        return await self._desk.page(
            visit,
            "boxes.html",
            here="boxes",
            live="boxes",
            parts=self._parts(visit, rows),
            rows=[f"row{row.box.id}" for row in rows],
            sorts=tuple(SORTS),
            sort=_sort(visit),
            area=area_of(visit, visit.said("area")),
            townships=visit.registry.children(visit.book.county, visit.now),
            links={link: links.count(link) for link in ("lost", "offline", "unknown", "online")},
        )

    async def parts(self, visit: Visit) -> Parts:
        """A part a row: only boxes that changed are sent. Days are counted anew every hour."""
        await self._read_certificates()
        asked = tuple(visit.said(name) for name in ("area", "link", "sort"))
        inputs = (self._desk.boxes(visit), self._expires, visit.now.replace(minute=0, second=0, microsecond=0))
        key, names = ("boxes", visit.language, visit.scope, asked), visit.names
        made: Parts = self._desk.kept.get(key, (*inputs, *names), lambda: self._parts(visit, self._rows(visit)))
        return made

    def _parts(self, visit: Visit, rows: list[Row]) -> Parts:
        return {f"row{row.box.id}": self._html_of(visit, row) for row in rows}

    def _html_of(self, visit: Visit, row: Row) -> str:
        """Made anew when the row is another: it says nothing of who sees it, and most boxes are as they were."""
        key = (visit.language, row.box.id)
        if key not in self._html or self._html[key][0] is not row:
            self._html[key] = row, self._desk.part(visit, "_boxrow.html", row=row, warn_days=WARN_DAYS)
        return self._html[key][1]

    async def one(self, request: Request) -> Response:
        """`GET /boxes/{box}`"""
        visit, wanted = await self._desk.visit(request), request.path_params["box"]
        await self._read_certificates()
        box = next((each for each in self._desk.boxes(visit) if each.id == wanted), None)
        if box is None:
            raise HTTPException(404)
        async with self._desk.read() as connection:
            events = await arrivals.newest(connection, arrivals.Filter(box=box.id, scope=visit.scope), 40)
            cases = await placecases.about(connection, visit, box.id)
        snapshot = await self._desk.seen(visit, visit.snapshot)
        missing = [each for each in snapshot.trouble.items if each.kind == "missing" and each.box == box.id]
        return await self._desk.page(
            visit,
            "box.html",
            here="boxes",
            row=self._row(visit, box),
            box=box,
            hours=await self._charts.hours(visit, box.id),
            events=events,
            cases=cases,
            missing=[numbers for each in missing for _, numbers in each.lanes],
            warn_days=WARN_DAYS,
        )

    async def rows(self, visit: Visit) -> list[Row]:
        """Those of the address, in its order."""
        await self._read_certificates()
        return self._rows(visit)

    def _rows(self, visit: Visit) -> list[Row]:
        area, link = area_of(visit, visit.said("area")), visit.said("link")
        chosen = [
            box
            for box in self._desk.boxes(visit)
            if (not link or box.link == link)
            and (not area.code or area.code in visit.registry.box_path(box.id, visit.now))
        ]
        return sorted((self._row(visit, box) for box in chosen), key=SORTS[_sort(visit)])

    async def _read_certificates(self) -> None:
        """Once a minute."""
        if time.monotonic() - self._read_s > CERTIFICATES_EVERY_S:
            self._read_s = time.monotonic()
            c = certificate.c
            query = select(c.box, func.max(c.expires)).where(c.revoked.is_(None)).group_by(c.box)
            async with self._desk.read() as connection:
                self._expires = {row[0]: row[1] for row in await connection.execute(query)}

    def _row(self, visit: Visit, box: BoxView) -> Row:
        expires = self._expires.get(box.id)
        days = (expires - visit.now).days if expires else None
        registry, day = visit.registry, visit.registry.day(visit.now)
        known = self._made.get(box.id)
        if known is not None and known[:2] == (registry, day) and known[2].box is box and known[2].days == days:
            return known[2]
        row = Row(box=box, belongs=registry.belongs(box.id, day), days=days)
        self._made[box.id] = registry, day, row
        return row


def _sort(visit: Visit) -> str:
    said = visit.said("sort") or "trouble"
    if said not in SORTS:
        raise HTTPException(400, detail="sort")
    return said


def routes(desk: Desk) -> list[Route]:
    boxes = Boxes(desk)
    desk.live["boxes"] = boxes.parts
    return [Route("/boxes", boxes.page), Route("/boxes/{box}", boxes.one)]
