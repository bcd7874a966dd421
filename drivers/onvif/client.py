"""Talks SOAP to one camera: credentials in the way the camera takes them, by the camera's own clock.

`auth = "auto"`: a UsernameToken first; a camera that answers with an HTTP Digest challenge gets Digest from then on.
A refusal costs a second try at most, because cameras lock the account: then it raises one of `Refusal`.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from drivers.devicehttp.addresses import redirected, rewrite
from drivers.devicehttp.auth import REFUSAL_WAIT_S, Challenge, DigestAnswer, digest_challenge
from drivers.devicehttp.request import BodyTooLarge, HungUp, Place, Refused, Response, Unreachable, request
from drivers.onvif import soap
from drivers.onvif.soap import TDS, NotSoap, SoapFault
from drivers.safexml import MAX_XML_BYTES, BadXml, Element, children, first, first_text
from edgeagent.driver import DriverProblem

Auth = Literal["auto", "usernametoken", "digest", "none"]
Mode = Literal["token", "digest", "none"]
_FIRST_MODE: dict[Auth, Mode] = {"auto": "token", "usernametoken": "token", "digest": "digest", "none": "none"}

CALL_TIMEOUT_S = 10.0
MAX_REFUSALS = 2
# Clocks are read in whole seconds, over a network.
CLOCK_STEP_S = 5.0
# A camera may call every nonce stale for ever.
MAX_TRIES = 6
# A camera that wants HTTPS, or has moved ONVIF to another port, may say so in HTTP.
REDIRECTS = frozenset({301, 302, 307, 308})
MAX_REDIRECTS = 2
_HIKVISION = (b"hikvision", b"onvifext")
_log = logging.getLogger(__name__)


class Refusal(DriverProblem):
    """The camera does not let us in: asking again soon would lock the account."""

    reason: ClassVar[str]


class WrongPassword(Refusal):
    code = "onvif.wrong-password"
    reason = "wrong-password"
    en = "the camera refused user “{user}”: correct username and password; no further try for {wait_min} minutes"
    zh = "摄像机拒绝用户“{user}”：请更正用户名和密码；{wait_min} 分钟内不再尝试，以免账号被锁"


class NeedsUser(Refusal):
    code = "onvif.needs-onvif-user"
    reason = "needs-onvif-user"
    en = (
        "the camera refused user “{user}”: create the ONVIF user on the camera (Hikvision: Network > Advanced > "
        "Integration Protocol), it is not the web user; no further try for {wait_min} minutes"
    )
    zh = (
        "摄像机拒绝用户“{user}”：请在摄像机上创建 ONVIF 用户（海康：网络 > 高级配置 > 集成协议），"
        "它不同于网页登录用户；{wait_min} 分钟内不再尝试"
    )


class NoUser(Refusal):
    code = "onvif.no-user"
    reason = "no-user"
    en = "the camera lets nobody in without a login: set username and password of this device"
    zh = "摄像机需要登录：请为该设备设置 username 和 password"


class ClockWrong(Refusal):
    code = "onvif.clock-wrong"
    reason = "clock-wrong"
    en = (
        "the camera refused user “{user}” and does not tell its time: set its clock (NTP), then check the password; "
        "no further try for {wait_min} minutes"
    )
    zh = "摄像机拒绝用户“{user}”，且读不到它的时间：请先校准摄像机时钟（NTP），再检查密码；{wait_min} 分钟内不再尝试"


class _NotAuthorized(Exception):
    def __init__(self, challenge: Challenge | None, sent: bool) -> None:
        super().__init__()
        self.challenge = challenge
        self.sent = sent


class Client:
    """One camera's credentials and clock. `device_url` is the true address of its device service."""

    def __init__(
        self, device_url: str, username: str, password: str, auth: Auth, *, max_refusals: int = MAX_REFUSALS
    ) -> None:
        self.device_url = device_url
        self.username = username
        self.password = password
        self.auth: Auth = auth
        self.clock_offset_s: float | None = None
        """Camera's clock minus ours; None while it is not known."""
        self.mode: Mode = self._first_mode()
        self.clock_known = False
        """It has told its time at least once."""
        self._proven_s: float | None = None
        self._untrue_s: float | None = None
        self.locked_out = False
        """The camera refused us, and the time to wait is not over: nobody may ask it anything with a password."""
        self.cut_short = False
        """The last answer stopped half-way: what came was read, what did not is lost."""
        self._digest: DigestAnswer | None = None
        self._refusals = 0
        self._max_refusals = max_refusals
        self._hikvision = False
        self._moved_to = ""

    def place(self, url: str) -> Place:
        """Where a URL of this camera is really asked: it may have sent us to another scheme or port."""
        return Place.of(rewrite(url, self._moved_to) if self._moved_to else url)

    @property
    def reached_url(self) -> str:
        """The same of the device service, as a URL."""
        return rewrite(self.device_url, self._moved_to) if self._moved_to else self.device_url

    def forget_refusals(self) -> None:
        """Begin afresh: the time to wait is over."""
        self.locked_out = False
        self._refusals = 0
        self.mode = self._first_mode()
        self._digest = None
        self.clock_offset_s = self._untrue_s = None

    async def call(
        self,
        url: str,
        body: str,
        *,
        expect: str,
        action: str = "",
        parameters: Sequence[str] = (),
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Element:
        """The element named `expect` of the answer.

        Raises `SoapFault`, `Refusal`, `HttpProblem`, `NotSoap`, `BadXml`, `BodyTooLarge`.
        """
        if self.mode == "token" and self.clock_offset_s is None:
            await self.read_clock()
        reread = False
        for _ in range(MAX_TRIES):
            headers = [soap.addressing(action, url, f"urn:uuid:{uuid.uuid4()}", parameters)] if action else []
            try:
                answer = await self._send(url, body, headers, action, timeout_s)
                self._refusals = 0
                self._proven_s = self.clock_offset_s if self.mode == "token" else None
                return _expected(answer, expect, url)
            except _NotAuthorized as refused:
                if self._take_challenge(refused):
                    continue
                if self.mode == "token" and not reread and self._refusals < self._max_refusals:
                    reread = True
                    await self._doubt_clock()
                    continue
                raise self._verdict() from refused
        raise self._verdict()

    async def call_open(self, url: str, body: str, *, expect: str, timeout_s: float = CALL_TIMEOUT_S) -> Element:
        """The same without credentials; a camera that wants some gives `SoapFault` or `NotSoap`."""
        response = await self._post(url, soap.envelope(body), {}, "", timeout_s)
        if response.status in (401, 403):
            raise NotSoap(url=url, status=response.status)
        return _expected(soap.read_reply(response.body, url, response.status), expect, url)

    async def read_clock(self) -> None:
        """Learn how far the camera's clock is from ours, without credentials, else with them."""
        if await self.read_open_clock():
            return
        self.clock_offset_s = 0.0
        try:
            self._take_clock(await self.call(self.device_url, _GET_CLOCK, expect="GetSystemDateAndTimeResponse"))
        except (SoapFault, NotSoap, BadXml, BodyTooLarge):
            _log.debug("%s does not tell its time", self.device_url)

    async def read_open_clock(self) -> bool:
        """The same without credentials only; whether the offset is known. The cheapest sign of life.

        Raises `HttpProblem` when the camera does not answer at all.
        """
        try:
            self._take_clock(await self.call_open(self.device_url, _GET_CLOCK, expect="GetSystemDateAndTimeResponse"))
        except (SoapFault, NotSoap, BadXml, BodyTooLarge):
            return False
        return self.clock_offset_s is not None

    async def _doubt_clock(self) -> None:
        """After a refusal: the camera's clock may have been set, or it judges by another clock than it tells."""
        before_s = self.clock_offset_s or 0.0
        await self.read_open_clock()
        same = abs((self.clock_offset_s or 0.0) - before_s) < CLOCK_STEP_S
        proven = self._proven_s is not None and abs(self._proven_s - before_s) < CLOCK_STEP_S
        if same and not proven and abs(before_s) > CLOCK_STEP_S:
            # Told the same again. Usually it is local time called UTC, and our own time is right.
            self._untrue_s, self.clock_offset_s = before_s, 0.0

    def _take_clock(self, answer: Element) -> None:
        moment = camera_time(answer)
        if moment is None:
            return
        told_s = (moment - datetime.now(UTC)).total_seconds()
        untrue = self._untrue_s is not None and abs(told_s - self._untrue_s) < CLOCK_STEP_S
        self.clock_offset_s = 0.0 if untrue else told_s
        self.clock_known = True

    def _first_mode(self) -> Mode:
        return _FIRST_MODE[self.auth] if self.username else "none"

    async def _send(self, url: str, body: str, headers: list[str], action: str, timeout_s: float) -> Element:
        fields: dict[str, str] = {}
        if self.mode == "token":
            created = datetime.now(UTC) + timedelta(seconds=self.clock_offset_s or 0.0)
            headers = [soap.username_token(self.username, self.password, created, secrets.token_bytes(16)), *headers]
        elif self.mode == "digest" and self._digest is not None:
            fields["Authorization"] = self._digest.header("POST", self.place(url).target)
        sent = self.mode == "token" or "Authorization" in fields
        response = await self._post(url, soap.envelope(body, *headers), fields, action, timeout_s)
        challenge = digest_challenge(response.all("www-authenticate"))
        if response.status in (401, 403):
            raise _NotAuthorized(challenge, sent)
        try:
            return soap.read_reply(response.body, url, response.status)
        except SoapFault as fault:
            if fault.not_authorized:
                raise _NotAuthorized(challenge, sent) from fault
            raise

    async def _post(self, url: str, body: bytes, fields: dict[str, str], action: str, timeout_s: float) -> Response:
        kind = "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")
        headers = {"Content-Type": kind, "Accept": "application/soap+xml, text/xml, */*", **fields}
        self.cut_short = False
        place, response = await self.ask(url, headers, body, timeout_s)
        if response.status in (200, 202, 204) and not response.body.strip(b"\0 \r\n\t"):
            raise HungUp(host=place.host, port=place.port)
        # Not by Content-Length: some firmware gets that wrong, and always.
        self.cut_short = b"<" in response.body and b"Envelope>" not in response.body[-512:].replace(b"\0", b"")
        lowered = response.body[:8192].lower()
        self._hikvision = self._hikvision or any(mark in lowered for mark in _HIKVISION)
        return response

    async def ask(self, url: str, headers: dict[str, str], body: bytes, timeout_s: float) -> tuple[Place, Response]:
        """The answer as it is, and of whom: where the camera sends us on, we go. Raises `HttpProblem`."""
        for _ in range(MAX_REDIRECTS + 1):
            place = self.place(url)
            try:
                response = await request(
                    "POST", place, headers, body, timeout_s=timeout_s, max_bytes=MAX_XML_BYTES, ends=soap.END
                )
            except (Refused, Unreachable):
                # It may have been set back: the next question goes to the configured address.
                self._moved_to = ""
                raise
            elsewhere = redirected(url, response.get("location")) if response.status in REDIRECTS else ""
            if not elsewhere or Place.of(elsewhere).target != place.target:
                break
            self._moved_to = elsewhere
        return place, response

    def _take_challenge(self, refused: _NotAuthorized) -> bool:
        """Count the refusal; True when the challenge that came with it is worth an answer."""
        challenge, before = refused.challenge, self._digest
        if self.mode == "digest" and challenge is not None and before is not None:
            # An old nonce is no wrong password, whether the camera says `stale` or only gives a new one.
            used_up = challenge.stale or (before.used > 1 and challenge.nonce != before.challenge.nonce)
            self._digest = DigestAnswer(challenge, self.username, self.password)
            if used_up:
                return True
            self._digest = None
        if refused.sent:
            self._refusals += 1
        if challenge is None or self._refusals >= self._max_refusals or not self.username:
            return False
        if (self.mode == "digest" and before is None) or (self.mode == "token" and self.auth == "auto"):
            self.mode = "digest"
            self._digest = DigestAnswer(challenge, self.username, self.password)
            return True
        return False

    def _verdict(self) -> Refusal:
        self.locked_out = True
        facts = {"user": self.username, "wait_min": round(REFUSAL_WAIT_S / 60)}
        if not self.username:
            return NoUser()
        if self._hikvision:
            return NeedsUser(**facts)
        if self.mode == "token" and not self.clock_known:
            return ClockWrong(**facts)
        return WrongPassword(**facts)


_GET_CLOCK = f'<GetSystemDateAndTime xmlns="{TDS}"/>'


def _expected(answer: Element, expect: str, url: str) -> Element:
    found = next(children(answer, expect), None)
    if found is None:
        raise NotSoap(url=url, status=200)
    return found


def camera_time(answer: Element) -> datetime | None:
    """The time that a GetSystemDateAndTimeResponse tells, as UTC; some cameras only tell the local one."""
    for name in ("UTCDateTime", "LocalDateTime"):
        node = first(answer, name)
        if node is None:
            continue
        parts = [first_text(node, part) for part in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
        try:
            year, month, day, hour, minute, second = (int(part) for part in parts)
            return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        except ValueError:
            continue
    return None
