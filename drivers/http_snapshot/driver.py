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
from drivers.snapshot.fetch import Snapshots
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import PictureProblem
from drivers.snapshot.rtsp import Stream
from drivers.snapshot.schedule import wait_s
from drivers.snapshot.worker import worker
from edgeagent.driver import CommandRefused, Device, Observation, OutboxFull, Picture, Stored

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

    async def run(self, device: Device) -> None:
        """Until cancelled."""
        async with worker().held():
            await self._expecting(device, self._look(device))
            while True:
                due_s = self._due_s(device)
                await asyncio.sleep(min(due_s, self._config.check_s))
                due = due_s <= self._config.check_s and device.pictures_wanted
                await self._expecting(device, self._keep(device, "schedule") if due else self._look(device))

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """`snapshot`: take a picture now and store it. Raises `CommandRefused` and `OutboxFull`."""
        if op != "snapshot":
            raise CommandRefused(device=device.id, op=op, why="unknown / 没有这个操作")
        try:
            stored, size = await self._keep(device, "command")
        except _EXPECTED as problem:
            raise CommandRefused(device=device.id, op=op, why=problem.text(device.language)) from problem
        return {"event": stored.id, "bytes": size}

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

    async def _keep(self, device: Device, cause: Literal["schedule", "command"]) -> tuple[Stored, int]:
        """Take a picture and store it; its event, and its size in bytes."""
        async with self._one_at_a_time:
            if self._config.url.startswith("rtsp:"):
                jpeg = await self._stream.frame([self._config.url], device.picture_max_bytes)
            else:
                jpeg = await self._snapshots.fetch(self._config.url, device.picture_max_bytes)
        return await device.emit(Observation(data=Picture(cause=cause), pictures=(jpeg,))), len(jpeg)
