"""Puts the console together: routes, static files, guard, and the watch that runs as long as the server does."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from countyhub import web
from countyhub.api.parts import ApiParts
from countyhub.api.server import PREFIX, Api
from countyhub.cases.book import Book
from countyhub.config import Config, WebSettings
from countyhub.registry.snapshot import Registry
from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.web.accounts.login import Login
from countyhub.web.accounts.looking import Looking
from countyhub.web.accounts.userpages import UserPages
from countyhub.web.audit.auditpage import AuditPage
from countyhub.web.desk import Desk
from countyhub.web.door.lobby import Lobby, lobby
from countyhub.web.door.logingate import Gate, Lost
from countyhub.web.door.requestguard import Guard
from countyhub.web.errorpage import ErrorPage
from countyhub.web.health import Health
from countyhub.web.live.scoped import ScopedSnapshots
from countyhub.web.live.snapshot import reader, zone_of
from countyhub.web.live.watch import Feed, Watch
from countyhub.web.metrics.gauges import GaugeParts, Gauges
from countyhub.web.render import STATIC, Renderer
from countyhub.web.settings import ConsoleSettings
from countyhub.web.streams.partstream import PartStreams


def pages() -> list[ModuleType]:
    """Every module in the rooms here with a `routes(desk)` of its own: a page. None is named anywhere else."""
    names = sorted(each.name for each in pkgutil.walk_packages(web.__path__, f"{web.__name__}."))
    modules = [importlib.import_module(name) for name in names]
    return [module for module in modules if callable(getattr(module, "routes", None))]


def create(
    database: Store,
    feed: Feed | None,
    settings: ConsoleSettings,
    interface: ApiParts | None = None,
    measured: GaugeParts | None = None,
    book: Book | None = None,
) -> Starlette:
    """The console of one hub, and as `interface` says the HTTP interface for programs on the same database.

    Only who is logged in sees a page. `feed` wakes it at once, without it it looks twice a second. `measured`: what the
    metrics say of the hub around it. `book`: what the registry says; without one there are no names and nobody acts.

    Raises `ZoneInfoNotFoundError` for a time zone that this machine does not know.
    """
    measured = measured or _measured(settings)
    book = book or (interface.book if interface is not None else _bare(settings))
    desk = _desk(database, feed, settings, measured.config, book)
    inside, failed = lobby(database, book, measured.config), ErrorPage(desk.renderer, settings).failed
    health = Health(desk.read, Gauges(desk.read, desk.watch, measured))
    api = Api(database, interface) if interface is not None else None
    app = Starlette(
        routes=_routes(desk, inside, health),
        middleware=_around(settings, api, inside, failed),
        exception_handlers={HTTPException: failed, **dict.fromkeys(UNAVAILABLE, failed)},
        lifespan=_running(*(part.run for part in (desk.watch, api) if part is not None)),
    )
    app.state.watch = desk.watch
    app.state.county_name = lambda language: desk.renderer.context(language).county
    return app


def _desk(database: Store, feed: Feed | None, settings: ConsoleSettings, config: Config, book: Book) -> Desk:
    """What every page works with."""
    read = reader(database)
    return Desk(
        read=read,
        store=database,
        book=book,
        watch=Watch(read, feed, settings),
        renderer=Renderer(settings, _named(book, settings.county)),
        settings=settings,
        config=config,
        scoped=ScopedSnapshots(read),
    )


def _around(settings: ConsoleSettings, api: Api | None, inside: Lobby, failed: Lost) -> list[Middleware]:
    """What a request passes on its way to a page, the outermost first. The interface has a door of its own."""
    below = [Middleware(_Below, prefix=f"{PREFIX}/", other=api)] if api is not None else []
    return [
        Middleware(Guard, settings=settings),
        Middleware(GZipMiddleware, compresslevel=5),
        *below,
        Middleware(Gate, lobby=inside, lost=failed),
    ]


def _running(
    *parts: Callable[[], Coroutine[Any, Any, None]],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """They run as long as the server does."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        running = [asyncio.create_task(run()) for run in parts]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    return lifespan


class _Below:
    """Hands everything below a path to another application, whatever stands in it: a route of Starlette's would not
    match a path with a line feed in it."""

    def __init__(self, app: ASGIApp, prefix: str, other: ASGIApp) -> None:
        self._app, self._prefix, self._other = app, prefix, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_below = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        await (self._other if is_below else self._app)(scope, receive, send)


def _measured(settings: ConsoleSettings) -> GaugeParts:
    """A console alone, without a hub around it."""
    return GaugeParts(config=Config(county=settings.county, web=WebSettings(timezone=settings.timezone)))


def _bare(settings: ConsoleSettings) -> Book:
    """A county of which nothing is registered."""
    registry = Registry.bare(zone_of(settings.timezone))
    return Book(settings.county, lambda: registry)


def _named(book: Book, county: str) -> Callable[[], str]:
    """The county's name as the registry has it now."""
    return lambda: book.registry.name(county, datetime.now(UTC))


def _routes(desk: Desk, inside: Lobby, health: Health) -> list[Route | Mount]:
    return [
        *(route for part in (Login, Looking, AuditPage, UserPages) for route in part(desk, inside).routes()),
        *(route for page in pages() for route in page.routes(desk)),
        Route("/live/{page}", PartStreams(desk).respond),
        *health.routes(),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
