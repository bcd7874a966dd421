"""Server-sent events: what changed, as fragments in the reader's language, at most once a second.

The id of an update is `{event}-{tick}-{process}`: the newest event that the browser has, and the watch's tick. A plain
event number is understood too; then every box is sent again. Who comes back with an id gets what it missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from countyhub import arrivals
from countyhub.arrivals import Filter
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.render import Renderer, language_of
from countyhub.web.settings import ConsoleSettings
from countyhub.web.snapshot import Read
from countyhub.web.watch import Position, Watch
from gridwire.problem import Language

log = logging.getLogger(__name__)
REPLAY_MAX = 200
"""More rows than this are not sent at once: the list on the page is no longer either."""
STREAMS_MAX = 200
RETRY_MS = 2000


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
    """Makes the updates for every browser; browsers at the same position share one."""

    def __init__(self, read: Read, watch: Watch, renderer: Renderer, settings: ConsoleSettings) -> None:
        self._read, self._watch, self._renderer, self._settings = read, watch, renderer, settings
        self._composing = asyncio.Lock()
        self._ready: dict[tuple[Position, Filter, Language], tuple[Position, bytes]] = {}
        self._ready_tick = 0

    async def respond(self, request: Request) -> Response:
        """`GET /live?lang=&box=&type=&after=`; the header Last-Event-ID wins over `after`."""
        wanted = Filter(box=request.query_params.get("box", ""), type=request.query_params.get("type", ""))
        said = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
        try:
            position = self._watch.parse(said)
        except ValueError:
            return PlainTextResponse("Last-Event-ID\n", 400)
        if self._watch.streams >= STREAMS_MAX:
            return PlainTextResponse("", 503, headers={"retry-after": "10"})
        updates = self._updates(position, wanted, language_of(request, self._settings))
        return StreamingResponse(updates, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _updates(self, position: Position, wanted: Filter, language: Language) -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MS}\nevent: tick\ndata: {{}}\n\n".encode()
        with self._watch.listening():
            while not self._watch.closing:
                if self._watch.tick > position.tick:
                    try:
                        position, update = await self._compose(position, wanted, language)
                    except UNAVAILABLE as error:
                        log.warning("console cannot read the database: %s", error)
                        return  # the browser shows it, and comes back
                    yield update
                    await asyncio.sleep(self._settings.update_interval_s)
                elif not await self._watch.wait(position.tick, self._settings.keepalive_s):
                    yield b"event: tick\ndata: {}\n\n"

    async def _compose(self, position: Position, wanted: Filter, language: Language) -> tuple[Position, bytes]:
        async with self._composing:
            if self._ready_tick != self._watch.tick:
                self._ready, self._ready_tick = {}, self._watch.tick
            key = (position, wanted, language)
            if key not in self._ready:
                self._ready[key] = await self._make(position, wanted, language)
            return self._ready[key]

    async def _make(self, position: Position, wanted: Filter, language: Language) -> tuple[Position, bytes]:
        watch, render, tick = self._watch, self._renderer, self._watch.tick
        snapshot = watch.snapshot
        assert snapshot is not None  # a tick comes with a snapshot
        async with self._read() as connection:
            fresh = await arrivals.newest(
                connection, wanted, REPLAY_MAX, after=position.event_id, before=snapshot.last_id + 1
            )
            ids = {row for row, at in watch.row_ticks.items() if at > position.tick and row <= position.event_id}
            changed = await arrivals.by_id(connection, ids) if ids else []
        update = Update(
            rows=[Part(view.id, render.event(view, language)) for view in reversed(fresh)],
            changed=[Part(view.id, render.event(view, language)) for view in changed],
            boxes=[
                Part(box.id, render.box(box, language))
                for box in snapshot.boxes
                if watch.box_ticks.get(box.id, 0) > position.tick
            ],
            summary=render.summary(snapshot, language) if watch.summary_tick > position.tick else "",
            attention=render.attention(snapshot, language) if watch.trouble_tick > position.tick else "",
        )
        reached = Position(snapshot.last_id, tick)  # lower than before when the hub was restored from a backup
        name = watch.position(reached.event_id, tick)
        return reached, b"id: %s\nevent: update\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(update))
