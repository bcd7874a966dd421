"""Server-sent events for every page but the events': its live parts, whole, when they have changed.

What is sent is a state and no difference: who comes back after a sleep, or to another process, gets the parts as they
are now and has missed nothing. At most one update a second (kept by `seat`); browsers that look at the same share all
the work, down to the bytes that are sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from countyhub.sight.scope import Scope
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.desk import Desk, Parts, digest, digest_of, own_of
from countyhub.web.streams.seat import OPENING, RELOAD, TICK, Seat, streamed
from gridwire.problem import Language

log = logging.getLogger(__name__)
_NOT_OF_THE_PAGE = frozenset({"lang", "after", "seen", "sight"})


class Look(NamedTuple):
    """What is looked at: who shares it gets the same bytes. Who looks is no part of it but for `own`, the session that
    was shown something for a reason: all else is the same for all who see the same, and may do the same."""

    page: str
    query: tuple[tuple[str, str], ...]
    language: Language
    scope: Scope
    rights: frozenset[str]
    own: int


@dataclass(frozen=True, slots=True)
class Made:
    """The parts, the digest of each, and that of all. `messages`: digest of what a browser has -> what it is sent."""

    parts: Parts
    digests: dict[str, bytes]
    digest: str
    messages: dict[str, bytes] = field(default_factory=dict)

    def message(self, known: Made | None) -> bytes:
        """The parts that differ from `known`."""
        name = known.digest if known is not None else ""
        if name not in self.messages:
            old = known.digests if known is not None else {}
            changed = {name: html for name, html in self.parts.items() if old.get(name) != self.digests[name]}
            data = msgspec.json.encode({"parts": changed})
            self.messages[name] = b"id: %s\nevent: update\ndata: %s\n\n" % (self.digest.encode(), data)
        return self.messages[name]


class PartStreams:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._watch = desk, desk.watch
        self._making = asyncio.Lock()
        self._made: dict[Look, Made] = {}
        self._before: dict[Look, Made] = {}
        self._made_tick = -1

    async def respond(self, request: Request) -> Response:
        """`GET /live/{page}?…&seen=`: the parameters are those of the page. What the browser says that it has, by
        Last-Event-ID, by `after` or by `seen`, is not sent again."""
        page = request.path_params["page"]
        if page not in self._desk.live:
            raise HTTPException(404)
        given = request.query_params
        seen = request.headers.get("last-event-id") or given.get("after") or given.get("seen", "")
        return streamed(self._watch, self._desk.language(request), self._updates(request, page, seen))

    async def _updates(self, request: Request, page: str, seen: str) -> AsyncIterator[bytes]:
        """`seen`: the digest of what the page shows; who shows the same is told only what changes from now on. A page
        whose viewer sees other places or may do other things now is told to come anew."""
        yield OPENING
        seat, query, language = Seat(self._desk, request), _of_the_page(request), self._desk.language(request)
        keepalive_s, known, tick = self._desk.settings.keepalive_s, None, -1
        with self._watch.listening():
            while not self._watch.closing:
                if self._watch.tick > tick:
                    await seat.rest()
                    tick = self._watch.tick
                    try:
                        viewer = await seat.viewer()
                        if viewer is None:
                            yield RELOAD
                            return
                        look = Look(page, query, language, viewer.scope, viewer.rights, own_of(request, viewer))
                        made = await self._compose(request, look)
                    except (*UNAVAILABLE, HTTPException) as error:
                        log.warning("%s cannot be shown live: %s", page, error)
                        return  # the browser shows it, and comes back
                    if known is None or made.digest != known.digest:
                        seat.said()
                        yield made.message(made if known is None and made.digest == seen else known)
                    elif seat.silent_s > keepalive_s:
                        seat.said()
                        yield TICK
                    known = made
                elif not await self._watch.wait(tick, keepalive_s):
                    if await self._desk.has_changed(request):
                        yield RELOAD
                        return
                    yield TICK

    async def _compose(self, request: Request, look: Look) -> Made:
        if self._made_tick == self._watch.tick and look in self._made:
            return self._made[look]
        async with self._making:
            if self._made_tick != self._watch.tick:
                self._made, self._before, self._made_tick = {}, self._made, self._watch.tick
            if look not in self._made:
                visit = self._desk.looking_on(request)
                # An import may have come between.
                look = look._replace(scope=visit.scope, rights=visit.viewer.rights, own=visit.own)
                parts = await self._desk.parts(look.page, visit)
                self._made[look] = _made_of(parts, self._before.get(look))
            return self._made[look]


def _of_the_page(request: Request) -> tuple[tuple[str, str], ...]:
    query = request.query_params.multi_items()
    return tuple(sorted((key, value) for key, value in query if key not in _NOT_OF_THE_PAGE))


def _made_of(parts: Parts, before: Made | None) -> Made:
    """What is as it was `before` is not reckoned again."""
    if before is None:
        digests = {name: digest(html) for name, html in parts.items()}
    elif before.parts == parts:
        return before
    else:
        old = before.parts
        digests = {
            name: before.digests[name] if old.get(name) == html else digest(html) for name, html in parts.items()
        }
    return Made(parts, digests, digest_of(digests))
