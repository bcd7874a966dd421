"""Pull points of one camera: create, pull, synchronize; and where its event service is.

Pulling is the keep-alive: Renew crashes too many cameras. ONVIF Core, Event Handling, Real-time Pull-Point.
"""

from __future__ import annotations

import logging

from drivers.devicehttp.request import HttpProblem, TooLarge
from drivers.onvif.client import Client
from drivers.onvif.notifications import Notification, read_notifications
from drivers.onvif.slot import Slot, Subscription, likely, seconds_left
from drivers.onvif.soap import TDS, TEV, NotSoap, SoapFault
from drivers.safexml import BadXml, Element, first, first_text

MESSAGE_LIMIT = 100
# What the HTTP answer may take beyond the long poll itself.
POLL_GRACE_S = 10.0
_CREATE = f"{TEV}/EventPortType/CreatePullPointSubscriptionRequest"
_PULL = f"{TEV}/PullPointSubscription/PullMessagesRequest"
_SYNCHRONIZE = f"{TEV}/PullPointSubscription/SetSynchronizationPointRequest"
_SERVICE_NAMESPACE = "/ver10/events/wsdl"
_log = logging.getLogger(__name__)


class PullPoints:
    """The pull point of one camera; `slot` holds it."""

    def __init__(self, client: Client, slot: Slot) -> None:
        self._client = client
        self._slot = slot
        self.message_limit = MESSAGE_LIMIT
        self.left_s: float | None = None
        """How long the subscription lives from the last answer on, as the camera told; None when it did not."""

    async def create(self, service_url: str) -> Subscription:
        """A new subscription; the old one must have been ended. Raises what `Client.call` raises."""

        async def ask(termination: str) -> Element:
            body = (
                f'<CreatePullPointSubscription xmlns="{TEV}"><InitialTerminationTime>{termination}'
                "</InitialTerminationTime></CreatePullPointSubscription>"
            )
            expect = "CreatePullPointSubscriptionResponse"
            return await self._client.call(service_url, body, expect=expect, action=_CREATE)

        return await self._slot.open(ask, service_url)

    async def pull(self, subscription: Subscription, poll_s: float) -> list[Notification]:
        """What has happened, or nothing after about `poll_s`. Raises what `Client.call` raises."""
        # Some cameras let a subscription expire during a poll.
        poll_s = min(poll_s, self._slot.lifetime_s / 2)
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
        self.left_s = seconds_left(answer)
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


async def find_service(client: Client) -> str:
    """The likeliest of `find_services`."""
    return (await find_services(client))[0]


async def find_services(client: Client) -> tuple[str, ...]:
    """Where the event service may be, likeliest first: as the camera says, else the device service itself.

    Raises `Refusal`, `HttpProblem` and `NotSoap`.
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
                return likely(url, client.device_url)
    if problem is not None:
        raise problem
    return (client.device_url,)


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
