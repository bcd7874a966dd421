"""The box's side of the enrolment's HTTPS: what can go wrong on the way has a name each, in both languages."""

from __future__ import annotations

import http.client
import socket
import ssl
import unicodedata
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from gridwire.enrolment import DEFAULT_PORT, MAX_BODY_BYTES, TRUST_PATH, Refusal, Trust
from gridwire.mqtt.dial import tls_failure
from gridwire.mqtt.errors import TEXTS
from gridwire.problem import Problem

T = TypeVar("T")
TIMEOUT_S = 30.0


class BadAddress(Problem):
    code = "enrol.bad-address"
    en = "“{text}” is no address of a hub: write HOST or HOST:PORT"
    zh = "“{text}”不是汇聚端地址：请写作 主机 或 主机:端口"


class NameUnknown(Problem):
    code = "enrol.dns"
    en = "the name {host} cannot be resolved: {reason}. Is the uplink up, is DNS set? An address works as well"
    zh = "无法解析域名 {host}：{reason}。网络是否接通，DNS 是否设置？也可以直接使用 IP 地址"


class NotReached(Problem):
    code = "enrol.tcp"
    en = "{hub} cannot be reached: {reason}. Is the hub running, is the port open in its firewall?"
    zh = "无法连接 {hub}：{reason}。汇聚端是否运行，防火墙是否放行该端口？"


class TlsFailed(Problem):
    code = "enrol.tls"
    en = "no safe connection to {hub}: {why_en} ({detail}). This box's clock says {clock}"
    zh = "无法与 {hub} 建立安全连接：{why_zh}（{detail}）。本机时钟为 {clock}"


class NotAHub(Problem):
    code = "enrol.not-a-hub"
    en = "what answers at {hub} is not the enrolment of a hub: {reason}"
    zh = "{hub} 处应答的不是汇聚端的注册服务：{reason}"


class CertificateNotTaken(Problem):
    code = "enrol.certificate-not-taken"
    en = "{hub} does not accept the certificate that we showed: {reason}"
    zh = "{hub} 不接受本机出示的证书：{reason}"


class HubRefuses(Problem):
    """The hub's own words, in both languages."""

    code = "enrol.refused"
    en = "the hub refuses: {why_en}"
    zh = "汇聚端拒绝：{why_zh}"

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(why_en=refusal.en, why_zh=refusal.zh)


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """`HOST`, `HOST:PORT`, `[IPv6]:PORT`, also as a Chinese input method types it. Raises `BadAddress`."""
    bare = unicodedata.normalize("NFKC", text).replace("。", ".").strip().removeprefix("https://").rstrip("/")
    host, mark, port = bare.rpartition(":")
    if not mark or bare.endswith("]") or (bare.count(":") > 1 and not bare.startswith("[")):
        host, port = bare, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or any(char.isspace() or char == "/" for char in host):
        raise BadAddress(text=text[:80])
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise BadAddress(text=text[:80])
    return Address(host, int(port))


def fetch_trust(hub: Address) -> Trust:
    """The hub's CA, from whoever answers there: to be checked by its fingerprint. Nothing secret is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _ask(hub, context, "GET", TRUST_PATH, b"", Trust)


def post(hub: Address, ca: str, path: str, message: msgspec.Struct, answer: type[T], identity: Path | None = None) -> T:
    """Ask a hub that `ca` vouches for. `identity`: PEM file of the certificate to show. Raises `TlsFailed`,
    `CertificateNotTaken`, `HubRefuses` and the others of this module."""
    context = ssl.create_default_context(cadata=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if identity is not None:
        context.load_cert_chain(identity)
    return _ask(hub, context, "POST", path, msgspec.json.encode(message), answer, shows=identity is not None)


def _ask(
    hub: Address, context: ssl.SSLContext, method: str, path: str, body: bytes, answer: type[T], *, shows: bool = False
) -> T:
    connection = http.client.HTTPSConnection(hub.host, hub.port, context=context, timeout=TIMEOUT_S)
    try:
        _connect(connection, hub)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", "Accept": "application/json"})
            response = connection.getresponse()
            status, content = response.status, response.read(MAX_BODY_BYTES + 1)
        except (ssl.SSLError, ConnectionError, http.client.HTTPException) as error:
            if shows:  # under TLS 1.3 a refusal of our certificate comes only now
                raise CertificateNotTaken(hub=hub, reason=error) from error
            raise NotAHub(hub=hub, reason=error) from error
        except OSError as error:
            raise NotReached(hub=hub, reason=error) from error
    finally:
        connection.close()
    return _read(hub, status, content, answer)


def _connect(connection: http.client.HTTPSConnection, hub: Address) -> None:
    try:
        connection.connect()
    except socket.gaierror as error:
        raise NameUnknown(host=hub.host, reason=error.strerror or error) from error
    except ssl.SSLError as error:
        failure = tls_failure(error)
        zh, en = TEXTS[failure.code]
        raise TlsFailed(hub=hub, why_zh=zh, why_en=en, detail=failure.detail, clock=_clock()) from error
    except (OSError, UnicodeError) as error:
        raise NotReached(hub=hub, reason=getattr(error, "strerror", None) or error) from error


def _read(hub: Address, status: int, content: bytes, answer: type[T]) -> T:
    try:
        if status == http.HTTPStatus.OK:
            return msgspec.json.decode(content, type=answer)
        refusal = msgspec.json.decode(content, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAHub(hub=hub, reason=f"HTTP {status}, {error}") from error
    raise HubRefuses(refusal)


def _clock() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
