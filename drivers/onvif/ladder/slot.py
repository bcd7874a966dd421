"""The one subscription that we may have at a camera, of whatever kind: asked for, measured, kept on disk, ended.

A camera has few slots and does not forget soon, so what an earlier process left is ended first, and there are never
two. What the camera grants is compared with what was asked: firmware misreads times. ONVIF Core, Event Handling.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from drivers.devicehttp.addresses import at_port, named_port, rewrite
from drivers.devicehttp.request import HttpProblem, HungUp, Place
from drivers.onvif.client import CALL_TIMEOUT_S, Client
from drivers.onvif.notifications import parse_time
from drivers.onvif.soap import BW, WSNT, NotSoap, SoapFault, reference_parameters
from drivers.safexml import BadXml, Element, first, first_text
from gridwire import wholefile

LIFETIME_S = 600
MIN_LIFETIME_S = 60
UNSUBSCRIBE_TIMEOUT_S = 3.0
# A camera that answers, but to no Unsubscribe, is believed to have no subscription after so many tries.
PATIENCE = 3
_FILE = "subscription.json"
_UNSUBSCRIBE = f"{BW}/SubscriptionManager/UnsubscribeRequest"
_RENEW = f"{BW}/SubscriptionManager/RenewRequest"
# Nothing, a name and no place (WS-Addressing's anonymous, a URN), or no more than a host: whoever answered keeps it.
_NOWHERE = re.compile(r"|urn:.*|uuid:.*|.*/addressing(?:/role)?/anonymous|(?:https?://)?[^/?]*/?", re.IGNORECASE)
_log = logging.getLogger(__name__)


class Form(NamedTuple):
    """One way to say how long a subscription is to live."""

    lifetime_s: int
    absolute: bool


# Seconds are read rightly by most firmware; minutes never appear. Absolute times are on the camera's clock.
FORMS = (Form(LIFETIME_S, False), Form(MIN_LIFETIME_S, False), Form(LIFETIME_S, True))


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where to pull. `address` has the true host and port; `parameters` are headers to send back, as XML."""

    address: str
    other: str = ""
    """The same at the port that the camera named, where that is another one: seldom right, but it happens."""
    parameters: tuple[str, ...] = ()
    granted_s: float | None = None
    camera: str = ""
    """The device that gave it: another one at another address must not be told to end it."""


Ask = Callable[[str], Awaitable[Element]]
"""Subscribes with this termination time; gives the camera's answer."""


