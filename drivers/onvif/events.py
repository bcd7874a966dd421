"""Pull points of one camera: create, pull, unsubscribe; the address of the one we hold is kept on disk.

A camera has few slots and does not forget soon, so a subscription that an earlier process left is ended first, and
there are never two. Pulling is the keep-alive: Renew crashes too many cameras. ONVIF Core, Event Handling.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from drivers.devicehttp.addresses import rewrite
from drivers.devicehttp.request import HttpProblem, HungUp, TooLarge
from drivers.onvif.client import Client
from drivers.onvif.notifications import Notification, parse_time, read_notifications
from drivers.onvif.soap import BW, TDS, TEV, WSNT, NotSoap, SoapFault, reference_parameters
from drivers.safexml import BadXml, Element, first, first_text

LIFETIME_S = 600
MIN_LIFETIME_S = 60
MESSAGE_LIMIT = 100
# What the HTTP answer may take beyond the long poll itself.
POLL_GRACE_S = 10.0
_FILE = "subscription.json"
_CREATE = f"{TEV}/EventPortType/CreatePullPointSubscriptionRequest"
_PULL = f"{TEV}/PullPointSubscription/PullMessagesRequest"
_SYNCHRONIZE = f"{TEV}/PullPointSubscription/SetSynchronizationPointRequest"
_UNSUBSCRIBE = f"{BW}/SubscriptionManager/UnsubscribeRequest"
_SERVICE_NAMESPACE = "/ver10/events/wsdl"
_log = logging.getLogger(__name__)


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where to pull. `address` has the true host and port; `parameters` are headers to send back, as XML."""

    address: str
    parameters: tuple[str, ...] = ()
    granted_s: float | None = None
    camera: str = ""
    """The device that gave it: another one at another address must not be told to end it."""


