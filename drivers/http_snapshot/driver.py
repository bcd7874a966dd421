"""The driver of one camera that is only an address. Short on purpose: read it before you write a driver of your own."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Literal

from drivers.devicehttp.request import HttpProblem
from drivers.http_snapshot.config import Config
from drivers.picture.diagnosis import Diagnosis
from drivers.snapshot.fetch import Snapshots
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import PictureProblem
from drivers.snapshot.rtsp import Stream
from drivers.snapshot.schedule import wait_s
from drivers.snapshot.worker import WorkerFailed, worker
from edgeagent.driver import MAX_PICTURE_BYTES, CommandRefused, Device, Observation, OutboxFull, Picture, Stored
from gridwire.problem import Both

__all__ = ["Config", "Driver"]

_EXPECTED = (PictureProblem, HttpProblem)
_log = logging.getLogger(__name__)


class Driver:
    """Watches one camera: `up` while it gives pictures, `down` with the reason while it does not."""

    def __init__(self, config: Config) -> None:
        keep = Keep(width_px=config.picture_width_px, quality=config.picture_quality, privacy=config.privacy)
        self._config = config
        self._snapshots = Snapshots(config.url, config.username, config.password, keep)
        self._stream = Stream(config.username, config.password, keep)
        self._one_at_a_time = asyncio.Lock()
        self._last_seen: datetime | None = None
        self._diagnosis: Diagnosis | None = None

    async def run(self, device: Device) -> None:
        """Until cancelled."""
        self._diagnosis = Diagnosis(device, self._whole, every_s=self._config.judge_every_s)
        async with worker().held(), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._diagnosis.run())
            tasks.create_task(self._watch(device))

    async def _watch(self, device: Device) -> None:
        await self._expecting(device, self._look(device))
        while True:
            due_s = self._due_s(device)
            await asyncio.sleep(min(due_s, self._config.check_s))
            due = due_s <= self._config.check_s and device.pictures_wanted
            await self._expecting(device, self._keep(device, "schedule") if due else self._look(device))

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """`snapshot`: take a picture now and store it. `judge`: is it any good. `judge_reset`: the camera was moved.

        Raises `CommandRefused` and `OutboxFull`.
        """
        try:
            return await self._carry_out(device, op)
        except (*_EXPECTED, WorkerFailed) as problem:
            raise CommandRefused(device=device.id, op=op, why=problem.text(device.language)) from problem

    async def _carry_out(self, device: Device, op: str) -> Mapping[str, object]:
        if op == "snapshot":
            stored, size = await self._keep(device, "command")
            return {"event": stored.id, "bytes": size}
        if op not in ("judge", "judge_reset") or self._diagnosis is None:
            raise CommandRefused(device=device.id, op=op, why=Both("没有这个操作，或未运行", "unknown, or not running"))
        if op == "judge":
            return await self._diagnosis.tell()
        await self._diagnosis.reset()
        return {}

    def _due_s(self, device: Device) -> float:
        """Seconds to the next picture on schedule."""
        now_s = datetime.now(UTC).timestamp()
        return wait_s(now_s, self._config.every_s, device.id) if self._config.every_s else math.inf

    async def _expecting(self, device: Device, work: Coroutine[None, None, object]) -> None:
        """Say how the camera is after this work; the agent makes an event of a change only."""
        try:
            await work
        except _EXPECTED as problem:
            reason = problem.code.rpartition(".")[2]
            await device.report("down", reason, problem.text(device.language), last_seen=self._last_seen)
        except OutboxFull as problem:
            _log.warning("%s: %s", device.id, problem)
        else:
            self._last_seen = datetime.now(UTC)
            await device.report("up")

    async def _look(self, device: Device) -> None:
        """Raises those of `_EXPECTED` unless the camera gives pictures now."""
        async with self._one_at_a_time:
            if self._config.url.startswith("rtsp:"):
                await self._stream.look(self._config.url)
            else:
                await self._snapshots.look(self._config.url)

    async def _whole(self) -> bytes:
        """In full size, whatever the line takes: to be judged, not to be sent."""
        return await self._take(MAX_PICTURE_BYTES)

    async def _take(self, max_bytes: int) -> bytes:
        async with self._one_at_a_time:
            if self._config.url.startswith("rtsp:"):
                return await self._stream.frame([self._config.url], max_bytes)
            return await self._snapshots.fetch(self._config.url, max_bytes)

    async def _keep(self, device: Device, cause: Literal["schedule", "command"]) -> tuple[Stored, int]:
        """Take a picture and store it; its event, and its size in bytes."""
        jpeg = await self._take(device.picture_max_bytes)
        return await device.emit(Observation(data=Picture(cause=cause), pictures=(jpeg,))), len(jpeg)
