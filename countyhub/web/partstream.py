"""Server-sent events for every page but the events': its live parts, whole, when they have changed.

What is sent is a state and no difference: who comes back after a sleep, or to another process, gets the parts as they
are now and has missed nothing. At most one update a second; browsers that look at the same share the work.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from countyhub.cases.scope import Scope
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.desk import Desk, Parts, Visit, digest_of
from gridwire.problem import Language

log = logging.getLogger(__name__)
STREAMS_MAX = 200
RETRY_MS = 2000
_NOT_OF_THE_PAGE = frozenset({"lang", "after", "seen"})


class Look(NamedTuple):
    """What is looked at: who shares it gets the same bytes."""

    page: str
    query: tuple[tuple[str, str], ...]
    language: Language
    scope: Scope
    user: str


class Made(NamedTuple):
    """The parts, the digest of each, and that of all."""

    parts: Parts
    digests: dict[str, bytes]
    digest: str


class PartStreams:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._watch = desk, desk.watch
        self._making = asyncio.Lock()
        self._made: dict[Look, Made] = {}
        self._made_tick = -1

    async def respond(self, request: Request) -> Response:
        """`GET /live/{page}?…&seen=`: the parameters are those of the page."""
        page = request.path_params["page"]
        if page not in self._desk.live:
            raise HTTPException(404)
        if self._watch.streams >= STREAMS_MAX:
            return PlainTextResponse("", 503, headers={"retry-after": "10"})
        updates = self._updates(request, page, request.query_params.get("seen", ""))
        return StreamingResponse(updates, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _updates(self, request: Request, page: str, seen: str) -> AsyncIterator[bytes]:
        """`seen`: the digest of what the page shows; who shows the same is told only what changes from now on."""
        yield f"retry: {RETRY_MS}\nevent: tick\ndata: {{}}\n\n".encode()
        known: dict[str, bytes] | None = None
        tick = -1
        with self._watch.listening():
            while not self._watch.closing:
                if self._watch.tick > tick:
                    tick = self._watch.tick
                    try:
                        made = await self._compose(request, page)
                    except (*UNAVAILABLE, HTTPException) as error:
                        log.warning("%s cannot be shown live: %s", page, error)
                        return  # the browser shows it, and comes back
                    if known is None and made.digest == seen:
                        known = made.digests
                    old = known or {}
                    known = made.digests
                    changed = {name: html for name, html in made.parts.items() if old.get(name) != known[name]}
                    yield _message(made.digest, changed)
                    await asyncio.sleep(self._desk.settings.update_interval_s)
                elif not await self._watch.wait(tick, self._desk.settings.keepalive_s):
                    yield b"event: tick\ndata: {}\n\n"

    async def _compose(self, request: Request, page: str) -> Made:
        async with self._making:
            if self._made_tick != self._watch.tick:
                self._made, self._made_tick = {}, self._watch.tick
            visit = await self._desk.visit(request)
            look = _look(visit, page)
            if look not in self._made:
                parts = await self._desk.parts(page, visit)
                self._made[look] = _made_of(parts)
            return self._made[look]


def _made_of(parts: Parts) -> Made:
    return Made(parts, {name: _digest(html) for name, html in parts.items()}, digest_of(parts))


def _digest(html: str) -> bytes:
    return hashlib.blake2b(html.encode(), digest_size=12).digest()


def _look(visit: Visit, page: str) -> Look:
    query = visit.request.query_params.multi_items()
    kept = tuple(sorted((key, value) for key, value in query if key not in _NOT_OF_THE_PAGE))
    return Look(page, kept, visit.language, visit.scope, visit.viewer.user)


def _message(digest: str, parts: Parts) -> bytes:
    data = msgspec.json.encode({"parts": parts})
    return b"id: %s\nevent: update\ndata: %s\n\n" % (digest.encode(), data)
