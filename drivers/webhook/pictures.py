"""Pictures that come with an alarm, made fit and stored beside the alarms, one at a time: no alarm waits for them."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple

from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import PictureProblem
from drivers.snapshot.worker import worker
from edgeagent.driver import Device, Observation, OutboxFull, Picture, TooLarge

MAX_WAITING = 8
MAX_WAITING_BYTES = 8 * 1024 * 1024
_log = logging.getLogger(__name__)


class Waiting(NamedTuple):
    owner: str
    jpeg: bytes


class Pictures:
    """Of one device. What is missed is counted in its description."""

    def __init__(self, device: Device, keep: Keep) -> None:
        self._device, self._keep = device, keep
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue(MAX_WAITING)
        self._waiting_bytes = 0
        self._missed = 0

    def want(self, owner: str, jpegs: tuple[bytes, ...]) -> None:
        """Note the pictures of an alarm that wants some; never waits."""
        for jpeg in jpegs:
            if self._waiting.full() or self._waiting_bytes + len(jpeg) > MAX_WAITING_BYTES:
                self._miss("too many at once / 同时到达过多")
            else:
                self._waiting.put_nowait(Waiting(owner, jpeg))
                self._waiting_bytes += len(jpeg)

    async def run(self) -> None:
        """Until cancelled."""
        async with worker().held():
            await self._keep_all()

    async def _keep_all(self) -> None:
        while True:
            owner, jpeg = await self._waiting.get()
            self._waiting_bytes -= len(jpeg)
            try:
                fit = await self._keep.fit(jpeg, self._device.picture_max_bytes)
                await self._device.emit(Observation(data=Picture(owner=owner, cause="alarm"), pictures=(fit,)))
            except PictureProblem as problem:
                self._miss(problem.text(self._device.language))
            except (OutboxFull, TooLarge) as full:
                self._miss(full.text(self._device.language))

    def _miss(self, why: str) -> None:
        self._missed += 1
        _log.warning("%s: a picture is missing: %s", self._device.id, why)
        self._device.describe(pictures_missed=str(self._missed), picture_problem=why)
