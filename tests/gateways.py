"""Servers that take messages, for tests: HTTP that misbehaves as told, and SMTP by aiosmtpd."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.certificates import Certificate
from tests.ports import free_port


@dataclass(frozen=True)
class Asked:
    """A request that came in whole."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """An answer. `cut`: the connection is closed after so many bytes of it. `hangs`: nothing comes, ever."""

    status: int = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hangs: bool = False

    @property
    def raw(self) -> bytes:
        body = self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()
        head = {"Content-Length": str(len(body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in head.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Gateway:
    """An HTTP server: `answers` says what to each request, in order, the last one for all that follow."""

    def __init__(self, answer: Says | Callable[[Asked], Says] | list[Says]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.url = ""

    @contextlib.asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Gateway]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=tls)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked = await self._read(reader)
            await self.before_answer(asked)
            says = self._say(asked)
            if says.hangs:
                await reader.read()  # until the client has had enough
            else:
                writer.write(says.raw[: says.cut])
                await writer.drain()
        writer.close()

    async def before_answer(self, asked: Asked) -> None:
        """For who derives: what happens between a request and its answer."""

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        return asked

    def _say(self, asked: Asked) -> Says:
        if isinstance(self.answer, list):
            return self.answer.pop(0) if len(self.answer) > 1 else self.answer[0]
        return self.answer(asked) if callable(self.answer) else self.answer


class Mailbox:
    """What aiosmtpd's server was given, and what it says. Set a reply to have it refuse."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.to_rcpt = self.to_data = "250 OK"
        self.users = {"hub": "secret"}

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        known = self.users.get(given.login.decode()) == given.password.decode()
        return AuthResult(success=known, handled=known)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_rcpt

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        if self.to_data == "close":
            server.transport.abort()
        return self.to_data


@contextlib.contextmanager
def mail_server(
    mailbox: Mailbox, *, certificate: Certificate | None = None, implicit: bool = False, login: bool = False
) -> Iterator[int]:
    """A real SMTP server on a port of its own; with a certificate STARTTLS, or `implicit` TLS."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=context is not None and not implicit,
        auth_require_tls=context is not None and not implicit,  # it does not know of the other way
        authenticator=mailbox.authenticate if login else None,
        auth_required=login,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
