"""Server-sent events: what changed, as fragments in the reader's language, at most once a second (kept by `seat`).

The id of an update is `{event}-{tick}-{process}`: the newest event that the browser has, and the watch's tick. A plain
event number is understood too; then every box is sent again. Who comes back with an id gets what it missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView, Filter
from countyhub.sight.scope import Scope
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.access import MACHINES
from countyhub.web.desk import Desk, Visit
from countyhub.web.live.snapshot import Snapshot
from countyhub.web.live.watch import Position
from countyhub.web.streams.seat import OPENING, RELOAD, TICK, Seat, streamed
from gridwire.problem import Language

log = logging.getLogger(__name__)
REPLAY_MAX = 200
"""More rows than this are not sent at once: the list on the page is no longer either."""


class Look(NamedTuple):
    """What is looked at: who shares it gets the same bytes."""

    wanted: Filter
    language: Language
    rights: frozenset[str]


class Part(msgspec.Struct):
    id: int | str
    html: str


class Update(msgspec.Struct):
    """The data of one server-sent event; rows oldest first, fragments absent when unchanged."""

    rows: list[Part]
    changed: list[Part]
    boxes: list[Part]
    summary: str = ""
    attention: str = ""


class Streams:
    """Makes the updates for every browser; those at the same position that see the same share one."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._watch, self._renderer = desk, desk.watch, desk.renderer
        self._settings = desk.settings
        self._composing = asyncio.Lock()
        self._ready: dict[tuple[Position, Look], tuple[Position, bytes]] = {}
        self._read: dict[tuple[Position, Filter], tuple[list[EventView], list[EventView]]] = {}
        self._ready_tick = 0

    async def respond(self, request: Request) -> Response:
        """`GET /live?lang=&box=&type=&after=&sight=`; the header Last-Event-ID wins over `after`."""
        said = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
        try:
            position = self._watch.parse(said)
        except ValueError:
            return PlainTextResponse("Last-Event-ID\n", 400)
        return streamed(self._watch, self._desk.language(request), self._updates(request, position))

    async def _updates(self, request: Request, position: Position) -> AsyncIterator[bytes]:
        """A page whose viewer sees other places now, or may do other things, is told to come anew."""
        yield OPENING
        seat, language, keepalive_s = (
            Seat(self._desk, request),
            self._desk.language(request),
            self._settings.keepalive_s,
        )
        with self._watch.listening():
            while not self._watch.closing:
                if self._watch.tick > position.tick:
                    await seat.rest()
                    try:
                        viewer = await seat.viewer()
                        if viewer is None:
                            yield RELOAD
                            return
                        look = Look(event_filter(request, viewer.scope), language, viewer.rights)
                        position, update = await self._compose(request, position, look)
                    except UNAVAILABLE as error:
                        log.warning("console cannot read the database: %s", error)
                        return  # the browser shows it, and comes back
                    seat.said()
                    yield update
                elif not await self._watch.wait(position.tick, keepalive_s):
                    if await self._desk.has_changed(request):
                        yield RELOAD
                        return
                    yield TICK

    async def _compose(self, request: Request, position: Position, look: Look) -> tuple[Position, bytes]:
        if self._ready_tick == self._watch.tick and (position, look) in self._ready:
            return self._ready[position, look]
        async with self._composing:
            if self._ready_tick != self._watch.tick:
                self._ready, self._read, self._ready_tick = {}, {}, self._watch.tick
            if (position, look) not in self._ready:
                visit = self._desk.looking_on(request)
                wanted = replace(look.wanted, scope=visit.scope)  # an import may have come between
                look = Look(wanted, look.language, visit.viewer.rights)
                self._ready[position, look] = await self._make(visit, position, look)
            return self._ready[position, look]

    async def _make(self, visit: Visit, position: Position, look: Look) -> tuple[Position, bytes]:
        watch, tick = self._watch, self._watch.tick
        snapshot = await self._desk.seen(visit, visit.snapshot)
        if (position, look.wanted) not in self._read:
            self._read[position, look.wanted] = await self._rows(position, look.wanted, snapshot.last_id)
        fresh, changed = self._read[position, look.wanted]
        update = self._update(visit, snapshot, position, fresh, changed)
        reached = Position(snapshot.last_id, tick)  # lower than before when the hub was restored from a backup
        name = watch.position(reached.event_id, tick)
        return reached, b"id: %s\nevent: update\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(update))

    async def _rows(self, position: Position, wanted: Filter, last_id: int) -> tuple[list[EventView], list[EventView]]:
        """Those that are new after a position, and those before it that look different now."""
        async with self._desk.read() as connection:
            fresh = await arrivals.newest(connection, wanted, REPLAY_MAX, after=position.event_id, before=last_id + 1)
            ticks = self._watch.row_ticks.items()
            ids = {row for row, at in ticks if at > position.tick and row <= position.event_id}
            return fresh, await arrivals.by_id(connection, ids, wanted.scope) if ids else []

    def _update(
        self, visit: Visit, snapshot: Snapshot, position: Position, fresh: list[EventView], changed: list[EventView]
    ) -> Update:
        watch, render, language, reveals = self._watch, self._renderer, visit.language, visit.reveals
        machines = visit.viewer.may(MACHINES)
        return Update(
            rows=[Part(view.id, render.event(view, language, reveals=reveals)) for view in reversed(fresh)],
            changed=[Part(view.id, render.event(view, language, reveals=reveals)) for view in changed],
            boxes=[
                Part(box.id, render.box(box, language, machines=machines))
                for box in snapshot.boxes
                if watch.box_ticks.get(box.id, 0) > position.tick
            ],
            summary=render.summary(snapshot, language) if watch.summary_tick > position.tick else "",
            attention=render.attention(snapshot, language, machines=machines)
            if watch.trouble_tick > position.tick
            else "",
        )


def event_filter(request: Request, scope: Scope) -> Filter:
    """What the address of a list of events asks for, in somebody's places."""
    asked = request.query_params
    return Filter(box=asked.get("box", ""), type=asked.get("type", ""), scope=scope)
