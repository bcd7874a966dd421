"""A small HTTP/1.1 server for simulated devices: keep-alive, Content-Length bodies, one request at a time.

It knows at once when a client hangs up during a long poll, can freeze (accept, never answer) and can vanish
(port refused) while keeping its port number.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is as sent, `path` is without the query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    peer: str = ""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Response:
    """Not `sized`: it tells no length, and the connection stays open.

    `on_unsent` is called when the client had gone before the answer could be written.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    sized: bool = True
    on_unsent: Callable[[], None] = field(default=_nothing)

    def encode(self) -> bytes:
        head = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", f"Content-Type: {self.content_type}"]
        head += [f"Content-Length: {len(self.body)}"] if self.sized else []
        head += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


class Hangup(Exception):
    """Raised by a handler: close the connection without an answer."""


class BadRequest(Exception):
    """The bytes are no HTTP request that this server understands."""


Handler = Callable[[Request], Awaitable[Response]]


class HttpServer:
    """Serves `handler` on 127.0.0.1. `port` is known after `start` and lasts until `stop`."""

    def __init__(self, handler: Handler, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port
        self.handler = handler
        self.connections: set[Connection] = set()
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None

    async def start(self) -> None:
        """Bind and listen. Raises OSError when the port is taken."""
        self._reserve()
        await self.appear()

    async def stop(self) -> None:
        self.vanish()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        self.thawed.set()
        await asyncio.sleep(0)

    def vanish(self) -> None:
        """Reset every connection and refuse new ones; the port stays ours (bound, not listening)."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._reserve()
        for connection in list(self.connections):
            connection.abort()

    async def appear(self) -> None:
        """Listen (again) on the port."""
        sock, self._reserved = self._reserved, None
        assert sock is not None, "appear() before start() or twice"
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self), sock=sock, backlog=128)

    def _reserve(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.host, self.port))
        except OSError:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        self._reserved = sock


class Connection(asyncio.Protocol):
    """One client; requests on it are answered in order, the next only after the one before."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = str(transport.get_extra_info("peername", ("",))[0])
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._begin_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        """Reset: the client sees ECONNRESET, not an orderly end."""
        linger_none = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        self._transport.abort()

    def _begin_next(self) -> None:
        if self._task is not None or self._transport.is_closing():
            return
        try:
            request = take_request(self._buffer, self._peer)
        except BadRequest as error:
            self._transport.write(Response(400, str(error).encode(), headers=(("Connection", "close"),)).encode())
            self._transport.close()
            return
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        done = False
        try:
            await self._server.thawed.wait()
            response = await self._server.handler(request)
            await self._write(response)
            done = request.headers.get("connection", "").lower() != "close" or not response.sized
        except Hangup:
            self._transport.close()
        finally:
            self._task = None
            if not done:
                # Flushes what was written first; after a bug in the handler the client sees a closed connection.
                self._transport.close()
        self._begin_next()

    async def _write(self, response: Response) -> None:
        try:
            await self._server.thawed.wait()
        except asyncio.CancelledError:
            response.on_unsent()
            raise
        if self._transport.is_closing():
            response.on_unsent()
            return
        self._transport.write(response.encode())


def take_request(buffer: bytearray, peer: str = "") -> Request | None:
    """Cut one whole request off the front of `buffer`; None while it is incomplete. Raises BadRequest."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEAD_BYTES:
            raise BadRequest("header too long")
        return None
    method, target, headers = _parse_head(bytes(buffer[:end]).decode("latin-1"))
    length = _body_length(headers)
    if len(buffer) < end + 4 + length:
        return None
    body = bytes(buffer[end + 4 : end + 4 + length])
    del buffer[: end + 4 + length]
    return Request(method, target, headers, body, peer)


def _parse_head(head: str) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.lstrip("\r\n").split("\r\n")
    with contextlib.suppress(ValueError):
        method, target, version = first.split(" ")
        if version.startswith("HTTP/1."):
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            if version == "HTTP/1.0":
                headers.setdefault("connection", "close")
            return method, target, headers
    raise BadRequest("not HTTP/1.x")


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequest("chunked bodies are not taken")
    text = headers.get("content-length", "0")
    if not text.isdecimal() or int(text) > MAX_BODY_BYTES:
        raise BadRequest("bad or too large Content-Length")
    return int(text)
