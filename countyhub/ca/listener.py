"""The HTTPS listener of enrolment: the CA for everybody, a first certificate for a token, the next one for the last.

A client's certificate is asked for, not demanded: the broker's listener demands one, and a new box has none.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography import x509

from countyhub.ca import renewal
from countyhub.ca.authority import Authority
from countyhub.ca.certificates import BadRequest
from countyhub.ca.enrolment import Registrar
from countyhub.ca.smallhttp import Request, Response, SmallHttp
from countyhub.config import Config
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from gridwire.enrolment import ENROL_PATH, RENEW_PATH, TRUST_PATH, EnrolRequest, Granted, Refusal, RenewRequest
from gridwire.problem import Problem

log = logging.getLogger(__name__)


class HubBusy(Problem):
    code = "enrol.hub-busy"
    en = "the hub cannot use its database at the moment; try again in a minute"
    zh = "汇聚端暂时无法使用数据库；请一分钟后再试"


class Listener:
    """`serve` until cancelled. `on_granted`: what a token has taken from others may have to go on the list at once."""

    def __init__(self, store: Store, config: Config, on_granted: Callable[[], None] = lambda: None) -> None:
        self._store, self._config, self._on_granted = store, config, on_granted
        self.port = 0
        """Once it listens."""
        self._context: ssl.SSLContext | None = None
        self._http = SmallHttp(self._answer)

    async def serve(self) -> None:
        """Raises OSError when it cannot listen, or a file is missing."""
        folder = renewal.broker_folder(self._config)
        self._context = server_context(folder)
        server = await self._http.listen(self._config.enrol.host, self._config.enrol.port, self._context)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            log.info("boxes enrol at port %d", self.port)
            await server.serve_forever()

    def reload(self) -> None:
        """The server's certificate or the CA has changed: as from the next connection. Raises OSError."""
        if self._context is not None:
            _load(self._context, renewal.broker_folder(self._config))

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except Problem as problem:
            log.warning("%s: %s %s", request.peer, request.path, problem)
            status = 400 if isinstance(problem, BadRequest) else 503 if isinstance(problem, HubBusy) else 403
            refusal = Refusal(code=problem.code, en=problem.text("en"), zh=problem.text("zh"))
            return Response(status, msgspec.json.encode(refusal))

    async def _route(self, request: Request) -> Response:
        now = datetime.now(UTC)
        authority = await asyncio.to_thread(Authority.open, renewal.ca_folder(self._config))
        if request.path == TRUST_PATH:
            return Response(200, msgspec.json.encode(authority.trust(now)))
        if request.path not in (ENROL_PATH, RENEW_PATH):
            return Response(404, b"{}")
        if request.method != "POST":
            return Response(405, b"{}")
        granted = await self._grant(Registrar(authority, self._config), request, now)
        log.info("%s: certificate of box %s until %s", request.peer, granted.box, granted.expires.date())
        self._on_granted()
        return Response(200, msgspec.json.encode(granted))

    async def _grant(self, registrar: Registrar, request: Request, now: datetime) -> Granted:
        try:
            async with self._store.write() as connection:
                if request.path == ENROL_PATH:
                    return await registrar.enrol(connection, msgspec.json.decode(request.body, type=EnrolRequest), now)
                shown = x509.load_der_x509_certificate(request.certificate) if request.certificate else None
                asked = msgspec.json.decode(request.body, type=RenewRequest)
                return await registrar.renew(connection, asked, shown, now)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(reason=error) from error
        except UNAVAILABLE as error:
            log.error("enrolment waits for the database: %s", reason_of(error))
            raise HubBusy from error


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS 1.3; a certificate of ours is verified when the client shows one. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_OPTIONAL
    _load(context, folder)
    return context


def _load(context: ssl.SSLContext, folder: Path) -> None:
    context.load_cert_chain(folder / renewal.SERVER_FILE)
    context.load_verify_locations(folder / renewal.CA_FILE)
