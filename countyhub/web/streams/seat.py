"""What both kinds of live streams have in common: how many there may be, how one begins, who watches, at which pace.

A session that is over is ended by `door.logingate`, with every answer under way; here only who sees other things.

Promise: a browser that finds no place is told so and comes again by itself; whoever sees or may do something else than
when his page was made is told to come anew; nobody gets more than one update in `update_interval_s`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from countyhub.web.desk import Desk
from countyhub.web.door.viewer import Viewer, viewer_of
from countyhub.web.live.watch import Watch
from countyhub.web.texts.table import text
from gridwire.problem import Language

STREAMS_MAX: Final = 2000
"""Of all live pages together: each holds a socket, of which the service may have 65,536."""
FULL_RETRY_S: Final = 10
RETRY_MS: Final = 2000
TICK: Final = b"event: tick\ndata: {}\n\n"
OPENING: Final = f"retry: {RETRY_MS}\n".encode() + TICK
RELOAD: Final = b"event: reload\ndata: {}\n\n"
"""To a live page: what its viewer sees or may do is another now, come anew."""


def streamed(watch: Watch, language: Language, updates: AsyncIterator[bytes]) -> Response:
    """The answer to who wants to watch; where there is no place it says so, for the page to show."""
    if watch.streams >= STREAMS_MAX:
        headers = {"retry-after": str(FULL_RETRY_S), "content-language": language}
        return PlainTextResponse(text("live.full", language), 503, headers=headers)
    return StreamingResponse(updates, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


class Seat:
    """One who watches. Most of the time nothing about him changes: that takes one comparison a tick."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self._desk, self._request = desk, request
        self._interval_s = desk.settings.update_interval_s
        self._said_s = -self._interval_s
        self._viewer: Viewer | None = None

    async def viewer(self) -> Viewer | None:
        """As the registry has him now; None: his page must come anew. Raises one of `UNAVAILABLE`."""
        await self._desk.freshen()
        found = viewer_of(self._request)
        if found is not self._viewer:
            if self._desk.is_other(self._request, found):
                return None
            self._viewer = found
        return found

    def said(self) -> None:
        """An update goes out now."""
        self._said_s = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Since the last update."""
        return time.monotonic() - self._said_s

    async def rest(self) -> None:
        """Until the next update may go out."""
        rest_s = self._said_s + self._interval_s - time.monotonic()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
