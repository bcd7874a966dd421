"""Takes what cameras post to us (WS-BaseNotification 1.3, Notify): one listener a process, one secret path a camera.

A post is answered only after what it brought is stored. Whoever does not know a path learns nothing and costs little;
sizes, numbers and times are limited by the server below.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from drivers.devicehttp.server import Limits, Request, Response, Server, serve, text
from drivers.onvif.notifications import BodyTooLarge, Notification, parse
from drivers.safexml import BadXml

MAX_WAITING = 16
"""Posts of one camera that are not stored yet; more are refused, and a good camera sends them again."""
# Cameras behind one router come from one address.
LIMITS = Limits(max_body_bytes=1024 * 1024, max_connections=64, max_connections_of_one=48, handle_timeout_s=20.0)
_ANY = ("0.0.0.0", "::", "")


class Post(NamedTuple):
    """What one Notify brought. `stored` must be set: True once it is on disk, False when it will not be."""

    notifications: list[Notification]
    stored: asyncio.Future[bool]


class Letterbox:
    """Where one camera posts to: `address` is what it is told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.posts: asyncio.Queue[Post] = asyncio.Queue(MAX_WAITING)

    async def take(self, body: bytes) -> Response:
        try:
            notifications = parse(body)
        except (BadXml, BodyTooLarge):
            return text(400, "no XML / 不是 XML")
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            self.posts.put_nowait(Post(notifications, stored))
        except asyncio.QueueFull:
            return text(503, "too much at once / 通知过多")
        # It is stored to its end even when this answer comes too late.
        return Response(202) if await asyncio.shield(stored) else text(503, "not stored / 未入库")

    def close(self) -> None:
        """What was not stored is refused, so that the camera may send it again."""
        while not self.posts.empty():
            self.posts.get_nowait().stored.set_result(False)


class _Shared:
    """One listener, shared by cameras."""

    def __init__(self) -> None:
        self.boxes: dict[str, Letterbox] = {}
        self.server: Server | None = None
        self.users = 0
        self.changing = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        box = self.boxes.get(request.path)
        if box is None:
            return text(404, "nothing here / 这里什么都没有")
        if request.method != "POST":
            return text(405, "POST only / 只接受 POST", ("Allow", "POST"))
        return await box.take(request.body)


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Shared]] = WeakKeyDictionary()


@asynccontextmanager
async def letterbox(listen: str, camera_url: str) -> AsyncIterator[Letterbox]:
    """A letterbox for one camera at `host:port` of ours, listening as long as anybody has one there.

    With host 0.0.0.0 the camera is told the address from which we reach it. Raises `ListenFailed`.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    shared = _shared.setdefault(asyncio.get_running_loop(), {}).setdefault(listen, _Shared())
    name = await _own_address(camera_url) if host in _ANY else host
    async with shared.changing:
        if shared.server is None:
            shared.server = await serve(host, int(port), shared.answer, LIMITS)
        shared.users += 1
    path = f"/{secrets.token_urlsafe(24)}"
    name = f"[{name}]" if ":" in name else name
    box = shared.boxes[path] = Letterbox(f"http://{name}:{shared.server.port}{path}")
    try:
        yield box
    finally:
        del shared.boxes[path]
        box.close()
        async with shared.changing:
            shared.users -= 1
            if not shared.users and shared.server is not None:
                server, shared.server = shared.server, None
                await server.stop()


async def _own_address(camera_url: str) -> str:
    """Our address on the way to the camera: nothing is sent there to find it. Its own name is looked up if it has one:
    a camera can seldom look up ours.
    """
    parts = urlsplit(camera_url)
    try:
        family, kind, protocol, _, place = (
            await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
