"""Serves the console inside the hub's own event loop. Signals stay the hub's: nothing here touches them.

A certificate that was renewed is taken up without a restart; one that cannot be used is told, and the old one stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette

from countyhub.api.peer import believed, is_loopback
from countyhub.config import Config
from countyhub.configfile import own_file
from gridwire.problem import Problem

log = logging.getLogger(__name__)
GRACE_S = 5
RENEWED_EVERY_S = 10.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the hub has its own handlers


class ConsoleOpen(Problem):
    code = "hub.console-open"
    en = (
        "the console does not listen on {host}: passwords would cross the network in the clear. Set tls_cert and "
        "tls_key in [web]; or name the TLS proxy that stands in front in proxies; or listen on 127.0.0.1"
    )
    zh = (
        "控制台不在 {host} 上监听：密码会以明文经过网络。请在 [web] 中设 tls_cert 和 tls_key；"
        "或在 proxies 中填入前面的 TLS 反向代理；或改为监听 127.0.0.1"
    )


class Tls(NamedTuple):
    """PEM files of the console's own TLS."""

    cert: str
    key: str


def refused(config: Config) -> ConsoleOpen | None:
    """Why the console must not listen where the settings want it; None: it may."""
    web = config.web
    is_private = is_loopback(web.host) or web.host == "localhost"
    return None if is_private or web.tls_cert or believed(config) else ConsoleOpen(host=web.host)


def tls_of(config: Config) -> Tls | None:
    """As the settings have it; a key in a folder `secrets` comes from systemd."""
    web = config.web
    return Tls(web.tls_cert, own_file(web.tls_key) if web.tls_key else web.tls_cert) if web.tls_cert else None


async def serve(
    app: Starlette, host: str, port: int, started: Callable[[int], None] | None = None, tls: Tls | None = None,
    renewed_every_s: float = RENEWED_EVERY_S,
) -> None:  # fmt: skip
    """Serves until cancelled; then ends the live streams, lets requests finish, and raises `CancelledError`.

    `started` is called with the port once connections are accepted, so that port 0 can be used. Raises `OSError`
    when the address cannot be bound, or a file of `tls` cannot be read (`ssl.SSLError` is one).
    """
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whom to believe about addresses, the interface's settings say
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=tls.cert if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        renewing = asyncio.create_task(_renew(config, tls, renewed_every_s)) if tls else None
        try:
            await _until_ready(server, running)
            if started is not None:
                started(listener.getsockname()[1])
            await asyncio.shield(running)
        finally:
            if renewing is not None:
                renewing.cancel()
            await app.state.watch.close()
            server.should_exit = True
            await running


async def _renew(config: uvicorn.Config, tls: Tls, every_s: float) -> None:
    """Whoever connects from now on gets the certificate that is there now; connections go on with theirs."""
    seen = _stamps(tls)
    while True:
        await asyncio.sleep(every_s)
        now = _stamps(tls)
        if now == seen or config.ssl is None:
            continue
        try:
            trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trial.load_cert_chain(tls.cert, tls.key)  # a pair that is half written must not replace a good one
            config.ssl.load_cert_chain(tls.cert, tls.key)
        except OSError as error:  # ssl.SSLError is one
            log.warning("the console goes on with its old certificate: %s: %s", tls.cert, error)
        else:
            log.info("the console has taken up its renewed certificate")
        seen = now


def _stamps(tls: Tls) -> list[tuple[int, int, int]]:
    """Of both files; what is not there at this moment is one state more."""
    found = []
    for path in (tls.cert, tls.key):
        try:
            stat = os.stat(path)
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((stat.st_mtime_ns, stat.st_ino, stat.st_size))
    return found


def _listen(host: str, port: int) -> socket.socket:
    """Told to be TCP: only then does asyncio switch Nagle's algorithm off, which costs 40 ms a request."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as undo:
        listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(128)
        undo.pop_all()
        return listener


async def _until_ready(server: _Server, running: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
