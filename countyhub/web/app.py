"""Puts the console together: routes, static files, guard, and the watch that runs as long as the server does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from countyhub.store.engine import UNAVAILABLE
from countyhub.web.guard import Guard
from countyhub.web.pages import Pages
from countyhub.web.render import STATIC, Renderer
from countyhub.web.settings import ConsoleSettings
from countyhub.web.snapshot import Readable, reader
from countyhub.web.stream import Streams
from countyhub.web.watch import Feed, Watch


def create(database: AsyncEngine | Readable, feed: Feed | None, settings: ConsoleSettings) -> Starlette:
    """The console of one hub. Reads from `database`; `feed` wakes it at once, without it it looks twice a second.

    Raises `ZoneInfoNotFoundError` for a time zone that this machine does not know.
    """
    read = reader(database)
    watch, renderer = Watch(read, feed, settings), Renderer(settings)
    pages = Pages(read, watch, renderer, Streams(read, watch, renderer, settings), settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(watch.run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    app = Starlette(
        routes=_routes(pages),
        middleware=[Middleware(Guard, settings=settings), Middleware(GZipMiddleware, compresslevel=5)],
        exception_handlers={HTTPException: pages.failed, **dict.fromkeys(UNAVAILABLE, pages.failed)},
        lifespan=lifespan,
    )
    app.state.watch = watch
    return app


def _routes(pages: Pages) -> list[Route | Mount]:
    return [
        Route("/", pages.console),
        Route("/live", pages.live),
        Route("/picture/{box}/{stream}/{seq:int}", pages.picture),
        Route("/api/summary", pages.api_summary),
        Route("/api/boxes", pages.api_boxes),
        Route("/api/events", pages.api_events),
        Route("/livez", pages.livez),
        Route("/readyz", pages.readyz),
        Route("/metrics", pages.metrics),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
