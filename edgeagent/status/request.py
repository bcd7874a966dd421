"""Parses the head of an HTTP/1.x request (RFC 9112) as strictly as a page for one machine may. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

MAX_LINE_BYTES = 2048
MAX_HEADERS = 64
MAX_QUERY_FIELDS = 8

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S+) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253})(?::[0-9]{0,5})?")


class Refused(Exception):
    """The request gets this status and these words, and no more."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Request(NamedTuple):
    """`path` as it was sent, percent signs included; `query` decoded, the last of equal names counts."""

    method: str
    path: str
    query: dict[str, str]
    host: str


def parse(head: bytes) -> Request:
    """Everything up to and with the empty line -> the request. Raises `Refused`; nothing else whatever the bytes."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if len(first) > MAX_LINE_BYTES:
        raise Refused(414, "request line too long")
    line = _LINE.fullmatch(first)
    if line is None:
        raise Refused(400, "not a request line of HTTP/1.x")
    method, target = line[1].decode("ascii"), line[2].decode("latin-1")
    headers = _headers(lines)
    host = _host(headers)
    if method not in ("GET", "HEAD"):
        raise Refused(405, "only GET and HEAD")
    if any(name in (b"content-length", b"transfer-encoding") and value != b"0" for name, value in headers):
        raise Refused(400, "a request with a body")
    path, query = _target(target)
    return Request(method, path, query, host)


def is_own(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names us: a foreign page that points its own name at 127.0.0.1 must learn nothing.

    The port is not looked at: over an SSH tunnel it is another one.
    """
    return host.lower().removesuffix(".") in names


def _headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    if len(lines) > MAX_HEADERS:
        raise Refused(431, "too many header fields")
    found = [_HEADER.fullmatch(line) for line in lines]
    if None in found:
        raise Refused(400, "malformed header field")
    return [(match[1].lower(), match[2].strip()) for match in found if match is not None]


def _host(headers: list[tuple[bytes, bytes]]) -> str:
    """The name in the one Host header, without the port; brackets of IPv6 stay."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None:
        raise Refused(400, "exactly one Host header is needed")
    return match[1]


def _target(target: str) -> tuple[str, dict[str, str]]:
    if not target.startswith("/") or target.startswith("//"):
        raise Refused(400, "the target must begin with a single /")
    try:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        raise Refused(400, "malformed target") from None
    return parts.path, query
