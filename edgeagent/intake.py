"""From observation to stored event: the rules decide, the envelope is drafted, the outbox commits. One path for all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from edgeagent.budget import DataBudget, unlimited
from edgeagent.clock import Clock
from edgeagent.driver import MAX_PICTURE_BYTES, Observation, Stored, TooLarge
from edgeagent.envelope import BOX, Draft
from edgeagent.outbox import Outbox
from edgeagent.rules import RuleMemory, Rules
from gridwire.events import LANE_OF, Alarm, Data, Gap


class Intake:
    """Takes what drivers observe. What the rules remember of a device commits with its alarm."""

    def __init__(
        self, outbox: Outbox, rules: Rules, clock: Clock, source: str, budget: DataBudget | None = None
    ) -> None:
        self.rules = rules
        self.budget = budget or unlimited()
        self.emitted: dict[str, int] = {}
        self.suppressed: dict[str, int] = {}
        self._outbox, self._clock, self._source = outbox, clock, source
        self._memories: dict[str, RuleMemory] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def take(
        self, device: str, grid: str | None, observation: Observation, remember: Mapping[str, bytes | None]
    ) -> Stored:
        """Store it, or only what is to be remembered when the rules suppress it.

        Raises `OutboxFull`, `TooLarge`, and the codec's problems for data that no hub would take.
        """
        for jpeg in observation.pictures:
            if len(jpeg) > MAX_PICTURE_BYTES:
                raise TooLarge(what="picture", size=len(jpeg), limit=MAX_PICTURE_BYTES)
        if not isinstance(observation.data, Alarm):
            return await self._store(device, grid, observation.data, observation, remember)
        # One alarm of a device after the other: a decision rests on what the one before has left behind.
        async with self._turns.setdefault(device, asyncio.Lock()):
            return await self._take_alarm(device, grid, observation.data, observation, remember)

    async def _take_alarm(
        self,
        device: str,
        grid: str | None,
        alarm: Alarm,
        observation: Observation,
        remember: Mapping[str, bytes | None],
    ) -> Stored:
        key = f"rules/{device}"
        before = self._memories.get(device) or RuleMemory.from_bytes(self._outbox.recall(key))
        memory = before.copy()
        stamp = self._clock.stamp()
        decision = self.rules.decide(device, alarm, stamp.wall, memory, stamp.clock)
        if decision.store:
            data = msgspec.structs.replace(alarm, severity=decision.severity)
            stored = await self._store(device, grid, data, observation, {**remember, key: memory.to_bytes()})
        else:
            if remember:  # the rules' own memory only changes with what is stored: spare the flash a commit
                await self._outbox.remember(remember)
            self.suppressed[decision.why] = self.suppressed.get(decision.why, 0) + 1
            stored = Stored("", "", LANE_OF[Alarm], 0)
        self._memories[device] = memory
        wanted = decision.store and decision.picture and self.budget.pictures_wanted
        return stored._replace(picture_wanted=wanted, why=decision.why)

    async def _store(
        self, device: str, grid: str | None, data: Data, observation: Observation, remember: Mapping[str, bytes | None]
    ) -> Stored:
        draft = Draft(self._source, device, data, self._clock.stamp(), time=observation.time, grid=grid)
        stored = await self._outbox.put(draft, remember=remember, jpegs=observation.pictures)
        kind = type(data).__name__.lower()
        self.emitted[kind] = self.emitted.get(kind, 0) + 1
        return stored


def gap_draft(source: str, clock: Clock, gap: Gap) -> Draft:
    """The event that declares lost numbers."""
    return Draft(source, BOX, gap, clock.stamp())
