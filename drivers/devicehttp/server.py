"""A small HTTP/1.1 server on asyncio for what devices send to us: one request a connection, all of it capped and timed.

Tolerates what poor clients do (bare line feeds, no Host, absolute targets) and refuses with clear words what is too
large, too slow, too much or no HTTP. Promises that no sender, however slow or rude, holds a place for longer than the
limits say, and that a request which was understood is handled to its end although its sender has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from drivers.devicehttp.requesthead import CHUNKED, BadRequest, Request, body_length, chunk_length, parse_head
from edgeagent.driver import DriverProblem

__all__ = ["BadRequest", "Limits", "ListenFailed", "Request", "Response", "Server", "serve", "text"]

_LINGER_S = 0.5
_LINGER_READS = 256
"""So long, and so often, we read on after a refusal: closing over unread bytes resets the connection, and the answer
is lost."""
_CHUNK_BYTES = 64 * 1024


class ListenFailed(DriverProblem):
    code = "device.listen-failed"
    en = "cannot listen on {host} port {port}: {why}"
    zh = "无法监听 {host} 的 {port} 端口：{why}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What senders may do. `max_held_bytes` is for the bodies of all connections together."""

    max_head_bytes: int = 16 * 1024
    max_body_bytes: int = 4 * 1024 * 1024
    max_held_bytes: int = 16 * 1024 * 1024
    max_connections: int = 32
    max_connections_of_one: int = 8
    head_timeout_s: float = 5.0
    body_timeout_s: float = 20.0
    handle_timeout_s: float = 30.0
    write_timeout_s: float = 5.0
    admits: Callable[[str], bool] = lambda peer: True
    """Asked with the sender's address before a byte is read; False: 403."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers. `headers` in addition to type, length and `Connection: close`."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Awaitable[Response]]


def text(status: int, words: str, *headers: tuple[str, str]) -> Response:
    """A plain text, ended by a line feed."""
    return Response(status, f"{words}\n".encode(), headers=headers)


async def serve(host: str, port: int, handler: Handler, limits: Limits | None = None) -> Server:
    """Listen, and answer with what `handler` says, until `Server.stop`; port 0 takes any. Raises `ListenFailed`.

    The handler is called once for each whole request. A `BadRequest` that it raises is answered as it says; anything
    else closes that connection without an answer, is logged by the loop, and touches nobody else.
    """
    server = Server(handler, limits or Limits())
    await server.start(host, port)
    return server


class Server:
    """Made by `serve`; also an async context manager that stops at its end."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.limits = limits
        self.refused = 0
        """Requests that never reached the handler."""
        self._handler = handler
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._peers: Counter[str] = Counter()
        self.room = _Room(limits.max_held_bytes)

    @property
    def port(self) -> int:
        """The port it listens on; 0 while it does not."""
        sockets = self._listener.sockets if self._listener is not None else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    @property
    def busy(self) -> int:
        """Connections that are being served."""
        return len(self._tasks)

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises `ListenFailed`."""
        try:
            limit = self.limits.max_head_bytes
            self._listener = await asyncio.start_server(self._accept, host, port, limit=limit)
        except (OSError, OverflowError) as error:
            raise ListenFailed(host=host, port=port, why=str(error)[:200]) from error

    async def stop(self) -> None:
        """Stop listening, and end what is under way."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await listener.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _address_of(writer)
        if len(self._tasks) >= 2 * self.limits.max_connections:  # even to say no takes a place for a moment
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer, peer, self._refusal(peer)))
        self._peers[peer] += 1
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._leave(done, peer))

    def _leave(self, task: asyncio.Task[None], peer: str) -> None:
        self._tasks.discard(task)
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]

    def _refusal(self, peer: str) -> BadRequest | None:
        if not self.limits.admits(peer):
            return BadRequest(403, f"address {peer} is not allowed / 地址 {peer} 不在允许范围内")
        if len(self._tasks) >= self.limits.max_connections or self._peers[peer] >= self.limits.max_connections_of_one:
            return BadRequest(503, "too many connections / 连接过多")
        return None

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str, refusal: BadRequest | None
    ) -> None:
        try:
            if refusal is not None:
                raise refusal
            await self._write(writer, await _Exchange(self, reader, writer, peer).response())
        except BadRequest as refused:
            self.refused += 1
            with contextlib.suppress(OSError, TimeoutError):
                await self._refuse(reader, writer, refused)
        except (OSError, EOFError, TimeoutError):
            writer.transport.abort()  # the sender is gone, or takes nothing
        except asyncio.CancelledError:
            writer.transport.abort()  # we stop: wait for nobody
            raise
        finally:
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refused: BadRequest) -> None:
        """Answer, then read on for a moment."""
        await self._write(writer, text(refused.status, str(refused)))
        writer.write_eof()
        async with asyncio.timeout(_LINGER_S):
            for _ in range(_LINGER_READS):
                if not await reader.read(_CHUNK_BYTES):
                    break

    async def _write(self, writer: asyncio.StreamWriter, response: Response) -> None:
        """Send it to the last byte. Raises OSError, TimeoutError."""
        writer.transport.set_write_buffer_limits(high=0)  # drain() then waits for all of it
        writer.write(_encode(response))
        async with asyncio.timeout(self.limits.write_timeout_s):
            await writer.drain()

    async def handle(self, request: Request) -> Response:
        """The handler's answer, also when it takes too long."""
        try:
            async with asyncio.timeout(self.limits.handle_timeout_s):
                return await self._handler(request)
        except TimeoutError:
            return text(503, "took too long / 处理超时")


