"""Takes what drivers observe: what the rules let through is stored, what they suppress is counted.

What they hold back is on disk before the driver hears of it, and is stored once its time is over, whoever was
killed meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edgeagent.budget import DataBudget, unlimited
from edgeagent.clock import Clock, Stamp
from edgeagent.driver import MAX_PICTURE_BYTES, Observation, OutboxFull, Stored, TooLarge
from edgeagent.intake.memories import RuleMemories
from edgeagent.outbox import Outbox
from edgeagent.outbox.draft import Draft
from edgeagent.rules import Decision, Release, RuleMemory, Rules, Told
from gridwire.events import LANE_OF, Alarm, Data, Picture

log = logging.getLogger(__name__)

MAX_HELD_BYTES: Final = 4096
"""An alarm that is longer does not wait: what is held is written again with every alarm of its device."""
RETRY_S: Final = 2.0
_CLOCK_SET: Final = timedelta(seconds=1)
"""A clock that has moved more than that against the time since boot was set; less is drift."""
_ANY_STREAM: Final = "0" * 26

PICTURE_OWNER: contextvars.ContextVar[str] = contextvars.ContextVar("picture_owner", default="")
"""Id of the alarm for which the driver now carries out `snapshot`: the picture that it emits is that alarm's."""


class Intake:
    """Takes what drivers observe. What the rules remember of a device commits with its alarm.

    `on_raised` hears of a start that was held and is now stored, when a picture is wanted with it.
    """

    def __init__(
        self, outbox: Outbox, rules: Rules, clock: Clock, source: str, budget: DataBudget | None = None
    ) -> None:
        self.rules = rules
        self.budget = budget or unlimited()
        self.emitted: dict[str, int] = {}
        self.suppressed: dict[str, int] = {}
        self.on_raised: Callable[[str, Stored], None] = lambda device, stored: None
        self._outbox, self._clock, self._source = outbox, clock, source
        self._state = RuleMemories(outbox)
        self._turns: dict[str, asyncio.Lock] = {}
        self._changed = asyncio.Event()

    @property
    def held(self) -> int:
        """Starts and ends that wait now."""
        return self._state.held()

    async def take(
        self, device: str, grid: str | None, observation: Observation, remember: Mapping[str, bytes | None]
    ) -> Stored:
        """Store it, or only what is to be remembered when the rules suppress it or hold it back.

        Raises `OutboxFull`, `TooLarge`, and the codec's problems for data that no hub would take.
        """
        for jpeg in observation.pictures:
            if len(jpeg) > MAX_PICTURE_BYTES:
                raise TooLarge(what="picture", size=len(jpeg), limit=MAX_PICTURE_BYTES)
        if not isinstance(observation.data, Alarm):
            data = _owned(observation.data)
            draft = Draft(self._source, device, data, self._clock.stamp(), time=observation.time, grid=grid)
            return await self._store(draft, data, remember, observation.pictures)
        async with self._turn(device):
            return await self._take_alarm(device, grid, observation.data, observation, remember)

    def _turn(self, device: str) -> asyncio.Lock:
        """One alarm of a device after the other: a decision rests on what the one before has left behind."""
        return self._turns.setdefault(device, asyncio.Lock())

    async def _take_alarm(
        self,
        device: str,
        grid: str | None,
        alarm: Alarm,
        observation: Observation,
        remember: Mapping[str, bytes | None],
    ) -> Stored:
        stamp = self._clock.stamp()
        told = Told(
            observation.time, not observation.pictures, grid, self._clock.boot, booted_s=stamp.booted.timestamp()
        )
        before = self._state.of(device).copy()
        self.rules.weigh(device, alarm, stamp.wall, before, told)
        before = await self._release_due(device, before, stamp)
        memory, decision = self._decide(device, alarm, before, stamp, told)
        changes = self._state.changes(device, memory) if memory != before else {}
        stored = Stored("", "", LANE_OF[Alarm], 0)
        if decision.store:
            data = decision.applied(alarm)
            draft = Draft(self._source, device, data, stamp, time=observation.time, grid=grid)
            stored = await self._store(draft, data, {**remember, **changes}, observation.pictures)
        elif remember or changes:
            await self._outbox.remember({**remember, **changes})
        self._state.keep(device, memory)
        self._count(decision)
        self._changed.set()
        wanted = decision.store and decision.picture and self.budget.pictures_wanted
        return stored._replace(picture_wanted=wanted, why=decision.why)

    def _decide(
        self, device: str, alarm: Alarm, before: RuleMemory, stamp: Stamp, told: Told
    ) -> tuple[RuleMemory, Decision]:
        """What is to be held must be fit to be stored later; whatever is wrong with it the driver hears now."""
        for each in (told, told._replace(may_hold=False)):
            memory = before.copy()
            memory.held_limit = self._state.room_of(device)
            decision = self.rules.decide(device, alarm, stamp.wall, memory, stamp.clock, each)
            if decision.why != "held":
                break
            body = Draft(self._source, device, alarm, stamp, time=told.happened, grid=told.grid).build(_ANY_STREAM, 1)
            if len(body) <= MAX_HELD_BYTES:
                break
        return memory, decision

    def _count(self, decision: Decision) -> None:
        for why in (decision.settled, decision.why):
            if why is not None and why not in ("stored", "held"):
                self.suppressed[why] = self.suppressed.get(why, 0) + 1

    # -- what was held -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Store what was held once its time is over, also what an earlier process held. Until cancelled."""
        while True:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._state.pause_s(self._clock.stamp().wall)):
                    await self._changed.wait()
            try:
                await self.release()
            except OutboxFull as problem:
                log.warning("alarms that were held back are not stored yet: %s", problem)
                await asyncio.sleep(RETRY_S)

    async def release(self) -> None:
        """Store everything that is due. Raises `OutboxFull`: what is left stays held."""
        for device in self._state.due(self._clock.stamp().wall):
            async with self._turn(device):
                memory = await self._release_due(device, self._state.of(device), self._clock.stamp())
                self._state.keep(device, memory)

    async def _release_due(self, device: str, memory: RuleMemory, stamp: Stamp) -> RuleMemory:
        """One after the other, each in a commit with what it leaves behind; gives the memory as it is then."""
        while True:
            after = memory.copy()
            release = self.rules.release(after, stamp.wall)
            if release is None:
                return memory
            draft = Draft(
                self._source, device, release.alarm, stamp, time=self._moment(release, stamp), grid=release.held.grid
            )
            stored = await self._store(draft, release.alarm, self._state.changes(device, after), ())
            self._state.keep(device, after)
            memory = after
            if release.picture and self.budget.pictures_wanted:
                self.on_raised(device, stored._replace(picture_wanted=True))

    def _moment(self, release: Release, stamp: Stamp) -> datetime:
        """When it happened, by the clock of now: it may have been set since, also from 1970."""
        if release.held.boot != self._clock.boot:
            return release.time
        step = timedelta(seconds=stamp.booted.timestamp() - release.held.booted_s)
        return release.time + step if abs(step) > _CLOCK_SET else release.time

    async def _store(
        self, draft: Draft, data: Data, remember: Mapping[str, bytes | None], jpegs: tuple[bytes, ...]
    ) -> Stored:
        stored = await self._outbox.put(draft, remember=remember, jpegs=jpegs)
        kind = type(data).__name__.lower()
        self.emitted[kind] = self.emitted.get(kind, 0) + 1
        return stored


def _owned(data: Data) -> Data:
    """A picture on command belongs to the alarm for which it was commanded, if there is one."""
    owner = PICTURE_OWNER.get()
    if owner and isinstance(data, Picture) and data.cause == "command":
        return msgspec.structs.replace(data, owner=owner, cause="alarm")
    return data
