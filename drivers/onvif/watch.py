"""Keeps one subscription at one camera alive for ever, and hands on what it tells, in order.

A transport error means wait and pull again, for the camera keeps what happened; only a fault, or silence for too long,
means subscribe anew. Whatever may have been missed lies between `Health.last_seen` and the next report `up`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from drivers.onvif.client import REFUSAL_WAIT_S, Client, Refusal
from drivers.onvif.events import LIFETIME_S, PullPoints, Subscription, find_service
from drivers.onvif.health import Health, NoEvents, NoSlot, SubscriptionLost
from drivers.onvif.http import HttpProblem, HungUp, Refused, Unreachable
from drivers.onvif.notifications import Notification
from drivers.onvif.safexml import BadXml, TooLarge
from drivers.onvif.soap import NotSoap, SoapFault
from edgeagent.driver import DriverProblem

# Some cameras answer at once and for ever.
MIN_POLL_INTERVAL_S = 0.75
FIRST_POLL_S = 1.0
MAX_BACKOFF_S = 30.0
# A camera without pull points seldom grows some.
NO_EVENTS_WAIT_S = 600.0
# Other faults of a connected camera than a SOAP fault, in a row, before it is subscribed anew.
PATIENCE = 3
UNSUBSCRIBE_TIMEOUT_S = 3.0

_TROUBLE = (HttpProblem, NotSoap, BadXml, TooLarge)


class Batch(NamedTuple):
    """What one poll brought. `since`: nothing in it happened before this (the poll before was answered then)."""

    notifications: list[Notification]
    since: datetime | None


class Watch:
    """`deliver` stores a batch and returns how many changes it held; `synced` is called when the camera has told how
    everything stands after a new subscription; `connected` whenever a subscription begins."""

    def __init__(
        self,
        client: Client,
        pull_points: PullPoints,
        health: Health,
        *,
        poll_s: float,
        service_url: str,
        deliver: Callable[[Batch], Awaitable[int]],
        synced: Callable[[], Awaitable[None]],
        connected: Callable[[], None],
    ) -> None:
        self._client = client
        self._pull_points = pull_points
        self._health = health
        self._poll_s = poll_s
        self._service_url = service_url
        self._deliver = deliver
        self._synced = synced
        self._connected = connected
        self._attempts = 0

    async def run(self) -> None:
        """Until cancelled; then the subscription is ended."""
        try:
            while True:
                await self._watch_once()
        finally:
            await self._leave()

    async def _watch_once(self) -> None:
        """Subscribe and pull until something ends it; then wait as long as is decent."""
        wait_s = 0.0
        try:
            await self._pull_on(await self._subscribe())
        except SubscriptionLost as problem:
            await self._health.down(problem)
            wait_s = self._backoff_s() if self._attempts > 1 else 0.0
        except Refusal as problem:
            await self._health.down(problem)
            wait_s = REFUSAL_WAIT_S
        except NoEvents as problem:
            await self._health.down(problem)
            wait_s = NO_EVENTS_WAIT_S
        except (*_TROUBLE, NoSlot, SoapFault) as problem:
            await self._health.down(problem)
            wait_s = self._backoff_s()
        await asyncio.sleep(wait_s)
        if wait_s >= REFUSAL_WAIT_S:
            self._client.forget_refusals()

    def _backoff_s(self) -> float:
        return min(MAX_BACKOFF_S, 2.0 ** min(self._attempts, 8) / 2) * random.uniform(0.5, 1.0)

    async def _subscribe(self) -> Subscription:
        self._attempts += 1
        await self._client.read_clock()
        # Of a process that was killed, or from before the trouble: a slot is a slot.
        await self._pull_points.unsubscribe(timeout_s=UNSUBSCRIBE_TIMEOUT_S)
        begun = datetime.now(UTC)
        try:
            subscription = await self._create()
        except SoapFault as fault:
            raise _why_not(fault) from fault
        if self._health.last_seen is None:
            self._health.last_seen = begun
        self._connected()
        return subscription

    async def _create(self) -> Subscription:
        remembered, self._service_url = self._service_url, ""
        try:
            if remembered:
                subscription = await self._pull_points.create(remembered)
                self._service_url = remembered
                return subscription
        except (NotSoap, BadXml, SoapFault):
            # An address from before an update of the firmware, maybe: only a hint.
            if await find_service(self._client) == remembered:
                raise
        self._service_url = await find_service(self._client)
        return await self._pull_points.create(self._service_url)

    async def _pull_on(self, subscription: Subscription) -> None:
        """Pull until the subscription is lost. Raises `SubscriptionLost`, `Refusal` and transport problems."""
        failures, first_polls, answered_s = 0, 0, time.monotonic()
        while True:
            fresh = failures > 0 or first_polls == 0
            sent, sent_s = datetime.now(UTC), time.monotonic()
            try:
                found = await self._pull(subscription, FIRST_POLL_S if fresh else self._poll_s, sent_s)
            except _TROUBLE as problem:
                failures += 1
                if failures > 1:
                    await self._health.down(problem)
                if _hopeless(problem, failures, time.monotonic() - answered_s):
                    raise
                await asyncio.sleep(min(MAX_BACKOFF_S, 2.0 ** min(failures, 8) / 2) * random.uniform(0.5, 1.0))
                continue
            failures, answered_s, self._attempts = 0, time.monotonic(), 0
            await self._health.up()
            changes = await self._deliver(Batch(found, self._health.last_seen)) if found else 0
            self._health.last_seen = sent
            first_polls += 1
            if first_polls == 3 or (first_polls < 3 and not found):
                first_polls = 3
                await self._synced()
            if not changes:
                await asyncio.sleep(max(0.0, MIN_POLL_INTERVAL_S - (time.monotonic() - sent_s)))

    async def _pull(self, subscription: Subscription, poll_s: float, sent_s: float) -> list[Notification]:
        try:
            return await self._pull_points.pull(subscription, poll_s)
        except HungUp:
            # Closed instead of answering "nothing". One that had lost the subscription would have said so at once.
            if time.monotonic() - sent_s < poll_s / 2:
                raise
            return []
        except SoapFault as fault:
            if fault.max_timeout_s is None and fault.max_messages is None:
                self._pull_points.forget()
                raise SubscriptionLost(why=str(fault)) from fault
            if fault.max_timeout_s is not None:
                self._poll_s = min(self._poll_s, max(1.0, fault.max_timeout_s))
            if fault.max_messages is not None:
                self._pull_points.message_limit = max(1, min(self._pull_points.message_limit, fault.max_messages))
            return []

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(UNSUBSCRIBE_TIMEOUT_S):
                await self._pull_points.unsubscribe(timeout_s=UNSUBSCRIBE_TIMEOUT_S)
        except (TimeoutError, DriverProblem):
            # Its address is on disk: the next process ends it.
            return


def _hopeless(problem: DriverProblem, failures: int, silent_s: float) -> bool:
    if isinstance(problem, Refused | Unreachable):
        # The camera is off or starting. Should it only have been the network, it still keeps what happened.
        return silent_s > LIFETIME_S
    return failures >= PATIENCE


def _why_not(fault: SoapFault) -> DriverProblem:
    """What a fault in answer to CreatePullPointSubscription means."""
    if fault.not_supported:
        return NoEvents(why=str(fault))
    if any("Subscri" in name or "MaxNumber" in name for name in fault.names):
        return NoSlot(why=str(fault))
    return fault
