"""A small HTTP/1.1 server on the loop: GET and HEAD, one request a connection, everything capped and timed.

Promises that no client, however slow or rude, holds one of the `MAX_CONNECTIONS` places for more than some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

from edgeagent.status.request import Refused, Request, is_own, parse

MAX_HEAD_BYTES = 8192
MAX_CONNECTIONS = 20
TIMEOUT_S = 5.0
"""For each of reading, handling and writing."""
_LINGER_S = 0.5
"""So long we read on after a refusal: closing over unread bytes resets the connection, and the answer is lost."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
TEXT = "text/plain; charset=utf-8"
_SECURITY = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of every answer; a page may add what it needs."""


class Response(NamedTuple):
    """What a route answers. `policy`: additions to the Content-Security-Policy."""

    body: bytes
    content_type: str = TEXT
    status: int = 200
    policy: str = ""


Handler = Callable[[Request], Awaitable[Response]]


def text(words: str, status: int = 200) -> Response:
    """A plain text, ended by a line feed."""
    return Response(f"{words}\n".encode(), status=status)


class HttpServer:
    """Serves what `handle` answers to those who call it by one of its names."""

    def __init__(self, handle: Handler, timeout_s: float = TIMEOUT_S) -> None:
        self._handle, self._timeout_s = handle, timeout_s
        self._names: frozenset[str] = LOOPBACK_NAMES
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int | None:
        """The port it listens on; None while it does not."""
        if self._server is None or not self._server.sockets:
            return None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def busy(self) -> int:
        """Connections that are being served."""
        return len(self._tasks)

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        self._names = LOOPBACK_NAMES | {_bracketed(host)}
        self._server = await asyncio.start_server(self._accept, host, port, limit=MAX_HEAD_BYTES)

    async def stop(self) -> None:
        """Stop listening, and end what is under way."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= 2 * MAX_CONNECTIONS:  # even to say no takes a place for a moment
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer, surplus=len(self._tasks) >= MAX_CONNECTIONS))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, surplus: bool) -> None:
        try:
            if surplus:
                await self._refuse(reader, writer, Refused(503, "too many connections"))
            else:
                await self._exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            writer.transport.abort()  # the client is gone, or takes nothing
        except asyncio.CancelledError:
            writer.transport.abort()  # we stop: wait for nobody
            raise
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        try:
            request = await self._read(reader)
            own = self._names | {_bracketed(writer.get_extra_info("sockname")[0])}
            if not is_own(request.host, own):
                raise Refused(421, "not a name of this page")
        except Refused as refused:
            await self._refuse(reader, writer, refused)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._handle(request)
        except TimeoutError:
            response = text("took too long", 503)
        await self._write(writer, response, head_only=request.method == "HEAD")

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refused: Refused) -> None:
        """Answer, then read on for a moment."""
        await self._write(writer, text(str(refused), refused.status))
        writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while await reader.read(MAX_HEAD_BYTES):
                    pass

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        """Raises `Refused`, IncompleteReadError, OSError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return parse(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            raise Refused(431, "header too large") from None
        except TimeoutError:
            raise Refused(408, "no complete request") from None

    async def _write(self, writer: asyncio.StreamWriter, response: Response, *, head_only: bool = False) -> None:
        """Send it to the last byte. Raises OSError, TimeoutError."""
        writer.transport.set_write_buffer_limits(high=0)  # drain() then waits for all of it
        writer.write(_head(response) + (b"" if head_only else response.body))
        async with asyncio.timeout(self._timeout_s):
            await writer.drain()


def _head(response: Response) -> bytes:
    status = HTTPStatus(response.status)
    fields = [
        ("Date", formatdate(usegmt=True)),
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
        ("Connection", "close"),
        ("Content-Security-Policy", "; ".join(filter(None, (_POLICY, response.policy)))),
        *_SECURITY,
    ]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        fields.append(("Allow", "GET, HEAD"))
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("ascii")


def _bracketed(address: str) -> str:
    """An address as it stands in a Host header."""
    address = address.lower()
    return f"[{address}]" if ":" in address else address
