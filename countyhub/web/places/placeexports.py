"""What the pages of places and machines give to take away: their own rows, all of them and not the page's first."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from starlette.routing import Route

from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView
from countyhub.store.mattertables import suppressed
from countyhub.store.tables import dead_letter
from countyhub.web.arrivals import counterpages
from countyhub.web.desk import Desk, Visit
from countyhub.web.export.exports import addresses as export
from countyhub.web.live.lighttally import OPEN_STAGES, Counts
from countyhub.web.places import boxpages, cameras, lightsboard, placetables
from countyhub.web.places.lightsboard import area_of
from countyhub.web.places.placetables import Camera, Day
from countyhub.web.streams.eventstream import event_filter

PIECE: Final = 500
"""Events are read so many at a time: their decoding must not hold up the console."""


class PlaceExports:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._board, self._boxes = lightsboard.Board(desk), boxpages.Boxes(desk)

    async def lights(self, visit: Visit, most: int) -> Sequence[lightsboard.Row]:
        return (await self._board.rows(visit))[:most]

    async def stages(self, visit: Visit, most: int) -> Sequence[tuple[str, Counts]]:
        area, day = area_of(visit, visit.said("area")), visit.registry.day(visit.now)
        found = await self._desk.watch.tallies.of(visit.scope, visit.registry, day, visit.snapshot.last_entry)
        counts = found.at(area.code) if area.code else found.whole
        return [(stage, counts) for stage in OPEN_STAGES][:most]

    async def rates(self, visit: Visit, most: int) -> Sequence[cameras.Rate]:
        return cameras.rates(visit, area_of(visit, visit.said("area")), self._desk.boxes(visit))[:most]

    async def cameras(self, visit: Visit, most: int) -> Sequence[Camera]:
        """Every camera in sight, not the dark ones alone."""
        area = area_of(visit, visit.said("area"))
        return list(self._cameras(visit, area))[:most]

    def _cameras(self, visit: Visit, area: lightsboard.Area) -> Iterator[Camera]:
        registry, now = visit.registry, visit.now
        for box in sorted(self._desk.boxes(visit), key=lambda box: box.id):
            if area.code and area.code not in registry.box_path(box.id, now):
                continue
            belongs = registry.belongs(box.id, now)
            for camera in box.cameras:
                yield Camera(box, camera, belongs, registry.grid_of(box.id, camera.id, now) or "")

    async def boxes(self, visit: Visit, most: int) -> Sequence[boxpages.Row]:
        return (await self._boxes.rows(visit))[:most]

    async def days(self, visit: Visit, most: int) -> Sequence[Day]:
        days, _ = await self._suppressed(visit)
        today = visit.registry.day(visit.now)
        listed = (today - timedelta(days=ago) for ago in range(counterpages.DAYS))
        return [Day(day, days.get(day, Counter())) for day in listed][:most]

    async def windows(self, visit: Visit, most: int) -> Sequence[tuple[str, int, str]]:
        """UID, count and name of each."""
        _, windows = await self._suppressed(visit)
        names = await asyncio.to_thread(counterpages.names, self._desk.config, visit.book.zone)
        return [(uid, count, names.get(uid, "")) for uid, count in windows.most_common(most)]

    async def _suppressed(self, visit: Visit) -> tuple[dict[date, Counter[str]], Counter[str]]:
        c, today = suppressed.c, visit.registry.day(visit.now)
        query = select(c.day, c.reason, c.count).where(c.day > today - timedelta(days=counterpages.DAYS))
        async with self._desk.read() as connection:
            return counterpages.by_day((await connection.execute(query)).all())

    async def letters(self, visit: Visit, most: int) -> Sequence[Any]:
        """Those that wait, the newest first, without what stands in them."""
        c = dead_letter.c
        columns = (c.box, c.topic, c.size, c.code, c.text_zh, c.text_en, c.received, c.last_received, c.count)
        async with self._desk.read() as connection:
            query = select(*columns).where(c.stored.is_(None)).order_by(c.id.desc()).limit(most)
            return (await connection.execute(query)).all()

    async def events(self, visit: Visit, most: int) -> Sequence[EventView]:
        wanted, before = event_filter(visit.request, visit.scope), visit.snapshot.last_id + 1
        found: list[EventView] = []
        while len(found) < most:
            async with self._desk.read() as connection:
                piece = await arrivals.newest(connection, wanted, min(PIECE, most - len(found)), before=before)
            found += piece
            if len(piece) < PIECE:
                break
            before = piece[-1].id
        return found


def routes(desk: Desk) -> list[Route]:
    taken = PlaceExports(desk)
    return [
        *export(desk, placetables.LIGHTS, "/", taken.lights, "/lights"),
        *export(desk, placetables.STAGES, "/", taken.stages, "/stages"),
        *export(desk, placetables.RATES, "/cameras", taken.rates, "/camera-rates"),
        *export(desk, placetables.CAMERAS, "/cameras", taken.cameras),
        *export(desk, placetables.BOXES, "/boxes", taken.boxes),
        *export(desk, placetables.SUPPRESSED, "/suppressed", taken.days),
        *export(desk, placetables.WINDOWS, "/suppressed", taken.windows, "/suppressed-windows"),
        *export(desk, placetables.LETTERS, "/letters", taken.letters),
        *export(desk, placetables.EVENTS, "/events", taken.events),
    ]