class PullPoints:
    """Holds at most one subscription at the camera."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._path = folder / _FILE
        self._absolute = False
        self._lifetime_s = LIFETIME_S
        self.held: Subscription | None = self._load()
        self.message_limit = MESSAGE_LIMIT

    async def create(self, service_url: str) -> Subscription:
        """A new subscription; the old one must have been ended. Raises what `Client.call` raises."""
        try:
            subscription = await self._create(service_url)
        except SoapFault as fault:
            if self._lifetime_s == MIN_LIFETIME_S or not any("TerminationTime" in name for name in fault.names):
                raise
            self._lifetime_s = MIN_LIFETIME_S
            subscription = await self._create(service_url)
        if subscription.granted_s is not None and subscription.granted_s < MIN_LIFETIME_S / 2 and not self._absolute:
            # Some firmware reads relative times wrongly, or as zero: an absolute time by its own clock is understood.
            self._absolute = True
            await self.unsubscribe(timeout_s=5.0)
            subscription = await self._create(service_url)
        return subscription

    async def _create(self, service_url: str) -> Subscription:
        body = (
            f'<CreatePullPointSubscription xmlns="{TEV}"><InitialTerminationTime>{self._end()}'
            "</InitialTerminationTime></CreatePullPointSubscription>"
        )
        answer = await self._client.call(
            service_url, body, expect="CreatePullPointSubscriptionResponse", action=_CREATE
        )
        self.held = _read_subscription(answer, self._client.device_url)
        self._save()
        return self.held

    def _end(self) -> str:
        if not self._absolute:
            return f"PT{self._lifetime_s}S"
        end = datetime.now(UTC) + timedelta(seconds=self._lifetime_s + (self._client.clock_offset_s or 0.0))
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    async def pull(self, subscription: Subscription, poll_s: float) -> list[Notification]:
        """What has happened, or nothing after about `poll_s`. Raises what `Client.call` raises."""
        # Some cameras let a subscription expire during a poll.
        poll_s = min(poll_s, self._lifetime_s / 2)
        body = (
            f'<PullMessages xmlns="{TEV}"><Timeout>PT{max(1, round(poll_s))}S</Timeout>'
            f"<MessageLimit>{self.message_limit}</MessageLimit></PullMessages>"
        )
        answer = await self._client.call(
            subscription.address,
            body,
            expect="PullMessagesResponse",
            action=_PULL,
            parameters=subscription.parameters,
            timeout_s=poll_s + POLL_GRACE_S,
        )
        return read_notifications(answer)

    async def synchronize(self, subscription: Subscription) -> bool:
        """Ask the camera to tell again how everything stands, in the polls to come; False when it does not do that."""
        try:
            await self._client.call(
                subscription.address,
                f'<SetSynchronizationPoint xmlns="{TEV}"/>',
                expect="SetSynchronizationPointResponse",
                action=_SYNCHRONIZE,
                parameters=subscription.parameters,
            )
        except (SoapFault, NotSoap, BadXml, HttpProblem) as problem:
            _log.debug("synchronize: %s", problem)
            return False
        return True

    async def unsubscribe(self, *, timeout_s: float) -> None:
        """End the one we hold, if any. A camera that no longer knows it, or is away, is no error; a `Refusal` is."""
        held = self.held
        if held is None:
            return
        try:
            await self._client.call(
                held.address,
                f'<Unsubscribe xmlns="{WSNT}"/>',
                expect="UnsubscribeResponse",
                action=_UNSUBSCRIBE,
                parameters=held.parameters,
                timeout_s=timeout_s,
            )
        except (SoapFault, NotSoap, BadXml, HttpProblem) as problem:
            _log.debug("unsubscribe: %s", problem)
            if isinstance(problem, HttpProblem) and not isinstance(problem, HungUp):
                return
        self.forget()

    def forget(self) -> None:
        """The camera no longer has it."""
        self.held = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: %s", self._path, error)

    def _save(self) -> None:
        try:
            self._path.write_bytes(msgspec.json.encode(self.held))
        except OSError as error:
            # Only costs a slot at the camera for some minutes, should this process be killed.
            _log.warning("%s: %s", self._path, error)

    def _load(self) -> Subscription | None:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Subscription)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.camera == self._client.device_url else None


def _read_subscription(answer: Element, device_url: str) -> Subscription:
    reference = first(answer, "SubscriptionReference")
    address = first_text(reference, "Address") if reference is not None else ""
    if reference is None or not address:
        raise NotSoap(url=device_url, status=200)
    begins, ends = parse_time(first_text(answer, "CurrentTime")), parse_time(first_text(answer, "TerminationTime"))
    granted_s = (ends - begins).total_seconds() if begins and ends else None
    return Subscription(
        address=rewrite(address, device_url),
        parameters=reference_parameters(reference),
        granted_s=granted_s,
        camera=device_url,
    )


async def find_service(client: Client) -> str:
    """Address of the event service: as the camera says, else the device service itself.

    Raises `Refusal` and `HttpProblem`.
    """
    asked = (
        (f'<GetCapabilities xmlns="{TDS}"><Category>All</Category></GetCapabilities>', "GetCapabilitiesResponse"),
        (
            f'<GetServices xmlns="{TDS}"><IncludeCapability>false</IncludeCapability></GetServices>',
            "GetServicesResponse",
        ),
    )
    problem: NotSoap | None = None
    for body, expect in asked:
        try:
            url = _event_address(await _call_as_needed(client, body, expect))
        except NotSoap as error:
            problem = error
        except (SoapFault, BadXml, TooLarge) as error:
            _log.debug("%s: %s", expect, error)
            problem = None
        else:
            problem = None
            if url:
                return rewrite(url, client.device_url)
    if problem is not None:
        raise problem
    return client.device_url


async def _call_as_needed(client: Client, body: str, expect: str) -> Element:
    try:
        return await client.call_open(client.device_url, body, expect=expect)
    except (SoapFault, NotSoap):
        return await client.call(client.device_url, body, expect=expect)


def _event_address(answer: Element) -> str:
    events = first(answer, "Events")
    if events is not None:
        return first_text(events, "XAddr")
    for service in answer:
        if first_text(service, "Namespace").endswith(_SERVICE_NAMESPACE):
            return first_text(service, "XAddr")
    return ""
