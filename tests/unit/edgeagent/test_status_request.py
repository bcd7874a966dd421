"""Heads of HTTP requests: what is understood, what is refused with which status, and whatever bytes may come."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.status.http import LOOPBACK_NAMES
from edgeagent.status.request import MAX_LINE_BYTES, Refused, Request, is_own, parse


def head(line="GET / HTTP/1.1", *headers, host="Host: localhost"):
    return "\r\n".join([line, *([host] if host else []), *headers, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET / HTTP/1.1", Request("GET", "/", {}, "localhost")),
        ("HEAD /metrics HTTP/1.0", Request("HEAD", "/metrics", {}, "localhost")),
        ("GET /?lang=en&lang=zh HTTP/1.1", Request("GET", "/", {"lang": "zh"}, "localhost")),
        ("GET /a%2Fb?x=%20 HTTP/1.1", Request("GET", "/a%2Fb", {"x": " "}, "localhost")),
    ],
)
def test_understood(line, expected):
    assert parse(head(line)) == expected


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (head("POST / HTTP/1.1"), 405),
        (head("CONNECT localhost:1 HTTP/1.1"), 405),
        (head("get / HTTP/1.1"), 405),
        (head("GET / HTTP/2.0"), 400),
        (head("GET /"), 400),
        (head("GET  / HTTP/1.1"), 400),
        (head("GET http://localhost/ HTTP/1.1"), 400),
        (head("GET //evil.example/ HTTP/1.1"), 400),
        (head("GET * HTTP/1.1"), 400),
        (head("GET /?a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1 HTTP/1.1"), 400),
        (head(f"GET /{'x' * MAX_LINE_BYTES} HTTP/1.1"), 414),
        (head(host=None), 400),
        (head(host="Host: a\r\nHost: a"), 400),
        (head(host="Host: user@localhost"), 400),
        (head(host="Host:"), 400),
        (head(host="Host : localhost"), 400),
        (head("GET / HTTP/1.1", "X: 1", " folded"), 400),
        (head("GET / HTTP/1.1", "X: \x01"), 400),
        (head("GET / HTTP/1.1", "Content-Length: 5"), 400),
        (head("GET / HTTP/1.1", "Transfer-Encoding: chunked"), 400),
        (head("GET / HTTP/1.1", *["X: 1"] * 70), 431),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
    ],
)
def test_refused(raw, status):
    with pytest.raises(Refused) as caught:
        parse(raw)
    assert caught.value.status == status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.0.0.1:9464", "[::1]:80", "localhost:"])
def test_our_own_names(host):
    assert is_own(parse(head(host=f"Host: {host}")).host, LOOPBACK_NAMES)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9464", "[::2]"])
def test_names_that_are_not_ours(host):
    assert not is_own(parse(head(host=f"Host: {host}")).host, LOOPBACK_NAMES)


usual = st.sampled_from([b"GET /?lang=en HTTP/1.1", b"Host: localhost", b"Host: [", b": ", b""])


@given(st.lists(st.binary(max_size=60) | usual, max_size=8))
def test_any_bytes_are_understood_or_refused(parts):
    with contextlib.suppress(Refused):
        request = parse(b"\r\n".join([*parts, b"", b""]))
        assert request.method in ("GET", "HEAD")
        assert request.path.startswith("/")
