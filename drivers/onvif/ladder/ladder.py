"""Keeps one camera watched for ever, on the highest rung that it offers: pull point, base notification, pictures.

Each rung runs until it breaks; then the ladder is climbed again from the top. From the lowest rung the higher ones are
tried again now and then, so that a camera that later grows events is noticed without anybody doing anything.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NoReturn

from drivers.devicehttp.auth import REFUSAL_WAIT_S
from drivers.devicehttp.request import HttpProblem, HungUp, Refused, Unreachable
from drivers.devicehttp.server import ListenFailed
from drivers.onvif.client import Client, Refusal
from drivers.onvif.health import Health, NoEvents, NoSlot, SubscriptionLost
from drivers.onvif.ladder.backoff import wait_away_s, wait_wrong_s
from drivers.onvif.ladder.letterbox import letterbox
from drivers.onvif.ladder.notifying import Notifying
from drivers.onvif.ladder.pulling import TROUBLE, Pulling
from drivers.onvif.ladder.pullpoints import PullPoints
from drivers.onvif.ladder.service import find_service, find_services
from drivers.onvif.ladder.slot import UNSUBSCRIBE_TIMEOUT_S, Slot, Subscription
from drivers.onvif.ladder.stills import Stills
from drivers.onvif.soap import NotSoap, SoapFault
from drivers.safexml import BadXml
from edgeagent.driver import DriverProblem

Rung = Literal["pullpoint", "notify", "pictures"]

# How long pictures must do before the upper rungs have their turn again: a camera that is starting offers its events
# a little later than the rest, and one that really has none seldom grows some.
LOOK_FOR_S = (5.0, 15.0, 60.0, 300.0, 600.0)
# At most, where there were events before, or only slots are missing: those are freed by others, or by time.
LOOK_HOPEFULLY_S = 60.0
# Answers that say nothing (HTTP 500, 404), in a row, before they count as "no events".
SENSELESS = 3
# And for so long, if it is no SOAP at all: a web server is there before what it serves.
SENSELESS_S = 15.0
# A camera that answers wrongly since less than this may be starting: it is not left alone for long.
STARTING_S = 120.0
STARTING_WAIT_S = 2.0
# A subscription that did not live longer was hardly worth it.
SHORT_LIFE_S = 30.0
_SENSELESS = (SoapFault, NotSoap, BadXml)


class Ladder:
    """One camera's ladder. `listen`: where cameras may post to us, or empty. `on` is told the rung that is in use."""

    def __init__(
        self,
        client: Client,
        slot: Slot,
        health: Health,
        *,
        points: PullPoints,
        pulling: Pulling,
        notifying: Notifying,
        stills: Stills,
        listen: str,
        service_url: str,
        on: Callable[[Rung], None],
    ) -> None:
        self._client = client
        self._slot = slot
        self._health = health
        self._points = points
        self._pulling = pulling
        self._notifying = notifying
        self._stills = stills
        self._listen = listen
        self._service_url = service_url
        self._on = on
        self._attempts = 0
        self._well_s = self._climbed_s = time.monotonic()
        self._forgetful = self._had_events = self._speaks = False
        self._senseless, self._senseless_since_s = 0, 0.0
        self._lacking = 0
        """Times in a row that no events were found."""

    async def run(self) -> None:
        """Until cancelled; then the subscription is ended."""
        try:
            while True:
                await self._watch_once()
        finally:
            await self._leave()

    async def _watch_once(self) -> None:
        """Climb, and stay until something ends it; then wait as long as is decent."""
        wait_s = 0.0
        self._attempts += 1
        try:
            await self._climb()
        except SubscriptionLost as problem:
            await self._health.down(problem)
            wait_s = self._wait_lost_s()
        except Refusal as problem:
            await self._health.down(problem)
            wait_s = REFUSAL_WAIT_S
        except (Refused, Unreachable) as problem:
            await self._health.down(problem)
            wait_s = wait_away_s(time.monotonic() - self._well_s)
            self._senseless = 0
        except (*TROUBLE, SoapFault) as problem:
            await self._health.down(problem)
            young = time.monotonic() - self._well_s < STARTING_S
            wait_s = min(wait_wrong_s(self._attempts), STARTING_WAIT_S if young else math.inf)
        await asyncio.sleep(wait_s)
        if wait_s >= REFUSAL_WAIT_S:
            self._client.forget_refusals()

    def _wait_lost_s(self) -> float:
        """A camera that has restarted is subscribed at once; one that forgets again and again is not hurried."""
        if self._attempts > 1:
            return wait_wrong_s(self._attempts)
        forgetful, self._forgetful = self._forgetful, time.monotonic() - self._climbed_s < SHORT_LIFE_S
        return wait_away_s(0.0) if forgetful and self._forgetful else 0.0

    async def _climb(self) -> None:
        self._climbed_s = time.monotonic()
        self._speaks = False
        await self._client.read_clock()
        # Of a process that was killed, or from before the trouble: a slot is a slot.
        await self._slot.unsubscribe()
        why = await self._events()
        await self._slot.unsubscribe()
        try:
            await self._look(why)
        finally:
            self._well_s = max(self._well_s, self._stills.seen_s)

    async def _events(self) -> DriverProblem:
        """By pull point, else by base notification, for as long as that goes; why there are none."""
        why: DriverProblem
        try:
            await self._pull()
        except (NoEvents, NoSlot, SubscriptionLost, HungUp, *_SENSELESS) as problem:
            # A pull point that has worked may be lost; one that never does is as good as none.
            if not isinstance(problem, NoEvents | NoSlot) and not self._has_sense(problem):
                raise
            why = problem
        if self._listen:
            try:
                await self._listen_for_posts()
            except (NoEvents, NoSlot, ListenFailed, *_SENSELESS) as problem:
                why = problem if isinstance(problem, NoSlot | ListenFailed) else why
        return why

    def _has_sense(self, problem: DriverProblem) -> bool:
        """Whether an answer that says nothing has come so often, and so long, that it means "no events"."""
        self._senseless += 1
        if self._senseless == 1:
            self._senseless_since_s = time.monotonic()
        lasts = time.monotonic() - self._senseless_since_s >= SENSELESS_S or not isinstance(problem, NotSoap | BadXml)
        return self._speaks and lasts and self._senseless >= SENSELESS

    async def _pull(self) -> NoReturn:
        """Raises `NoEvents`, `NoSlot` and what says nothing when there is no pull point; else as `Pulling.run`."""
        begun = datetime.now(UTC)
        try:
            subscription = await self._create()
        except SoapFault as fault:
            raise _why_not(fault) from fault
        self._speaks = True
        self._subscribed("pullpoint", begun)
        try:
            await self._pulling.run(subscription)
        finally:
            if self._pulling.answered:
                self._attempts = self._lacking = self._senseless = 0
                self._had_events = True
                self._well_s = time.monotonic()

    async def _create(self) -> Subscription:
        remembered = self._service_url
        if remembered:
            try:
                return await self._points.create(remembered)
            except (NotSoap, BadXml, SoapFault, Refused):
                # An address from before an update of the firmware, maybe: only a hint.
                self._service_url = ""
        ours, *others = await find_services(self._client)
        self._speaks = True
        try:
            return await self._create_at(ours)
        except (NotSoap, BadXml, Refused) as problem:
            for other in others:
                try:
                    return await self._create_at(other)
                except HttpProblem:
                    # Nobody there: what was said at the first place counts.
                    continue
            raise problem

    async def _create_at(self, service_url: str) -> Subscription:
        self._service_url = service_url
        return await self._points.create(service_url)

    async def _listen_for_posts(self) -> NoReturn:
        async with letterbox(self._listen, self._client.device_url) as box:
            begun = datetime.now(UTC)
            service_url = self._service_url or await find_service(self._client)
            try:
                await self._notifying.subscribe(service_url, box)
            except SoapFault as fault:
                raise _why_not(fault) from fault
            self._subscribed("notify", begun)
            self._attempts = self._lacking = 0
            self._well_s = time.monotonic()
            try:
                await self._notifying.run(service_url, box)
            except SoapFault as fault:
                raise SubscriptionLost(why=str(fault)) from fault
            finally:
                await self._leave()

    async def _look(self, why: DriverProblem) -> None:
        """The last rung, for a while; then the others have their turn again."""
        if self._health.last_seen is not None:
            # It had events until now: since when they are missing must be told, and only `down` tells it.
            await self._health.down(why)
            self._health.last_seen = None
        self._on("pictures")
        look_for_s = LOOK_FOR_S[min(self._lacking, len(LOOK_FOR_S) - 1)]
        if self._had_events or not isinstance(why, NoEvents | ListenFailed):
            look_for_s = min(look_for_s, LOOK_HOPEFULLY_S)
        self._lacking += 1
        try:
            await self._stills.watch(why, look_for_s)
        except HttpProblem:
            # It has been away: when it comes back it may be another.
            self._lacking = 0
            raise

    def _subscribed(self, rung: Rung, begun: datetime) -> None:
        if self._health.last_seen is None:
            self._health.last_seen = begun
        self._on(rung)

    async def _leave(self) -> None:
        if self._client.locked_out:
            return
        try:
            async with asyncio.timeout(UNSUBSCRIBE_TIMEOUT_S):
                await self._slot.unsubscribe()
        except (TimeoutError, DriverProblem):
            # Its address is on disk: the next process ends it.
            return


def _why_not(fault: SoapFault) -> DriverProblem:
    """What a fault in answer to a request for a subscription means."""
    if fault.not_supported:
        return NoEvents(why=str(fault))
    if fault.no_slot:
        return NoSlot(why=str(fault))
    return fault
