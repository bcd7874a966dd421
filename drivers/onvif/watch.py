"""Keeps one camera watched for ever, on the highest rung that it offers: pull point, base notification, pictures.

Each rung runs until it breaks; then the ladder is climbed again from the top. From the lowest rung the higher ones are
tried again now and then, so that a camera that later grows events is noticed without anybody doing anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NoReturn

from drivers.devicehttp.auth import REFUSAL_WAIT_S
from drivers.devicehttp.request import HttpProblem, HungUp, Refused, Unreachable
from drivers.devicehttp.server import ListenFailed
from drivers.onvif.backoff import wait_away_s, wait_wrong_s
from drivers.onvif.client import Client, Refusal
from drivers.onvif.events import PullPoints, find_services
from drivers.onvif.health import Health, NoEvents, NoSlot, SubscriptionLost
from drivers.onvif.letterbox import letterbox
from drivers.onvif.notifying import Notifying
from drivers.onvif.pulling import TROUBLE, Pulling
from drivers.onvif.slot import UNSUBSCRIBE_TIMEOUT_S, Slot, Subscription
from drivers.onvif.soap import NotSoap, SoapFault
from drivers.onvif.stills import Stills
from drivers.onvif.telling import Batch, Listener
from drivers.safexml import BadXml
from edgeagent.driver import DriverProblem

__all__ = ["Batch", "Listener", "Rung", "Watch"]

Rung = Literal["pullpoint", "notify", "pictures"]

# A camera without events seldom grows some.
NO_EVENTS_WAIT_S = 600.0
# Slots are freed by others, or when an orphan's time is over.
NO_SLOT_WAIT_S = 60.0
# Answers that say nothing (HTTP 500, 404), in a row, before they count as "no events".
SENSELESS = 3
# A subscription that did not live longer was hardly worth it.
SHORT_LIFE_S = 30.0
_SENSELESS = (SoapFault, NotSoap, BadXml)


class Watch:
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
        self._forgetful = False

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
        except (*TROUBLE, SoapFault) as problem:
            await self._health.down(problem)
            wait_s = wait_wrong_s(self._attempts)
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
        await self._client.read_clock()
        self._well_s = time.monotonic()
        # Of a process that was killed, or from before the trouble: a slot is a slot.
        await self._slot.unsubscribe()
        why = await self._events()
        await self._slot.unsubscribe()
        await self._look(why)

    async def _events(self) -> DriverProblem:
        """By pull point, else by base notification, for as long as that goes; why there are none."""
        why: DriverProblem
        try:
            await self._pull()
        except (NoEvents, NoSlot, SubscriptionLost, HungUp, *_SENSELESS) as problem:
            # A pull point that has worked may be lost; one that never does is as good as none.
            if not isinstance(problem, NoEvents | NoSlot) and self._attempts < SENSELESS:
                raise
            why = problem
        if self._listen and not isinstance(why, NotSoap):
            try:
                await self._listen_for_posts()
            except (NoEvents, NoSlot, ListenFailed, *_SENSELESS) as problem:
                why = problem if isinstance(problem, NoSlot | ListenFailed) else why
        return why

    async def _pull(self) -> NoReturn:
        """Raises `NoEvents`, `NoSlot` and what says nothing when there is no pull point; else as `Pulling.run`."""
        begun = datetime.now(UTC)
        try:
            subscription = await self._create()
        except SoapFault as fault:
            raise _why_not(fault) from fault
        self._subscribed("pullpoint", begun)
        try:
            await self._pulling.run(subscription)
        finally:
            if self._pulling.answered:
                self._attempts = 0
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
            service_url = self._service_url or (await find_services(self._client))[0]
            try:
                await self._notifying.subscribe(service_url, box)
            except SoapFault as fault:
                raise _why_not(fault) from fault
            self._subscribed("notify", begun)
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
        short = not isinstance(why, NoEvents | ListenFailed)
        await self._stills.watch(why, NO_SLOT_WAIT_S if short else NO_EVENTS_WAIT_S)

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
