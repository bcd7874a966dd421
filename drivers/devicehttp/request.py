"""A small HTTP/1.1 client on asyncio for devices with poor servers: one connection a request, every step limited.

Tolerates wrong lengths, bare line feeds and packing that nobody asked for; refuses by name what is too large, too slow
or no HTTP. Credentials are the caller's business (`auth`).
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from edgeagent.driver import DriverProblem

CONNECT_TIMEOUT_S = 5.0
MAX_HEAD_BYTES = 32 * 1024
_CHUNK_BYTES = 64 * 1024
# Of OpenSSL; Python names it from 3.12 on.
_LEGACY_SERVER_CONNECT = ssl.Options(0x4)
# In which `ends` is looked for.
_TAIL_BYTES = 128
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")


class HttpProblem(DriverProblem):
    """Base of what can go wrong between us and the device."""


class Refused(HttpProblem):
    code = "device.refused"
    en = "{host} refuses connections on port {port}"
    zh = "{host} 的 {port} 端口拒绝连接"


class Unreachable(HttpProblem):
    code = "device.unreachable"
    en = "{host}:{port} cannot be reached: {why}"
    zh = "无法到达 {host}:{port}：{why}"


class TimedOut(HttpProblem):
    code = "device.timeout"
    en = "{host}:{port} did not answer within {timeout_s:g} s"
    zh = "{host}:{port} 在 {timeout_s:g} 秒内没有应答"


class HungUp(HttpProblem):
    code = "device.hung-up"
    en = "{host}:{port} closed the connection without an answer"
    zh = "{host}:{port} 未应答就断开了连接"


class BadHttp(HttpProblem):
    code = "device.bad-http"
    en = "{host}:{port} does not speak HTTP: {why}"
    zh = "{host}:{port} 返回的不是 HTTP：{why}"


class BodyTooLarge(HttpProblem):
    code = "device.too-large"
    en = "the device's answer has {size} bytes, at most {limit} are read"
    zh = "设备返回了 {size} 字节，最多只读取 {limit} 字节"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points to. `target` is what stands in the request line."""

    host: str
    port: int
    target: str
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Place:
        """Raises `BadHttp` when the URL is none of http or https with a host."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadHttp(host=url[:80], port="", why=str(error)) from error
        if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
            raise BadHttp(host=url[:80], port="", why="not an http URL / 不是 http 地址")
        tls = parts.scheme == "https"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host, port if port is not None else (443 if tls else 80), target, tls)

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` are (lower-case name, value) in order; `whole` is false when the body ended before its length."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool = True

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        return next(iter(self.all(name)), "")


async def request(
    method: str,
    place: Place,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    timeout_s: float,
    max_bytes: int,
    ends: re.Pattern[bytes] | None = None,
) -> Response:
    """One request on a connection of its own. `timeout_s` is for all of it. Raises `HttpProblem`.

    `ends`: how the last bytes of a whole body look, for devices that neither tell the length nor close the connection.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _request(method, place, headers, body, max_bytes, ends)
    except TimeoutError as error:
        raise TimedOut(host=place.host, port=place.port, timeout_s=timeout_s) from error


async def _request(
    method: str, place: Place, headers: Mapping[str, str], body: bytes, max_bytes: int, ends: re.Pattern[bytes] | None
) -> Response:
    reader, writer = await _connect(place)
    try:
        writer.write(_encode(method, place, headers, body))
        await writer.drain()
        return await _Reading(reader, place, max_bytes, ends).response(bodyless=method == "HEAD")
    except (OSError, EOFError) as error:
        raise HungUp(host=place.host, port=place.port) from error
    finally:
        writer.transport.abort()


