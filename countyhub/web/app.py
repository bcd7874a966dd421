"""Puts the console together: routes, static files, guard, and the watch that runs as long as the server does."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import ModuleType

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
from countyhub.web.door.logingate import Gate
from countyhub.web.door.requestguard import Guard
from countyhub.web.errorpage import ErrorPage
from countyhub.web.health import Health
from countyhub.web.live.sight import Sights
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
    read = reader(database)
    book = book or (interface.book if interface is not None else _bare(settings))
    watch, renderer = Watch(read, feed, settings), Renderer(settings, _named(book, settings.county))
    measured = measured or _measured(settings)
    gauges = Gauges(read, watch, measured)
    desk = Desk(
        read=read,
        store=database,
        book=book,
        watch=watch,
        renderer=renderer,
        settings=settings,
        config=measured.config,
        sights=Sights(read),
    )
    inside = lobby(database, desk.book, measured.config)
    health, failed = Health(read, gauges), ErrorPage(renderer, settings).failed
    api = Api(database, interface) if interface is not None else None

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        running = [asyncio.create_task(each.run()) for each in (watch, api) if each is not None]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    app = Starlette(
        routes=_routes(desk, inside, health),
        middleware=[
            Middleware(Guard, settings=settings),
            Middleware(GZipMiddleware, compresslevel=5),
            *([Middleware(_Below, prefix=f"{PREFIX}/", other=api)] if api is not None else []),
            Middleware(Gate, lobby=inside, lost=failed),
        ],
        exception_handlers={HTTPException: failed, **dict.fromkeys(UNAVAILABLE, failed)},
        lifespan=lifespan,
    )
    app.state.watch = watch
    app.state.county_name = lambda language: renderer.context(language).county
    return app


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
