"""Looks at one camera that was found: who it is, whether a login works, whether it gives events and pictures.

A login is tried once, or twice at most, because cameras lock the account. The subscription that proves that there are
events is ended at once; a camera that the running agent watches is asked nothing of the kind.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from drivers.devicehttp.addresses import rewrite
from drivers.devicehttp.auth import digest_challenge
from drivers.devicehttp.request import HttpProblem, Place
from drivers.onvif import soap
from drivers.onvif.client import Auth, Client, NeedsUser, Refusal
from drivers.onvif.discovery import faults
from drivers.onvif.discovery.probe import Match
from drivers.onvif.identity import INFORMATION, information, telling
from drivers.onvif.ladder.pullpoints import PullPoints
from drivers.onvif.ladder.service import find_service
from drivers.onvif.ladder.slot import Slot
from drivers.onvif.soap import TDS, NotSoap, SoapFault, read_reply
from drivers.safexml import BadXml, Element, attribute, descendants, first_text
from drivers.snapshot.fetch import MAX_FETCH_BYTES, Snapshots
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import PictureProblem
from edgeagent.driver import DriverProblem, Login

MAX_REFUSALS = 2
# Beyond this a camera may refuse a right password (it compares the token's time with its own).
SKEW_TOLD_S = 30.0
_DAYS_FROM_S = 2 * 86400.0
TIMEOUT_S = 8.0
UNSUBSCRIBE_TIMEOUT_S = 5.0
# The picture is only looked at: nothing is made smaller.
_AS_IT_IS = Keep(width_px=2**16)
_TRT = "http://www.onvif.org/ver10/media/wsdl"
_ANSWERS = (SoapFault, NotSoap, BadXml)
_log = logging.getLogger(__name__)


class Look(NamedTuple):
    """What was found out. `about`: texts of GetDeviceInformation by element name."""

    url: str
    login: Login | None = None
    about: dict[str, str] = {}  # noqa: RUF012  # never changed
    mac: str = ""
    events: bool | None = None
    pictures: bool | None = None
    problems: tuple[DriverProblem, ...] = ()
    refused: bool = False
    reached: bool = True


class Looker:
    """One device at its address; `refused_at`: an address of maybe the same camera that has refused us already."""

    def __init__(self, url: str, logins: Sequence[Login], *, refused_at: str = "") -> None:
        self._url = url
        self._logins = logins
        self._refused_at = refused_at
        self._problems: list[DriverProblem] = []

    async def look(self) -> Look:
        """Everything; never raises for what the camera does."""
        client = Client(self._url, "", "", "none")
        try:
            await client.read_clock()
        except HttpProblem as problem:
            return Look(self._url, problems=(faults.Silent(**faults.why(problem)),), reached=False)
        except Refusal:
            self._problems.append(faults.NoClock())
        self._judge_clock(client.clock_offset_s)
        try:
            return await self._look(client)
        except HttpProblem as problem:
            return Look(self._url, problems=(*self._problems, faults.Silent(**faults.why(problem))))

    async def _look(self, stranger: Client) -> Look:
        wants = await self._wanted_auth(stranger)
        if wants == "none" and not self._logins:
            return await self._with(stranger, None, await _about(stranger) or {})
        if not self._logins or self._refused_at:
            self._problems.append(faults.NotTried(other=self._refused_at) if self._refused_at else faults.NoLogin())
            return Look(self._url, problems=tuple(self._problems))
        return await self._log_in(wants)

    async def _wanted_auth(self, stranger: Client) -> Auth:
        """What the camera wants, found out without a password that it could count."""
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        body = soap.envelope(INFORMATION)
        _, answer = await stranger.ask(self._url, headers, body, TIMEOUT_S)
        challenge = digest_challenge(answer.all("www-authenticate"))
        try:
            read_reply(answer.body, self._url, answer.status)
        except SoapFault:
            # With a fault beside the challenge either will do, and a token needs no second question.
            return "usernametoken"
        except (NotSoap, BadXml):
            return "digest" if challenge is not None else "usernametoken"
        return "none"

    async def _log_in(self, auth: Auth) -> Look:
        """Each login once; with a single one the client may look at the clock again and try a second time."""
        tried: list[str] = []
        needs_user = False
        several = len(self._logins) > 1
        for login in self._logins[:MAX_REFUSALS]:
            client = Client(
                self._url,
                login.username,
                login.password,
                ("usernametoken" if auth == "none" else auth) if several else "auto",
                max_refusals=1 if several else MAX_REFUSALS,
            )
            try:
                about = await _about(client)
            except Refusal as refusal:
                tried.append(login.username)
                needs_user = needs_user or isinstance(refusal, NeedsUser)
                continue
            return await self._with(client, login, about or {})
        names = "、".join(f"“{name}”" for name in dict.fromkeys(tried))
        left = len(self._logins) - len(tried)
        kind = faults.NeedsUser if needs_user else faults.WrongPassword
        self._problems.append(kind(users=names, left=f" (+{left}: not tried / 未试)" if left else ""))
        return Look(self._url, problems=tuple(self._problems), refused=True)

    async def _with(self, client: Client, login: Login | None, about: dict[str, str]) -> Look:
        try:
            await self._ask_clock(client)
            mac = await _mac(client)
            events, pictures = await self._events(client), await self._pictures(client)
        except Refusal:
            # Some let everybody read the model, and nobody subscribe.
            users = f"“{client.username}”"
            self._problems.append(faults.WrongPassword(users=users, left="") if login else faults.NoLogin())
            return Look(self._url, None, about, problems=tuple(self._problems), refused=login is not None)
        return Look(self._url, login, about, mac, events, pictures, tuple(self._problems))

    async def _ask_clock(self, client: Client) -> None:
        """With the login that works, where strangers are not told the time."""
        if any(isinstance(problem, faults.NoClock) for problem in self._problems):
            await client.read_clock()
            if client.clock_known:
                self._problems = [one for one in self._problems if not isinstance(one, faults.NoClock)]
                self._judge_clock(client.clock_offset_s)

    async def _events(self, client: Client) -> bool:
        """Subscribe and end it at once."""
        with tempfile.TemporaryDirectory() as folder:
            slot = Slot(client, Path(folder))
            try:
                try:
                    await PullPoints(client, slot).create(await find_service(client))
                finally:
                    await slot.unsubscribe(timeout_s=UNSUBSCRIBE_TIMEOUT_S)
            except SoapFault as fault:
                self._problems.append(faults.NoSlot() if fault.no_slot else faults.NoEvents(**faults.why(fault)))
                # Where all places are taken, there are events.
                return fault.no_slot
            except (NotSoap, BadXml, HttpProblem) as problem:
                self._problems.append(faults.NoEvents(**faults.why(problem)))
                return slot.held is not None
        return True

    async def _pictures(self, client: Client) -> bool:
        try:
            uri = await _snapshot_uri(client)
            snapshots = Snapshots(self._url, client.username, client.password, _AS_IT_IS)
            await snapshots.fetch(uri, MAX_FETCH_BYTES)
        except (*_ANSWERS, HttpProblem, PictureProblem) as problem:
            self._problems.append(faults.NoPicture(**faults.why(problem)))
            return False
        return True

    def _judge_clock(self, offset_s: float | None) -> None:
        if offset_s is None or abs(offset_s) < SKEW_TOLD_S:
            return
        ahead, seconds = offset_s > 0, abs(offset_s)
        far = (seconds, "s", "秒") if seconds < _DAYS_FROM_S else (seconds / 86400, "days", "天")
        self._problems.append(
            faults.ClockWrong(
                far_en=f"{far[0]:.0f} {far[1]}",
                far_zh=f"{far[0]:.0f} {far[2]}",
                direction_en="fast" if ahead else "slow",
                direction_zh="快" if ahead else "慢",
            )
        )


async def _about(client: Client) -> dict[str, str] | None:
    """Raises `Refusal`, `HttpProblem`; what else goes wrong leaves it unknown."""
    try:
        return await information(client, TIMEOUT_S)
    except _ANSWERS as problem:
        _log.debug("%s: %s", client.device_url, problem)
        return None


async def _mac(client: Client) -> str:
    try:
        answer = await client.call(
            client.device_url,
            f'<GetNetworkInterfaces xmlns="{TDS}"/>',
            expect="GetNetworkInterfacesResponse",
            timeout_s=TIMEOUT_S,
        )
    except _ANSWERS:
        return ""
    return "".join(char for char in first_text(answer, "HwAddress").lower() if char in "0123456789abcdef")[:12]


async def _snapshot_uri(client: Client) -> str:
    """Where the picture of the first profile is. Raises `SoapFault`, `NotSoap`, `BadXml`, `HttpProblem`, `Refusal`."""
    media = await _media_service(client)
    answer = await client.call(
        media, f'<GetProfiles xmlns="{_TRT}"/>', expect="GetProfilesResponse", timeout_s=TIMEOUT_S
    )
    token = next((attribute(node, "token") or "" for node in descendants(answer, "Profiles")), "")
    body = f'<GetSnapshotUri xmlns="{_TRT}"><ProfileToken>{escape(token)}</ProfileToken></GetSnapshotUri>'
    answer = await client.call(media, body, expect="GetSnapshotUriResponse", timeout_s=TIMEOUT_S)
    uri = first_text(answer, "Uri")
    if not uri:
        raise NotSoap(url=media, status=200)
    return uri


async def _media_service(client: Client) -> str:
    """As the camera says, else the device service itself."""
    body = f'<GetCapabilities xmlns="{TDS}"><Category>Media</Category></GetCapabilities>'
    try:
        answer = await client.call(client.device_url, body, expect="GetCapabilitiesResponse", timeout_s=TIMEOUT_S)
    except _ANSWERS:
        return client.device_url
    holders: list[Element] = list(descendants(answer, "Media"))
    named = next((text for holder in holders if (text := first_text(holder, "XAddr"))), "")
    return rewrite(named, client.device_url) or client.device_url


def address_of(url: str) -> str:
    """As short as a configuration takes it: host, host:port, or the whole URL where path or scheme are unusual."""
    place = Place.of(url)
    if place.tls or place.target != "/onvif/device_service":
        return url
    return place.authority


def keys_of(look: Look, match: Match | None, arp_mac: str) -> tuple[str, ...]:
    """What tells this camera from all others, strongest first."""
    serial = look.about.get("SerialNumber", "")
    mac = look.mac or arp_mac or (match.mac if match else "")
    keys = [f"serial:{serial}"] if telling(serial) else []
    keys += [f"mac:{mac}"] if telling(mac) and len(mac) == 12 else []
    keys += [f"endpoint:{match.endpoint}"] if match and telling(match.endpoint) else []
    return tuple(keys) or (f"address:{address_of(look.url)}",)
