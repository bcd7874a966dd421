"""HTTP(S) servers that get webhooks and answer as told: well, badly, slowly, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from typing import NamedTuple

from tests.certificates import Certificate


class Got(NamedTuple):
    """One request, with its headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """`answers` are used up one a request, then `usual` is given: a status, headers to add, or one of hang, trickle,
    endless, garbage, close."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.got: list[Got] = []
        self.answers: deque[int | str | tuple[int, str]] = deque()
        self.usual: int | str | tuple[int, str] = 200
        self.port = 0
        self.names: list[str] = []
        """Server names that clients asked for by TLS."""
        self.under_way = self.most_under_way = 0
        self._certificate = certificate
        self._tasks: set[asyncio.Task] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._certificate else 'http'}://localhost:{self.port}/hooks?a=1"

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tls(self) -> ssl.SSLContext | None:
        if self._certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate.certificate, self._certificate.key)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            await self._take(reader)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                await self._answer(writer, self.answers.popleft() if self.answers else self.usual)
            finally:
                self.under_way -= 1
        writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = head[0].split(" ")
        self.got.append(Got(method, path, headers, body))

    async def _answer(self, writer: asyncio.StreamWriter, answer: int | str | tuple[int, str]) -> None:
        if answer == "hang":
            await asyncio.sleep(3600)
        elif answer == "trickle":
            for each in b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1000:
                writer.write(bytes([each]))
                await asyncio.sleep(0.05)
        elif answer == "endless":
            writer.write(b"HTTP/1.1 500 No\r\n\r\n")
            while True:
                writer.write(b"\x1b[31mno! " * 1000)
                await writer.drain()
        elif answer == "garbage":
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        elif answer != "close":
            status, more = answer if isinstance(answer, tuple) else (answer, "")
            writer.write(f"HTTP/1.1 {status} X\r\n{more}content-length: 4\r\n\r\nwell".encode())
        await writer.drain()