class Slot:
    """Holds at most one subscription at the camera."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._path = folder / _FILE
        self._form = FORMS[0]
        self._worst: set[Form] = set()
        self._not_ended = 0
        self.held: Subscription | None = self._load()

    async def open(self, ask: Ask, service_url: str) -> Subscription:
        """A new subscription; the old one must have been ended. Raises what `Client.call` raises.

        `service_url`: who is asked, and who keeps it unless it names another place.
        """
        try:
            subscription = await self._take(ask, service_url)
        except SoapFault as fault:
            if not self._vary(fault):
                raise
            subscription = await self._take(ask, service_url)
        if _misread(subscription.granted_s, self._form) and (better := self._other(absolute=True)) is not None:
            self._worst.add(self._form)
            self._form = better
            await self.unsubscribe()
            subscription = await self.open(ask, service_url)
        return subscription

    def _vary(self, fault: SoapFault) -> bool:
        """Choose another form for the next time; whether it is worth asking at once."""
        if fault.not_supported or fault.no_slot:
            return False
        self._worst.add(self._form)
        other = self._other(absolute=False) or self._other(absolute=True)
        if other is None:
            self._worst.clear()
        self._form = other or FORMS[0]
        return other is not None and any("TerminationTime" in name for name in fault.names)

    def _other(self, *, absolute: bool) -> Form | None:
        return next((form for form in FORMS if form.absolute is absolute and form not in self._worst), None)

    async def _take(self, ask: Ask, service_url: str) -> Subscription:
        answer = await ask(self.termination)
        self.held = _read_subscription(answer, self._client.device_url, service_url)
        self._save()
        return self.held

    @property
    def lifetime_s(self) -> float:
        """How long a subscription lives without us, as far as is known."""
        granted = self.held.granted_s if self.held is not None else None
        asked = self._form.lifetime_s
        return min(asked, granted) if granted is not None and granted >= 2.0 else asked

    @property
    def termination(self) -> str:
        """When a subscription made now is to end, in the form that this camera understands."""
        if not self._form.absolute:
            return f"PT{self._form.lifetime_s}S"
        end = datetime.now(UTC) + timedelta(seconds=self._form.lifetime_s + (self._client.clock_offset_s or 0.0))
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    async def renew(self) -> None:
        """Prolong the one we hold. Raises what `Client.call` raises: many cameras refuse, and some crash."""
        body = f'<Renew xmlns="{WSNT}"><TerminationTime>{self.termination}</TerminationTime></Renew>'
        await self._manage(body, "RenewResponse", _RENEW, CALL_TIMEOUT_S)

    async def _manage(self, body: str, expect: str, action: str, timeout_s: float) -> None:
        held = self.held
        assert held is not None
        try:
            await self._client.call(
                held.address, body, expect=expect, action=action, parameters=held.parameters, timeout_s=timeout_s
            )
        except NotSoap:
            if self.elsewhere() is None:
                raise
            await self._manage(body, expect, action, timeout_s)

    async def unsubscribe(self, *, timeout_s: float = UNSUBSCRIBE_TIMEOUT_S) -> None:
        """End the one we hold, if any. A camera that no longer knows it is no error; one that is away is, for a while.

        Raises `Refusal`, and `HttpProblem` as long as it is likely that there would be two.
        """
        if self.held is None:
            return
        try:
            await self._manage(f'<Unsubscribe xmlns="{WSNT}"/>', "UnsubscribeResponse", _UNSUBSCRIBE, timeout_s)
        except (SoapFault, NotSoap, BadXml, HttpProblem) as problem:
            _log.debug("unsubscribe: %s", problem)
            self._not_ended += 1
            if isinstance(problem, HttpProblem) and not isinstance(problem, HungUp) and self._not_ended < PATIENCE:
                raise
        self.forget()

    def elsewhere(self) -> Subscription | None:
        """The one we hold, from now on at the other port; None when there is none, or it has been tried."""
        if self.held is None or not self.held.other:
            return None
        self.held = msgspec.structs.replace(self.held, address=self.held.other, other="")
        self._save()
        return self.held

    def forget(self) -> None:
        """The camera no longer has it."""
        held, self.held = self.held, None
        self._not_ended = 0
        if held is not None and self._load() not in (held, None):
            return  # another process has taken over, and this is what it holds
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: %s", self._path, error)

    def _save(self) -> None:
        try:
            # Whole or not at all: half an address, after a kill, would leave an orphan at the camera.
            wholefile.replace(self._path, msgspec.json.encode(self.held), on_disk=False)
        except OSError as error:
            # Only costs a slot at the camera for some minutes, should this process be killed.
            _log.warning("%s: %s", self._path, error)

    def _load(self) -> Subscription | None:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Subscription)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.camera == self._client.device_url else None


def _misread(granted_s: float | None, form: Form) -> bool:
    """Whether the camera took the time that was asked for another one (minutes for seconds, or zero)."""
    return granted_s is not None and granted_s < form.lifetime_s / 20


def _read_subscription(answer: Element, device_url: str, service_url: str) -> Subscription:
    reference = first(answer, "SubscriptionReference")
    if reference is None:
        raise NotSoap(url=device_url, status=200)
    address = first_text(reference, "Address")
    ours, *others = likely(address if _NOWHERE.fullmatch(address) is None else service_url, device_url)
    return Subscription(
        address=ours,
        other=others[0] if others else "",
        parameters=reference_parameters(reference),
        granted_s=seconds_left(answer),
        camera=device_url,
    )


def likely(url: str, device_url: str) -> tuple[str, ...]:
    """What the camera calls `url`: at the host and port that are known to work, then at the port that it names."""
    ours = rewrite(url, device_url)
    port = named_port(url)
    theirs = at_port(ours, port) if port is not None and port != Place.of(device_url).port else ours
    return tuple(dict.fromkeys((ours, theirs)))


def seconds_left(answer: Element) -> float | None:
    """From CurrentTime to TerminationTime, both by the camera's clock; None when it does not tell."""
    begins, ends = parse_time(first_text(answer, "CurrentTime")), parse_time(first_text(answer, "TerminationTime"))
    return (ends - begins).total_seconds() if begins and ends else None
