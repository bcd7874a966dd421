"""`tls`: does the hub prove who it is, and does it take our certificate? Each fault under its own name.

The connection ends before the MQTT login: with certificates the broker gives every login the box's own session, and a
second one would throw the running agent out.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509

from edgeagent.checks.brokers import TIMEOUT_S, connect, endpoints
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.checks.tlsfaults import (
    FAULTS,
    BadFiles,
    Encrypted,
    HubExpired,
    NoTls,
    NotYetValid,
    OwnRefused,
    PlainPort,
    TooOld,
    UnknownAuthority,
    WrongName,
    refused,
)
from gridwire.mqtt import ConnectFailed
from gridwire.mqtt.brokers import Endpoint
from gridwire.mqtt.dial import tls_failure
from gridwire.verdict import Fault, Line, found, passed

_PING = b"\xc0\x00"
"""PINGREQ. Before CONNECT it is a protocol error: the broker hangs up at once, or has told what it has against us."""
QUIET_S, REPLY_S = 0.5, 5.0
_LOCAL: tuple[str, ...] = ("127.", "localhost", "::1")
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")


def _look(scene: Scene) -> Iterable[Line]:
    for broker in endpoints(scene):
        line = _try(scene, broker) if scene.config.hub.tls is not None else _without(broker)
        if line is not None:
            yield line


def _without(broker: Endpoint) -> Line | None:
    """TLS is not configured. Does the port want it?"""
    if broker.host.startswith(_LOCAL):
        return passed(f"{broker}：本机，无需 TLS", f"{broker}: this machine, no TLS needed", str(broker))
    if _dates(broker) is not None:
        return found(Encrypted(broker=broker), str(broker))
    return found(NoTls(broker=broker), str(broker))


def _try(scene: Scene, broker: Endpoint) -> Line | None:
    """None where the port cannot be reached: `dns` and `tcp` tell that."""
    where, started_s = str(broker), time.monotonic()
    try:
        with contextlib.closing(connect(scene, broker, tls=True)) as connection:
            assert isinstance(connection, ssl.SSLSocket)
            line = _well(scene, connection, where)
            _until_taken(connection, time.monotonic() - started_s)
            return line
    except ConnectFailed as error:
        if error.code == "timeout" and not _listens(scene, broker):
            return None
        fault = _fault(scene, broker, error)
        return found(fault, where) if fault is not None else None


def _listens(scene: Scene, broker: Endpoint) -> bool:
    try:
        connect(scene, broker, tls=False).close()
    except ConnectFailed:
        return False
    return True


def _until_taken(connection: ssl.SSLSocket, handshake_s: float) -> None:
    """Raises ConnectFailed when the broker refuses our certificate: TLS 1.3 tells that after the handshake only.

    It is listened for before anything is said: what a broker has not read when it hangs up makes the kernel forget
    what it has said last.
    """
    try:
        if not _hears_end(connection, max(QUIET_S, 2 * handshake_s)):
            connection.send(_PING)
            _hears_end(connection, REPLY_S)
    except ssl.SSLError as error:
        raise tls_failure(error) from error
    except OSError:  # hung up without a word, as some do on our PINGREQ
        return


def _hears_end(connection: ssl.SSLSocket, timeout_s: float) -> bool:
    """Whether the other end hangs up within the time. Raises SSLError for an alert, OSError."""
    ends_s = time.monotonic() + timeout_s
    while (left_s := ends_s - time.monotonic()) > 0:
        try:
            connection.recv(64)
        except ssl.SSLWantReadError:
            select.select([connection], [], [], left_s)
        else:
            return True
    return False


def _well(scene: Scene, connection: ssl.SSLSocket, where: str) -> Line:
    certificate = connection.getpeercert() or {}
    ends_s = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((ends_s - scene.now.timestamp()) // 86400)
    version = connection.version()
    return passed(
        f"{where}：{version}，汇聚端证书还有 {days} 天有效",
        f"{where}: {version}, the hub's certificate is good for {days} days",
        where,
    )


def _fault(scene: Scene, broker: Endpoint, error: ConnectFailed) -> Fault | None:
    if error.code in ("dns", "tcp_refused", "unreachable"):
        return None
    now = f"{scene.now:%Y-%m-%d %H:%M} UTC"
    dates = _dates(broker) if error.code in ("tls_not_yet_valid", "tls_expired", "tls_host_mismatch") else None
    begins, ends, names = (f"{dates[0]:%Y-%m-%d}", f"{dates[1]:%Y-%m-%d}", dates[2]) if dates else ("?", "?", "?")
    ca = scene.config.hub.tls.ca if scene.config.hub.tls else ""
    if error.code in ("tls_client_refused", "tls") and "ALERT" in error.detail:
        return refused(broker, error.detail, has_certificate=bool(scene.config.hub.tls and scene.config.hub.tls.cert))
    by_code = {
        "tls_wrong_ca": UnknownAuthority(broker=broker, ca=ca, reason=error.detail),
        "tls_host_mismatch": WrongName(broker=broker, host=broker.host, names=names),
        "tls_expired": HubExpired(broker=broker, ends=ends, now=now),
        "tls_not_yet_valid": NotYetValid(broker=broker, begins=begins, now=now),
        "tls_version": TooOld(broker=broker),
        "tls_files": BadFiles(reason=error.detail),
        "timeout": PlainPort(broker=broker),
    }
    plain = PlainPort(broker=broker) if _is_plain(error) else OwnRefused(broker=broker, reason=error.detail)
    return by_code.get(error.code, plain)


def _is_plain(error: ConnectFailed) -> bool:
    """Whoever does not speak TLS answers with something else, or hangs up in the middle of the handshake."""
    return any(word in error.detail for word in _PLAIN) or "EOF" in error.detail or "reset" in error.detail.lower()


def _dates(broker: Endpoint) -> tuple[datetime, datetime, str] | None:
    """Begin, end and names of the certificate that is shown there, believed or not; None where none is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((broker.host, broker.port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=broker.host) as connection,
        ):
            certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return None
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc, _names(certificate)


def _names(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return certificate.subject.rfc4514_string()
    return ", ".join(str(name.value) for name in names)


CHECK = Check(
    "tls",
    "汇聚端的身份可信，且接受本盒证书",
    "the hub proves who it is, and takes the box's certificate",
    _look,
    FAULTS,
    offline=False,
)
