"""As much of an HTTP/1.1 server as enrolment needs: one request a connection, small bodies, everything bounded.

The web server of the console tells nobody which certificate a client has shown; this one hands it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple

from gridwire.enrolment import MAX_BODY_BYTES

log = logging.getLogger(__name__)

TIMEOUT_S = 30.0
MAX_CONNECTIONS = 100
MAX_LEFT_BYTES = 1024 * 1024
LEFT_S = 5.0
"""So much, and for so long, is read on of what was refused."""
_MAX_HEAD_BYTES = 16 * 1024
_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
            413: "Content Too Large", 503: "Service Unavailable"}  # fmt: skip


class Request(NamedTuple):
    """What a client asks. `certificate`: DER of the certificate that TLS has verified; empty when it showed none."""

    method: str
    path: str
    body: bytes
    certificate: bytes
    peer: str


class Response(NamedTuple):
    status: int
    body: bytes


Answer = Callable[[Request], Awaitable[Response]]


class BadHttp(Exception):
    """Not a request that can be answered; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class SmallHttp:
    """Listens, and asks `answer` for every request."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int, context: ssl.SSLContext) -> asyncio.Server:
        """Raises OSError."""
        return await asyncio.start_server(
            self._accept, host, port, ssl=context, ssl_handshake_timeout=TIMEOUT_S, limit=_MAX_HEAD_BYTES
        )

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MAX_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                try:
                    response, left = await self._answer(await _read(reader, writer)), 0
                except BadHttp as error:
                    response, left = Response(error.status, b"{}"), MAX_LEFT_BYTES
                writer.write(_bytes(response))
                await writer.drain()
                await _discard(reader, left)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.debug("enrolment: a connection ended early: %s", error)
        finally:
            writer.close()


async def _discard(reader: asyncio.StreamReader, max_bytes: int) -> None:
    """What a client still sends of a request that was refused: closed before it has been read, the connection would be
    reset, and the client would not see the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEFT_S):
            while max_bytes > 0 and (read := await reader.read(min(max_bytes, _MAX_HEAD_BYTES))):
                max_bytes -= len(read)


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, path, version = line.split(" ")
    except (asyncio.LimitOverrunError, ValueError) as error:
        raise BadHttp(400) from error
    if not version.startswith("HTTP/1."):
        raise BadHttp(400)
    length = _length(fields)
    if length > MAX_BODY_BYTES:
        raise BadHttp(413)
    body = await reader.readexactly(length)
    tls = writer.get_extra_info("ssl_object")
    peer = writer.get_extra_info("peername") or ("?",)
    return Request(method, path.partition("?")[0], body, (tls.getpeercert(True) or b"") if tls else b"", str(peer[0]))


def _length(fields: list[str]) -> int:
    """Of the body. Raises `BadHttp`."""
    headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdecimal() and len(length) < 10):
        raise BadHttp(400)
    return int(length)


def _bytes(response: Response) -> bytes:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    head = (
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'OK')}\r\nDate: {now}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(response.body)}\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + response.body
