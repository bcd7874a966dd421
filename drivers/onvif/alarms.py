"""Stores what one camera's notifications change: as alarms, each with the states it leaves behind, in one transaction.

When the outbox is full nothing advances: the same alarm is tried again until it is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from drivers.onvif.ladder.listener import Batch
from drivers.onvif.notifications import Notification
from drivers.onvif.states import MAX_STATES, Pairs, States, Step
from drivers.onvif.tap import Tap
from drivers.onvif.vocabulary import MAX_OBJECT_CHARS, RULE_ITEMS, interpret
from edgeagent.driver import Alarm, Device, Observation, OutboxFull, Stored, TooLarge

MEMORY_KEY = "onvif.states"
RETRY_S = 2.0
# A camera's time is trusted when it lies between the poll before and now, with this much of rounding.
CLOCK_SLACK = timedelta(seconds=3)
MAX_TEXT_CHARS = 256
MAX_DETAILS = 24
_log = logging.getLogger(__name__)


class Alarms:
    """`stored` is called for each alarm on disk; `clock_offset_s` gives camera's clock minus ours, None if unknown."""

    def __init__(
        self, device: Device, *, stored: Callable[[Stored], None], clock_offset_s: Callable[[], float | None]
    ) -> None:
        self._device = device
        self._stored = stored
        self._clock_offset_s = clock_offset_s
        self.states = States.load(device.recall(MEMORY_KEY))
        self.tap = Tap()
        self._refused = 0
        self._one_at_a_time = asyncio.Lock()

    async def deliver(self, batch: Batch) -> int:
        """Store what a poll brought; how many alarms that were. Returns only when all of it is on disk."""
        async with self._one_at_a_time:
            return sum([await self._hear(notification, batch.since) for notification in batch.notifications])

    async def _hear(self, notification: Notification, since: datetime | None) -> int:
        changes = 0
        self.tap.hear(notification)
        for signal in interpret(notification):
            for step in self.states.plan_all(notification, signal, time.monotonic()):
                changes += await self._take(step, notification, since)
        self.tap.done()
        return changes

    async def _take(self, step: Step, notification: Notification, since: datetime | None) -> bool:
        stored = None
        if step.change is not None:
            data = {} if step.aside else notification.data
            stored = await self._store(step, _alarm(step, data), self._moment(notification, since))
        self.tap.became(step, stored)
        self._count_refused(step)
        self.states.apply(step)
        return step.change is not None

    def begin_sync(self) -> None:
        self.states.begin_sync()

    async def synced(self) -> None:
        """The camera has told how everything stands: objects that it did not name are gone."""
        async with self._one_at_a_time:
            await self._end(self.states.unconfirmed(time.monotonic()))
            self.states.end_sync()

    async def replaced(self) -> None:
        """Another camera hangs there now: what it has not said itself was the old one's, and never ends."""
        async with self._one_at_a_time:
            await self._end(self.states.unconfirmed(time.monotonic(), replaced=True))

    async def _end(self, steps: Iterable[Step]) -> None:
        for step in steps:
            await self._store(step, _alarm(step, {}), None)
            self.states.apply(step)

    async def _store(self, step: Step, alarm: Alarm, moment: datetime | None) -> Stored | None:
        observation = Observation(data=alarm, time=moment)
        remember = {MEMORY_KEY: self.states.dump(step)} if step.change != "pulse" else None
        while True:
            try:
                stored = await self._device.emit(observation, remember=remember)
            except OutboxFull as full:
                _log.warning("%s: %s", self._device.id, full)
                await asyncio.sleep(RETRY_S)
            except TooLarge as problem:
                # Cannot happen with the limits below; if it does, one alarm must not hold up all that follow.
                _log.error("%s: %s", self._device.id, problem)
                return None
            else:
                self._stored(stored)
                return stored

    def _moment(self, notification: Notification, since: datetime | None) -> datetime | None:
        """When it happened by our clock; None (now) when the camera's time cannot be right.

        Cheap cameras send the time of an earlier event, 1970, or local time as UTC.
        """
        offset_s = self._clock_offset_s()
        if notification.time is None or offset_s is None or notification.operation == "Initialized":
            return None
        now = datetime.now(UTC)
        try:
            moment = notification.time - timedelta(seconds=offset_s)
        except OverflowError:
            return None
        earliest = (since or now) - CLOCK_SLACK
        return min(moment, now) if earliest <= moment <= now + CLOCK_SLACK else None

    def _count_refused(self, step: Step) -> None:
        if step.refused:
            self._refused += 1
            if self._refused == 1:
                _log.warning("%s: more than %s states are on at once", self._device.id, MAX_STATES)
            self._device.describe(states_refused=str(self._refused))


def _alarm(step: Step, data: dict[str, str]) -> Alarm:
    """Source, key and topic are the state's own, so that start and end agree; `data` is what came with it."""
    assert step.change is not None
    identity = step.identity
    items = (*identity.source, *identity.key, *data.items())
    return Alarm(
        kind=step.kind,
        state=step.change,
        source=_source(identity.source)[:MAX_TEXT_CHARS],
        topic=step.topic[:MAX_TEXT_CHARS],
        object=step.object[:MAX_OBJECT_CHARS],
        at_start=step.at_start,
        detail={name[:64]: value[:MAX_TEXT_CHARS] for name, value in items[:MAX_DETAILS] if value},
    )


def _source(source: Pairs) -> str:
    """What people know it by: the rule's name, else the first name that the camera gives."""
    for name, value in source:
        if name.lower() in RULE_ITEMS and value:
            return value
    return next((value for _, value in source if value), "")
