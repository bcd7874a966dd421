"""Stores what a device says, as alarms, each with the states it leaves behind, in one transaction.

Returns only when all of it is on disk. When the outbox is full nothing advances, and the sender, told so, sends again.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from drivers.devicehttp.server import BadRequest
from drivers.webhook.bodies import Posted
from drivers.webhook.config import Config
from drivers.webhook.pictures import Pictures
from drivers.webhook.said import Said
from drivers.webhook.states import States, Step
from drivers.webhook.vocabulary import IGNORE, Kinds
from edgeagent.driver import Alarm, Device, Observation, Stored

MEMORY_KEY = "webhook.states"
MAX_AGE = timedelta(days=1)
CLOCK_SLACK = timedelta(seconds=5)


class Alarms:
    """Of one device, one message after the other."""

    def __init__(self, device: Device, config: Config, pictures: Pictures) -> None:
        self._device, self._config, self._pictures = device, config, pictures
        self._kinds = Kinds(config.kinds)
        self._turn = asyncio.Lock()
        self._closed = False
        self.states = States(device.recall(MEMORY_KEY), config.clear_after_s, _now_s())

    async def deliver(self, posted: Posted) -> int:
        """How many alarms it came to. Completes although cancelled.

        Raises `OutboxFull`, `BadRequest`, and the problems of data that no hub would take.
        """
        return await asyncio.shield(asyncio.ensure_future(self._deliver(posted)))

    async def clear(self) -> None:
        """End what nobody has repeated for long enough. Completes although cancelled. Raises `OutboxFull`."""
        await asyncio.shield(asyncio.ensure_future(self._clear()))

    async def close(self) -> None:
        """Take no more; what is under way is on disk by the time that this returns."""
        async with self._turn:
            self._closed = True

    async def _deliver(self, posted: Posted) -> int:
        count = 0
        async with self._turn:
            if self._closed:
                raise BadRequest(503, "stopping / 正在停止")
            for said in posted.said:
                kind = self._kinds.kind_of(said.name, said.object)
                step = self.states.plan(said, kind, _now_s())
                if kind == IGNORE or step.change is None:
                    continue
                stored = await self._store(step, said)
                count += 1
                if stored.picture_wanted and posted.jpegs and step.change != "end":
                    self._pictures.want(stored.id, posted.jpegs)
        return count

    async def _clear(self) -> None:
        async with self._turn:
            for step in self.states.due(_now_s()):
                await self._store(step, None)

    async def _store(self, step: Step, said: Said | None) -> Stored:
        assert step.change is not None
        alarm = Alarm(
            kind=step.lit.kind,
            state=step.change,
            source=step.lit.source,
            topic=step.lit.name,
            object=step.lit.object,
            detail=dict(said.detail) if said else {},
        )
        moment = _moment(said.time, datetime.now(UTC)) if said and self._config.trust_time else None
        remember = {MEMORY_KEY: self.states.dump_after(step)} if step.change != "pulse" or step.mark else None
        stored = await self._device.emit(Observation(data=alarm, time=moment), remember=remember)
        self.states.apply(step, _now_s())
        return stored


def _moment(text: str, now: datetime) -> datetime | None:
    """The device's time, of the last day and not of the future; without an offset it is local time. None: now."""
    try:
        moment = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(moment, now) if now - MAX_AGE <= moment <= now + CLOCK_SLACK else None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
