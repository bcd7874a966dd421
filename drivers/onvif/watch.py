"""Keeps one subscription at one camera alive for ever, and hands on what it tells, in order.

A transport error means wait and pull again, for the camera keeps what happened; only a fault, or silence for too long,
means subscribe anew. Whatever may have been missed lies between `Health.last_seen` and the next report `up`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from drivers.devicehttp.auth import REFUSAL_WAIT_S
from drivers.devicehttp.request import HttpProblem, HungUp, Refused, Unreachable
from drivers.onvif.client import Client, Refusal
from drivers.onvif.events import LIFETIME_S, PullPoints, Subscription, find_service
from drivers.onvif.health import CutShort, Health, NoEvents, NoSlot, SubscriptionLost
from drivers.onvif.notifications import Notification
from drivers.onvif.soap import NotSoap, SoapFault
from drivers.safexml import BadXml
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

# After so many polls, or an empty one, the camera has told how everything stands.
SYNC_POLLS = 3

_TROUBLE = (HttpProblem, NotSoap, BadXml)
# The camera cannot have believed that we got an answer. After a timeout, say, it may have: what it sent is lost.
_NOTHING_LOST = (Refused, Unreachable, HungUp)


class Batch(NamedTuple):
    """What one poll brought. `since`: nothing in it happened before this (the poll before was answered then)."""

    notifications: list[Notification]
    since: datetime | None


class Listener(Protocol):
    """Who takes what the camera tells."""

    async def deliver(self, batch: Batch) -> int:
        """Store it; returns how many changes it held."""

    def begin_sync(self) -> None:
        """The camera will now tell how everything stands."""

    async def synced(self) -> None:
        """It has."""


class Watch:
    """One camera's subscription. `connected` is called whenever one begins."""

    def __init__(
        self,
        client: Client,
        pull_points: PullPoints,
        health: Health,
        listener: Listener,
        *,
        poll_s: float,
        service_url: str,
        connected: Callable[[], None],
    ) -> None:
        self._client = client
        self._pull_points = pull_points
        self._health = health
        self._listener = listener
        self._poll_s = poll_s
        self._service_url = service_url
        self._connected = connected
        self._attempts = 0
        self._polls_to_sync = 0

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
            wait_s = _decent_wait_s(self._attempts) if self._attempts > 1 else 0.0
        except Refusal as problem:
            await self._health.down(problem)
            wait_s = REFUSAL_WAIT_S
        except NoEvents as problem:
            await self._health.down(problem)
            wait_s = NO_EVENTS_WAIT_S
        except (*_TROUBLE, NoSlot, SoapFault) as problem:
            await self._health.down(problem)
            wait_s = _decent_wait_s(self._attempts)
        await asyncio.sleep(wait_s)
        if wait_s >= REFUSAL_WAIT_S:
            self._client.forget_refusals()

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
        remembered = self._service_url
        if remembered:
            try:
                return await self._pull_points.create(remembered)
            except (NotSoap, BadXml, SoapFault):
                # An address from before an update of the firmware, maybe: only a hint.
                self._service_url = ""
        self._service_url = await find_service(self._client)
        return await self._pull_points.create(self._service_url)

    async def _pull_on(self, subscription: Subscription) -> None:
        """Pull until the subscription is lost. Raises `SubscriptionLost`, `Refusal` and transport problems."""
        self._begin_sync()
        failures, answered_s, first = 0, time.monotonic(), True
        while True:
            sent, sent_s = datetime.now(UTC), time.monotonic()
            try:
                found = await self._pull(subscription, FIRST_POLL_S if first or failures else self._poll_s, sent_s)
            except _TROUBLE as problem:
                failures += 1
                if failures > 1 or not isinstance(problem, _NOTHING_LOST):
                    await self._health.down(problem)
                if _hopeless(problem, failures, time.monotonic() - answered_s):
                    raise
                await asyncio.sleep(_decent_wait_s(failures))
                continue
            recovered, first = failures > 0 or self._client.cut_short, False
            failures, answered_s, self._attempts = 0, time.monotonic(), 0
            await self._take(Batch(found, self._health.last_seen), sent, sent_s)
            if recovered and await self._pull_points.synchronize(subscription):
                self._begin_sync()

    async def _take(self, batch: Batch, sent: datetime, sent_s: float) -> None:
        """Hand on what a poll brought, and wait before the next when this one was answered too soon."""
        cut_short = self._client.cut_short
        if not cut_short:
            await self._health.up()
        changes = await self._listener.deliver(batch) if batch.notifications else 0
        if cut_short:
            await self._health.down(CutShort())
        else:
            self._health.last_seen = sent
        if self._polls_to_sync:
            self._polls_to_sync = self._polls_to_sync - 1 if batch.notifications else 0
            if not self._polls_to_sync:
                await self._listener.synced()
        if not changes:
            await asyncio.sleep(max(0.0, MIN_POLL_INTERVAL_S - (time.monotonic() - sent_s)))

    def _begin_sync(self) -> None:
        self._listener.begin_sync()
        self._polls_to_sync = SYNC_POLLS

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
            return await self._pull_points.pull(subscription, min(poll_s, self._poll_s))

    async def _leave(self) -> None:
        if self._client.locked_out:
            return
        try:
            async with asyncio.timeout(UNSUBSCRIBE_TIMEOUT_S):
                await self._pull_points.unsubscribe(timeout_s=UNSUBSCRIBE_TIMEOUT_S)
        except (TimeoutError, DriverProblem):
            # Its address is on disk: the next process ends it.
            return


def _decent_wait_s(failures: int) -> float:
    return min(MAX_BACKOFF_S, 2.0 ** min(failures, 8) / 2) * random.uniform(0.5, 1.0)


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
