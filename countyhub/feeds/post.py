"""One attempt at one delivery: a signed POST to an address that was looked at, and what came of it.

Redirects are not followed, proxies of the environment not used, connections not kept; of the answer at most 1 KiB is
read, and everything together takes no longer than the time that is set.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import NamedTuple

import httpx

from countyhub.config import FeedsSettings
from countyhub.feeds.envelope import CONTENT_TYPE
from countyhub.outbound.targets import TargetProblem, Targets, parse
from gridwire.problem import Problem

MAX_ANSWER_BYTES = 1024
ANSWER_S = 2.0
"""For the text of a refusal, once its status is known."""


class CaUnreadable(Problem):
    code = "feeds.ca-unreadable"
    en = "feeds.ca: cannot read the certificates in {path}: {why}"
    zh = "feeds.ca：无法读取证书文件 {path}：{why}"


class Answer(NamedTuple):
    """What came of an attempt. `status` 0: no answer, `text` says why; otherwise the begin of the answer's text."""

    status: int
    text: str
    retry_after: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


class Poster:
    """Makes attempts. Raises `BadNetwork`, `CaUnreadable`: mistakes in the settings."""

    def __init__(self, settings: FeedsSettings) -> None:
        self.targets = Targets(settings.allow_private)
        self._timeout_s = settings.timeout_s
        self._tls = _tls(settings.ca)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Never raises for what the receiver or the network does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Answer(0, f"no answer within {self._timeout_s:g} s")
        except TargetProblem as problem:
            return Answer(0, str(problem))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Answer(0, f"{type(error).__name__}: {error}"[:500])

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        target = parse(url)
        addresses = await self.targets.find(target)
        limits = httpx.Limits(max_keepalive_connections=0)  # one kept for a host would serve another at its address
        wait = httpx.Timeout(self._timeout_s, connect=self._timeout_s / max(len(addresses), 1))
        async with httpx.AsyncClient(verify=self._tls, trust_env=False, limits=limits, timeout=wait) as client:
            for number, address in enumerate(addresses, 1):
                request = client.build_request(
                    "POST",
                    target.copy_with(host=str(address)),
                    content=body,
                    headers={**headers, "host": target.netloc.decode("ascii"), "content-type": CONTENT_TYPE,
                             "user-agent": "countyhub-webhook/1"},
                    extensions={"sni_hostname": target.raw_host.decode("ascii")},
                )  # fmt: skip
                try:
                    response = await client.send(request, stream=True, follow_redirects=False)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if number == len(addresses):
                        raise
                    continue
                return await _answer(response)
        raise OSError("no address")  # a resolver that finds a name without addresses


async def _answer(response: httpx.Response) -> Answer:
    text = b""
    try:
        if not response.is_success:
            with contextlib.suppress(TimeoutError, httpx.HTTPError):
                async with asyncio.timeout(ANSWER_S):
                    async for piece in response.aiter_raw():
                        text += piece
                        if len(text) >= MAX_ANSWER_BYTES:
                            break
    finally:
        await response.aclose()
    return Answer(response.status_code, _printable(text[:MAX_ANSWER_BYTES]), response.headers.get("retry-after", ""))


def _printable(text: bytes) -> str:
    """As it may stand in a terminal and in the database."""
    return "".join(each if each.isprintable() else " " for each in text.decode("utf-8", "replace")).strip()[:500]


def _tls(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca:
        try:
            context.load_verify_locations(ca)
        except OSError as error:  # ssl.SSLError is one
            raise CaUnreadable(path=ca, why=error) from error
    return context