async def _connect(place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await asyncio.open_connection(place.host, place.port, ssl=device_tls() if place.tls else None)
    except TimeoutError as error:
        raise Unreachable(host=place.host, port=place.port, why=f"{CONNECT_TIMEOUT_S:g} s") from error
    except ConnectionRefusedError as error:
        raise Refused(host=place.host, port=place.port) from error
    except (OSError, UnicodeError) as error:
        raise Unreachable(host=place.host, port=place.port, why=str(error)[:160] or type(error).__name__) from error


@cache
def device_tls() -> ssl.SSLContext:
    """For devices with a certificate of their own invention, and with the TLS of the year in which they were made.

    Neither can be helped in the village; what protects the password is that it is only sent as a digest.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # RSA of 1024 bits, SHA-1, no forward secrecy, no secure renegotiation: OpenSSL 3 refuses each of them by default.
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= _LEGACY_SERVER_CONNECT
    return context


def _encode(method: str, place: Place, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {place.target} HTTP/1.1", f"Host: {place.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + body


class _Reading:
    """Reads one response."""

    def __init__(
        self, reader: asyncio.StreamReader, place: Place, max_bytes: int, ends: re.Pattern[bytes] | None
    ) -> None:
        self._reader = reader
        self._place = place
        self._max_bytes = max_bytes
        self._ends = ends

    async def response(self, *, bodyless: bool) -> Response:
        status, headers = await self._head()
        while 100 <= status < 200:
            status, headers = await self._head()
        found = dict(headers)
        if bodyless or status in (204, 304):
            return Response(status, headers, b"")
        if "chunked" in found.get("transfer-encoding", "").lower():
            body, whole = await self._chunked()
        elif (length := found.get("content-length", "").strip()).isdecimal():
            body, whole = await self._sized(int(length[:18]))
        else:
            body, whole = await self._until_closed(), True
        if "content-encoding" in found:
            body = self._unpacked(body)
        return Response(status, headers, body, whole)

    async def _head(self) -> tuple[int, tuple[tuple[str, str], ...]]:
        lines: list[bytes] = []
        size = 0
        while True:
            line = await self._line()
            size += len(line)
            if size > MAX_HEAD_BYTES:
                raise self._bad("the header is too long / 头部过长")
            line = line.rstrip(b"\r\n")
            if line:
                lines.append(line)
            elif lines:
                break
        match = _STATUS.match(lines[0])
        if match is None:
            raise self._bad(repr(lines[0][:60]))
        pairs = (line.decode("latin-1").partition(":") for line in lines[1:])
        return int(match[1]), tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)

    async def _line(self) -> bytes:
        """One line with its end. Raises EOFError at the end of the stream."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise self._bad("a line is too long / 行过长") from error

    async def _sized(self, length: int) -> tuple[bytes, bool]:
        if length > self._max_bytes:
            raise BodyTooLarge(size=length, limit=self._max_bytes)
        body = bytearray()
        while len(body) < length and not self._ended(body):
            data = await self._reader.read(min(_CHUNK_BYTES, length - len(body)))
            if not data:
                return bytes(body), False
            body += data
        return bytes(body), True

    async def _chunked(self) -> tuple[bytes, bool]:
        body = bytearray()
        try:
            while size := self._chunk_size(await self._line()):
                if len(body) + size > self._max_bytes:
                    raise BodyTooLarge(size=len(body) + size, limit=self._max_bytes)
                body += await self._reader.readexactly(size)
                await self._line()
        except asyncio.IncompleteReadError as error:
            return bytes(body + error.partial), False
        return bytes(body), True

    def _chunk_size(self, line: bytes) -> int:
        text = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", text):
            raise self._bad("wrong chunk / 分块错误")
        return int(text, 16)

    async def _until_closed(self) -> bytes:
        body = bytearray()
        while not self._ended(body) and (data := await self._reader.read(_CHUNK_BYTES)):
            body += data
            if len(body) > self._max_bytes:
                raise BodyTooLarge(size=len(body), limit=self._max_bytes)
        return bytes(body)

    def _ended(self, body: bytearray) -> bool:
        return self._ends is not None and self._ends.search(body, max(0, len(body) - _TAIL_BYTES)) is not None

    def _unpacked(self, body: bytes) -> bytes:
        """What came as gzip or deflate; anything else as it is."""
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            plain = unpacking.decompress(body, self._max_bytes)
        except zlib.error:
            return body
        if unpacking.unconsumed_tail:
            raise BodyTooLarge(size=len(body), limit=self._max_bytes)
        return plain

    def _bad(self, why: str) -> BadHttp:
        return BadHttp(host=self._place.host, port=self._place.port, why=why)
