"""One listening port, shared by all devices that are configured for it: each has a path of its own.

The port opens with the first of them and closes with the last.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from drivers.devicehttp.server import Limits, Request, Response, Server, serve, text
from edgeagent.driver import DriverProblem

METHODS = ("POST", "PUT")


class PathTaken(DriverProblem):
    code = "webhook.path-taken"
    en = "another device already uses the path {path} on port {port}"
    zh = "端口 {port} 上的路径 {path} 已被其他设备使用"


@dataclass(frozen=True, slots=True)
class Route:
    """Who may come in, and what is done with what they bring."""

    admits: Callable[[str], bool]
    take: Callable[[Request], Awaitable[Response]]


class Door:
    """A port and its routes."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}
        self._server: Server | None = None
        self._turn = asyncio.Lock()

    @property
    def port(self) -> int:
        return self._server.port if self._server is not None else 0

    async def enter(self, host: str, port: int, path: str, route: Route) -> None:
        """Raises `ListenFailed`, `PathTaken`."""
        async with self._turn:
            if path in self._routes:
                raise PathTaken(path=path, port=port)
            if self._server is None:
                self._server = await serve(host, port, self._answer, Limits(admits=self._admits))
            self._routes[path] = route

    async def leave(self, path: str) -> None:
        self._routes.pop(path, None)
        async with self._turn:
            if not self._routes and self._server is not None:
                server, self._server = self._server, None
                await server.stop()

    def _admits(self, peer: str) -> bool:
        return any(route.admits(peer) for route in self._routes.values())

    async def _answer(self, request: Request) -> Response:
        route = self._routes.get(_path(request.path))
        if route is None:
            return text(404, "no device has this path / 没有设备使用此路径")
        if request.method not in METHODS:
            return text(405, "alarms are to be POSTed / 报警须使用 POST 方法", ("Allow", ", ".join(METHODS)))
        return await route.take(request)


_DOORS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], Door]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def standing_at(host: str, port: int, path: str, route: Route) -> AsyncIterator[int]:
    """Serve `route` while inside; gives the port, which is another one if 0 was asked for.

    Raises `ListenFailed`, `PathTaken`.
    """
    doors = _DOORS.setdefault(asyncio.get_running_loop(), {})
    door = doors.setdefault((host, port), Door()) if port else Door()
    path = _path(path)
    await door.enter(host, port, path, route)
    try:
        yield door.port
    finally:
        await door.leave(path)


def _path(path: str) -> str:
    return path.rstrip("/") or "/"
