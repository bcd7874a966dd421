"""For tests of the HTTP interface: a hub's store with a small county's registry, served for real, and a client."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import http.client
import json
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from countyhub.api import tokens
from countyhub.api.parts import ApiParts
from countyhub.api.scopes import PERSONAL, SCOPES
from countyhub.cases.book import Book
from countyhub.config import ApiSettings, Config, FeedsSettings
from countyhub.registry import plan
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import Store
from countyhub.web.app import create
from countyhub.web.serve import serve
from countyhub.web.settings import ConsoleSettings
from simulators.county.build import COUNTY
from tests.browser.county import County, county
from tests.registries import ZONE, planned, small

T = TypeVar("T")
ALL = tuple(SCOPES)
MACHINE = tuple(scope for scope in SCOPES if scope not in PERSONAL)
MANY = 100_000


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; raises for what is no problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        return self.json["code"]


class Caller:
    """A client with one token."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url, self.token = url, token

    async def __call__(self, method: str, path: str, body: Any = None, *, query: Any = None, **headers: str) -> Said:
        """`body`: JSON, or bytes as they are. Header names with `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None
        if self.token:
            given.setdefault("authorization", f"Bearer {self.token}")
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            given.setdefault("content-type", "application/json")
        target = f"/api/1{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        return await asyncio.to_thread(_request, urlsplit(self.url).netloc, method, target, data, given)

    async def get(self, path: str, **query: Any) -> Any:
        """What is there; raises for anything but 200."""
        said = await self("GET", path, query=query)
        assert said.status == 200, said
        return said.json if said.headers["content-type"].endswith("json") else said.body


def _request(netloc: str, method: str, target: str, data: bytes | None, headers: dict[str, str]) -> Said:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    try:
        connection.request(method, target, data, headers)
        answer = connection.getresponse()
        return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


class Desk:
    """A served interface. `place` writes boxes and events into its database."""

    def __init__(self, url: str, place: County, served: contextlib.AsyncExitStack) -> None:
        self.url, self.place, self.store = url, place, place.store
        self._served = served
        self._made = 0

    async def close(self) -> None:
        """Serves no more; the database stays open."""
        await self._served.aclose()

    async def token(self, scopes: Iterable[str] = MACHINE, **wanted: Any) -> str:
        """A new token's text. `wanted` as `tokens.wish` takes it; `days` from now on, negative for one that is over."""
        self._made += 1
        now = datetime.now(UTC)
        expires = now + timedelta(days=wanted.pop("days")) if "days" in wanted else None
        wish = tokens.wish(f"t{self._made}", scopes, expires=expires, **wanted)
        async with self.store.write() as connection:
            return (await tokens.add(connection, wish, by="test", now=now))[1]

    async def caller(self, scopes: Iterable[str] = MACHINE, **wanted: Any) -> Caller:
        return Caller(self.url, await self.token(scopes, **wanted))


async def import_registry(store: Store, folder: Path, rows: Any = None) -> None:
    """The small county, or these rows of it."""
    found = planned(small(folder, rows))
    assert not found.mistakes, found.mistakes
    await plan.apply(store, found, by="test", now=datetime.now(UTC), zone=ZONE)


@contextlib.asynccontextmanager
async def served(store: Store, **parts: Any) -> AsyncIterator[str]:
    """The interface beside its console, over real HTTP; gives its address."""
    settings = {"requests_per_minute": MANY, "failures_per_minute": MANY} | parts
    feeds = FeedsSettings(allow_private=("127.0.0.0/8", "::1/128"))
    config = Config(county=COUNTY, api=ApiSettings(**settings), feeds=feeds)
    book = Book.configured(config, LiveRegistry(store, ZONE))
    app = create(store, None, ConsoleSettings(county=COUNTY), ApiParts(config=config, book=book))
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, "127.0.0.1", 0, bound.set_result))
    try:
        await asyncio.wait({bound, serving}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        yield f"http://127.0.0.1:{bound.result()}"
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@contextlib.asynccontextmanager
async def desk(folder: Path, rows: Any = None, **parts: Any) -> AsyncIterator[Desk]:
    """All of it, on the database of the test."""
    async with county(folder) as place:
        await import_registry(place.store, folder / "registry", rows)
        async with contextlib.AsyncExitStack() as stack:
            url = await stack.enter_async_context(served(place.store, **parts))
            yield Desk(url, place, stack)


class Aside:
    """A desk in a thread with a loop of its own, for tests that are not asynchronous themselves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ready: concurrent.futures.Future[Desk] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._main()])

    async def _main(self) -> None:
        try:
            async with desk(self._folder) as found:
                self._ready.set_result(found)
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    def __enter__(self) -> Aside:
        self._thread.start()
        self.desk = self._ready.result(60)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something asynchronous, done in the desk's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