class _Room:
    """Bytes of bodies that all connections together may hold."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def take(self, size: int) -> None:
        """Raises `BadRequest` when there is no room."""
        if size > self._left:
            raise BadRequest(503, "too much at once / 同时接收的数据过多")
        self._left -= size

    def give(self, size: int) -> None:
        self._left += size


class _Exchange:
    """Reads one request and has it handled."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        self._server, self._limits = server, server.limits
        self._reader, self._writer, self._peer = reader, writer, peer
        self._held = 0

    async def response(self) -> Response:
        """Raises `BadRequest`, OSError, EOFError."""
        try:
            return await self._server.handle(await self._request())
        finally:
            self._server.room.give(self._held)

    async def _request(self) -> Request:
        try:
            async with asyncio.timeout(self._limits.head_timeout_s):
                head = parse_head(await self._head())
            length = body_length(head)
            if length > self._limits.max_body_bytes:
                raise self._too_large()
            async with asyncio.timeout(self._limits.body_timeout_s):
                if head.get("expect").lower() == "100-continue":
                    self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await (self._chunked() if length == CHUNKED else self._sized(length))
        except TimeoutError:
            raise BadRequest(408, "the request did not come in time / 请求未按时到达") from None
        except asyncio.LimitOverrunError:
            raise BadRequest(431, "header too large / 头部过长") from None
        return replace(head, body=body, peer=self._peer)

    async def _head(self) -> bytes:
        """Everything up to the empty line."""
        lines, size = [], 0
        while True:
            line = await self._reader.readuntil(b"\n")
            size += len(line)
            if size > self._limits.max_head_bytes:
                raise BadRequest(431, "header too large / 头部过长")
            if line.strip(b"\r\n"):
                lines.append(line)
            elif lines:  # empty lines in front of the first are an old custom
                return b"".join(lines)

    async def _sized(self, length: int) -> bytes:
        self._take(length)
        return await self._reader.readexactly(length)

    async def _chunked(self) -> bytes:
        body = bytearray()
        while size := chunk_length(await self._reader.readuntil(b"\n")):
            if len(body) + size > self._limits.max_body_bytes:
                raise self._too_large()
            self._take(size)
            body += await self._reader.readexactly(size)
            await self._reader.readuntil(b"\n")
        while (await self._reader.readuntil(b"\n")).strip(b"\r\n"):
            pass  # trailer fields
        return bytes(body)

    def _take(self, size: int) -> None:
        self._server.room.take(size)
        self._held += size

    def _too_large(self) -> BadRequest:
        limit = self._limits.max_body_bytes
        return BadRequest(413, f"at most {limit} bytes are taken / 最多接收 {limit} 字节")


def _address_of(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername") or ("",)
    return str(name[0]).removeprefix("::ffff:")


def _encode(response: Response) -> bytes:
    status = HTTPStatus(response.status)
    fields = [
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
        ("Connection", "close"),
        *response.headers,
    ]
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + response.body
