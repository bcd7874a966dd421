"""Pull points of one camera: create, pull, synchronize.

Pulling is the keep-alive: Renew crashes too many cameras. ONVIF Core, Event Handling, Real-time Pull-Point.
"""

from __future__ import annotations

import logging

from drivers.devicehttp.request import HttpProblem
from drivers.onvif.client import Client
from drivers.onvif.ladder.slot import Slot, Subscription, seconds_left
from drivers.onvif.notifications import Notification, read_notifications
from drivers.onvif.soap import TEV, NotSoap, SoapFault
from drivers.safexml import BadXml, Element

MESSAGE_LIMIT = 100
# What the HTTP answer may take beyond the long poll itself.
POLL_GRACE_S = 10.0
_CREATE = f"{TEV}/EventPortType/CreatePullPointSubscriptionRequest"
_PULL = f"{TEV}/PullPointSubscription/PullMessagesRequest"
_SYNCHRONIZE = f"{TEV}/PullPointSubscription/SetSynchronizationPointRequest"
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
