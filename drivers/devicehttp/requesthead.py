"""Heads of HTTP requests that devices send (RFC 9112), read as tolerantly as is safe. Pure.

Tolerated: bare line feeds, no Host, absolute targets, unknown methods. Refused: what leaves open where the body ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

MAX_FIELDS = 64
MAX_QUERY_FIELDS = 32
CHUNKED: Literal[-1] = -1

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) +(\S+) +HTTP/1\.([01]) *")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*([\x20-\x7e\x80-\xff\t]*)")


class BadRequest(Exception):
    """The request gets this status and these words, and no more."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """`target` as sent, `path` with percent signs as sent, `query` decoded (the last of equal names counts).

    `headers` are (lower-case name, value) in order; `peer` is the sender's address.
    """

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    peer: str = ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        """The first header of that lower-case name; empty when there is none."""
        return next(iter(self.all(name)), "")


def parse_head(head: bytes) -> Request:
    """The lines up to the empty one -> a request without its body. Raises `BadRequest`; nothing else."""
    first, *lines = [line.removesuffix(b"\r") for line in head.strip(b"\r\n").split(b"\n")]
    found = _LINE.fullmatch(first)
    if found is None:
        raise BadRequest(400, "not a request line of HTTP/1.x / 不是 HTTP/1.x 请求")
    if len(lines) > MAX_FIELDS:
        raise BadRequest(431, "too many header fields / 头部字段过多")
    target = found[2].decode("latin-1")
    path, query = _target(target)
    return Request(found[1].decode("ascii"), target, path, query, tuple(map(_field, lines)))


def body_length(request: Request) -> int:
    """Bytes of the body, or `CHUNKED`. Raises `BadRequest` when it cannot be known."""
    coding, lengths = request.get("transfer-encoding").strip().lower(), set(request.all("content-length"))
    if coding:
        if coding != "chunked" or lengths:
            raise BadRequest(400, "transfer coding not understood / 无法识别传输编码")
        return CHUNKED
    if not lengths:
        if request.method in ("POST", "PUT", "PATCH"):
            raise BadRequest(411, "Content-Length is missing / 缺少 Content-Length")
        return 0
    text = lengths.pop().strip()
    if lengths or not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadRequest(400, "Content-Length is no number / Content-Length 不正确")
    return int(text)


def chunk_length(line: bytes) -> int:
    """The first line of a chunk -> its bytes. Raises `BadRequest`."""
    text = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", text):
        raise BadRequest(400, "wrong chunk / 分块错误")
    return int(text, 16)


def _field(line: bytes) -> tuple[str, str]:
    found = _FIELD.fullmatch(line)
    if found is None:
        raise BadRequest(400, "malformed header field / 头部字段格式错误")
    return found[1].decode("ascii").lower(), found[2].decode("latin-1").strip()


def _target(target: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(target if not target.startswith("//") else "/" + target.lstrip("/"))
        query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        raise BadRequest(400, "malformed target / 请求地址格式错误") from None
    return parts.path or "/", query
