"""One HTTP request, and what its end means for a message: surely not there, perhaps there, or there.

No connection is used twice: one that the server closes just then would leave it open whether the request was read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx

from countyhub.notify.channel import Failed, Retry, Unclear

MAX_ANSWER_BYTES = 64 * 1024
MAX_WAIT_S = 3600.0
_HEAD_CHARS = 200
_NOT_BEGUN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NEVER = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_HALF_WAY = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.DecodingError, TimeoutError)
_REFUSED = frozenset({400, 410, 413, 422})
_UNCLEAR = frozenset({502, 504})
"""What a proxy says when the server behind it took the request and did not answer."""


class Answer(NamedTuple):
    """The server's word, 2xx."""

    status: int
    body: bytes


def client(*, ca: str, proxy: str, timeout_s: float) -> httpx.AsyncClient:
    """Nothing of the environment counts: neither its proxies nor its netrc. Raises OSError when `ca` is not there."""
    return httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=ca or None),
        proxy=proxy or None,
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def request(
    to: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    total_s: float,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    name: str = "",
) -> Answer | Retry | Failed | Unclear:
    """At most `total_s`, whatever the server does. `name`: of the server, where `url` holds its address."""
    known = {"sni_hostname": name} if name else None
    stream = to.stream(method, url, content=content, headers=headers, extensions=known)
    try:
        async with asyncio.timeout(total_s), stream as response:
            body = await _read(response)
            return _judged(response, body)
    except _NOT_BEGUN as error:
        return _not_begun(error)
    except _NEVER as error:
        return Failed("address", str(error)[:_HEAD_CHARS])
    except _HALF_WAY as error:
        return Unclear(
            "timeout" if isinstance(error, (TimeoutError, httpx.TimeoutException)) else "answer", _told(error)
        )


async def _read(response: httpx.Response) -> bytes:
    """The beginning of the answer is all that anybody looks at."""
    found = bytearray()
    async for piece in response.aiter_bytes():
        found += piece
        if len(found) > MAX_ANSWER_BYTES:
            break
    return bytes(found[:MAX_ANSWER_BYTES])


def _judged(response: httpx.Response, body: bytes) -> Answer | Retry | Failed | Unclear:
    status = response.status_code
    told = f"HTTP {status} {body[:_HEAD_CHARS].decode(errors='replace')}".strip()
    if response.is_success:
        return Answer(status, body)
    if status in (429, 503):
        return Retry("rate" if status == 429 else "broken", told, _after(response))
    if status in (401, 403, 407):
        return Retry("auth", told)
    if status in _REFUSED:
        return Failed("refused", told)
    if status in _UNCLEAR:
        return Unclear("broken", told)
    return Retry("broken" if status >= 500 else "refused", told)


def _after(response: httpx.Response) -> float | None:
    """Retry-After: seconds or a date."""
    given = response.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given), MAX_WAIT_S)
    try:
        until = parsedate_to_datetime(given)
        now = parsedate_to_datetime(response.headers["date"])
        return min(max((until - now).total_seconds(), 0.0), MAX_WAIT_S)
    except (KeyError, ValueError, TypeError):  # TypeError: one of them has no zone
        return None


def _not_begun(error: httpx.HTTPError) -> Retry:
    """Name, connection and TLS told apart by what lies beneath."""
    if isinstance(error, httpx.TimeoutException):
        return Retry("timeout", _told(error))
    if isinstance(error, httpx.ProxyError):
        return Retry("unreachable", f"proxy: {_told(error)}")
    beneath: BaseException | None = error
    while beneath is not None:
        if isinstance(beneath, ssl.SSLError):
            return Retry("tls", _told(beneath))
        if isinstance(beneath, socket.gaierror):
            return Retry("dns", _told(beneath))
        beneath = beneath.__cause__ or beneath.__context__
    return Retry("unreachable", _told(error))


def _told(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_HEAD_CHARS]
