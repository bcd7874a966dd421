"""The first rung: pulls from one pull point until that is lost, and hands on what it tells, in order.

A transport error means wait and pull again, for the camera keeps what happened; only a fault, or silence for too long,
means subscribe anew. Whatever may have been missed lies between `Health.last_seen` and the next report `up`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import NamedTuple, NoReturn

from drivers.devicehttp.request import BodyTooLarge, HttpProblem, HungUp, Refused, Unreachable
from drivers.onvif.client import Client
from drivers.onvif.health import CutShort, Health, SubscriptionLost
from drivers.onvif.ladder.backoff import Pace, wait_away_s, wait_wrong_s
from drivers.onvif.ladder.listener import Batch, Listener
from drivers.onvif.ladder.pullpoints import PullPoints
from drivers.onvif.ladder.slot import LIFETIME_S, Slot, Subscription
from drivers.onvif.notifications import Notification
from drivers.onvif.soap import NotSoap, SoapFault
from drivers.safexml import BadXml
from edgeagent.driver import DriverProblem

FIRST_POLL_S = 1.0
# Other faults of a connected camera than a SOAP fault, in a row, before it is subscribed anew.
PATIENCE = 3
# After so many polls, or an empty one, the camera has told how everything stands.
SYNC_POLLS = 3
# A connection that was closed early may have carried something; with a habit of closing there is no end of asking.
SYNCED_HANGUPS = 3
# Pulling should prolong the subscription. Where it does not, Renew is tried while there is time for one more poll.
RENEW_AHEAD_S = 10.0
# Times of cameras are in whole seconds: the end of the subscription is compared with that of so long ago.
MEASURE_S = 5.0

TROUBLE = (HttpProblem, NotSoap, BadXml)
# The camera cannot have believed that we got an answer. After a timeout, say, it may have: what it sent is lost.
_NOTHING_LOST = (Refused, Unreachable, HungUp)
_log = logging.getLogger(__name__)


class _Ends(NamedTuple):
    """At `told_s` the camera said that the subscription ends at `at_s`; both on our monotonic clock."""

    told_s: float
    at_s: float


class Pulling:
    """`answered`: since the last subscription a poll has been answered."""

    def __init__(
        self, client: Client, slot: Slot, points: PullPoints, health: Health, listener: Listener, *, poll_s: float
    ) -> None:
        self._client = client
        self._slot = slot
        self._points = points
        self._health = health
        self._listener = listener
        self._poll_s = poll_s
        self._polls_to_sync = 0
        self._hangups = 0
        self._renews = True
        self._ends: _Ends | None = None
        self.answered = False

    async def run(self, subscription: Subscription) -> NoReturn:
        """Until the subscription is lost. Raises `SubscriptionLost`, `Refusal` and transport problems."""
        self._begin_sync()
        self._hangups, self.answered, self._ends = 0, False, None
        pace, failures, answered_s = Pace(), 0, time.monotonic()
        while True:
            sent, sent_s = datetime.now(UTC), time.monotonic()
            hangups = self._hangups
            try:
                poll_s = self._poll_s if self.answered and not failures else FIRST_POLL_S
                found = await self._pull(subscription, poll_s, sent_s)
            except (*TROUBLE, SubscriptionLost) as problem:
                elsewhere = None if self.answered else self._slot.elsewhere()
                if elsewhere is not None:
                    subscription = elsewhere
                    continue
                if isinstance(problem, SubscriptionLost):
                    self._slot.forget()
                    raise
                failures += 1
                silent_s = time.monotonic() - answered_s
                await self._endure(problem, failures, silent_s)
                continue
            recovered = failures > 0 or self._client.cut_short or hangups < self._hangups <= SYNCED_HANGUPS
            failures, answered_s, self.answered = 0, time.monotonic(), True
            changes = await self._take(Batch(found, self._health.last_seen), sent)
            if recovered and await self._points.synchronize(subscription):
                self._begin_sync()
            await self._renew_if_needed(answered_s)
            brought = bool(found)
            await asyncio.sleep(pace.wait_s(sent_s, time.monotonic(), brought=brought, changed=changes > 0))

    async def _endure(self, problem: DriverProblem, failures: int, silent_s: float) -> None:
        """Report it and wait, or raise it when there is no hope left in this subscription."""
        if failures > 1 or not isinstance(problem, _NOTHING_LOST):
            await self._health.down(problem)
        away = isinstance(problem, Refused | Unreachable)
        # The camera is off or starting. Should it only have been the network, it still keeps what happened.
        if silent_s > LIFETIME_S if away else failures >= PATIENCE:
            raise problem
        await asyncio.sleep(wait_away_s(silent_s) if away else wait_wrong_s(failures))

    async def _take(self, batch: Batch, sent: datetime) -> int:
        """Hand on what a poll brought."""
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
        return changes

    def _begin_sync(self) -> None:
        self._listener.begin_sync()
        self._polls_to_sync = SYNC_POLLS

    async def _pull(self, subscription: Subscription, poll_s: float, sent_s: float) -> list[Notification]:
        try:
            return await self._ask(subscription, poll_s)
        except HungUp:
            # Closed instead of answering "nothing"; some do it at once, and always. One that had lost the
            # subscription would have said so, one that has gone does not answer the next question.
            if time.monotonic() - sent_s < poll_s / 2:
                if not self.answered:
                    raise
                await self._client.read_open_clock()
            self._hangups += 1
            return []
        except BodyTooLarge:
            # Messages with pictures in them: fewer at a time, from now on.
            self._points.message_limit = max(1, self._points.message_limit // 10)
            raise
        except SoapFault as fault:
            self._obey(fault)
            return await self._ask(subscription, min(poll_s, self._poll_s))

    async def _ask(self, subscription: Subscription, poll_s: float) -> list[Notification]:
        """Raises `SoapFault` only where the camera names a limit; any other fault means that it knows us no more."""
        try:
            return await self._points.pull(subscription, poll_s)
        except SoapFault as fault:
            if fault.max_timeout_s is None and fault.max_messages is None:
                raise SubscriptionLost(why=str(fault)) from fault
            raise

    def _obey(self, fault: SoapFault) -> None:
        """The camera has told what it allows."""
        if fault.max_timeout_s is not None:
            self._poll_s = min(self._poll_s, max(1.0, fault.max_timeout_s))
        if fault.max_messages is not None:
            self._points.message_limit = max(1, min(self._points.message_limit, fault.max_messages))

    async def _renew_if_needed(self, now_s: float) -> None:
        """Only where pulling does not keep the subscription alive, and only until the camera takes it badly once."""
        left_s, lifetime_s = self._points.left_s, self._slot.lifetime_s
        if not self._renews or left_s is None or left_s <= 0:
            return
        if self._ends is not None and now_s - self._ends.told_s < MEASURE_S:
            return
        before, self._ends = self._ends, _Ends(now_s, now_s + left_s)
        enough_s = min(lifetime_s / 2, max(lifetime_s / 4, self._poll_s + RENEW_AHEAD_S))
        # Some only add the time of the poll: that will do, for we poll again at once.
        if before is None or left_s > enough_s or self._ends.at_s - before.at_s > (now_s - before.told_s) / 2:
            return
        try:
            await self._slot.renew()
        except (*TROUBLE, SoapFault) as problem:
            self._renews = False
            _log.info("no Renew at %s any more: %s", self._client.device_url, problem)
