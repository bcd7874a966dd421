"""Opens the connection: DNS, TCP, TLS, none of which blocks the loop, each failing under its own name.

paho's own `connect()` would block for all three, and a cancelled wait for it would leave the socket to its thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

from gridwire.mqtt.brokers import Endpoint
from gridwire.mqtt.errors import ConnectFailed
from gridwire.mqtt.settings import MqttSettings, TlsSettings

# X509_V_ERR_* of OpenSSL (x509_vfy.h), as found in ssl.SSLCertVerificationError.verify_code.
_VERIFY_CODES = {9: "tls_not_yet_valid", 10: "tls_expired", 62: "tls_host_mismatch", 64: "tls_host_mismatch"}
_CLIENT_REFUSED = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "ACCESS_DENIED",
)
_VERSION = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "WRONG_SSL_VERSION")


async def dial(settings: MqttSettings, broker: Endpoint) -> socket.socket:
    """A connected, non-blocking socket, TLS done.

    Raises ConnectFailed (`dns`, `tcp_refused`, `unreachable`, `timeout`, `tls_*`). Cancelling leaves nothing open,
    except that a DNS lookup ends in its own time in the loop's executor.
    """
    context = tls_context(settings.tls) if settings.tls is not None else None
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            sock = await _dial_tcp(settings, broker)
            if context is None:
                return sock
            assert settings.tls is not None
            return await _wrap(sock, context, settings.tls.server_name or broker.host)
    except TimeoutError as error:
        where = f"{broker}, {settings.connect_timeout_s:g} s"
        raise ConnectFailed("timeout", where) from error


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Read the files anew, since certificates are renewed in place. Raises ConnectFailed(`tls_files`)."""
    named = [Path(name) for name in (tls.ca_file, tls.cert_file, tls.key_file) if name is not None]
    for path in named:
        try:
            path.open("rb").close()
        except OSError as error:
            raise ConnectFailed("tls_files", f"{path}: {error.strerror}", retry_helps=False) from error
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_3 if tls.minimum == "1.3" else ssl.TLSVersion.TLSv1_2
        context.check_hostname = tls.check_hostname
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (ssl.SSLError, OSError) as error:
        raise ConnectFailed("tls_files", f"{', '.join(map(str, named))}: {error}", retry_helps=False) from error
    return context


def tls_failure(error: ssl.SSLError) -> ConnectFailed:
    """The name of a TLS failure. Under TLS 1.3 a refusal of our own certificate comes only after the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _VERIFY_CODES.get(error.verify_code, "tls_wrong_ca")
        # A clock that is set later mends the two that depend on it.
        return ConnectFailed(code, error.verify_message, retry_helps=code in ("tls_not_yet_valid", "tls_expired"))
    text = error.reason or str(error)
    if any(word in text for word in _VERSION):
        return ConnectFailed("tls_version", text, retry_helps=False)
    if "ALERT" in text and any(word in text for word in _CLIENT_REFUSED):
        return ConnectFailed("tls_client_refused", text, retry_helps=False)
    return ConnectFailed("tls", text)


async def _dial_tcp(settings: MqttSettings, broker: Endpoint) -> socket.socket:
    """Try each address of the host in the resolver's order, each for its share of the time."""
    loop = asyncio.get_running_loop()
    where = str(broker)
    try:
        found = await loop.getaddrinfo(broker.host, broker.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise ConnectFailed("dns", f"{broker.host}: {error}") from error
    failure = ConnectFailed("dns", broker.host)
    for family, kind, protocol, _, address in found:
        try:
            async with asyncio.timeout(settings.connect_timeout_s / len(found)):
                return await _connect(socket.socket(family, kind, protocol), address, settings.user_timeout_s)
        except ConnectionRefusedError:
            failure = ConnectFailed("tcp_refused", where)
        except TimeoutError:
            failure = ConnectFailed("timeout", where)
        except OSError as error:
            failure = ConnectFailed("unreachable", f"{where}: {error.strerror or error}")
    raise failure


async def _connect(sock: socket.socket, address: object, user_timeout_s: int) -> socket.socket:
    with contextlib.ExitStack() as undo:
        undo.callback(sock.close)
        sock.setblocking(False)
        # Packets are gathered before they are written, so waiting for more (Nagle) only costs time.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if user_timeout_s and hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, user_timeout_s * 1000)
        await asyncio.get_running_loop().sock_connect(sock, address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        undo.pop_all()
    return sock


async def _wrap(sock: socket.socket, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    with contextlib.ExitStack() as undo:
        undo.callback(sock.close)
        try:
            # A socket that broke already makes this raise OSError; from here on the old object owns nothing.
            wrapped = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            undo.callback(wrapped.close)
            await _handshake(wrapped)
        except ssl.SSLError as error:
            raise tls_failure(error) from error
        except ConnectionError as error:
            raise ConnectFailed("tls", f"{name}: {error.strerror or error}") from error
        except OSError as error:
            raise ConnectFailed("unreachable", f"{name}: {error.strerror or error}") from error
        undo.pop_all()
    return wrapped


async def _handshake(sock: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        ready = loop.create_future()
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            loop.add_reader(sock.fileno(), _set, ready)
        except ssl.SSLWantWriteError:
            loop.add_writer(sock.fileno(), _set, ready)
        else:
            return
        try:
            await ready
        finally:
            loop.remove_reader(sock.fileno())
            loop.remove_writer(sock.fileno())


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
