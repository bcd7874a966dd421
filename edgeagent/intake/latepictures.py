"""Has drivers take the pictures of alarms that were held back: when such an alarm is raised its driver is long past it.

Any driver that carries out `snapshot` can do that; what it emits then becomes a picture of the alarm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from edgeagent.driver import CommandRefused, OutboxFull, Stored, TooLarge
from edgeagent.intake.intake import PICTURE_OWNER

log = logging.getLogger(__name__)

Command = Callable[[str, str, Mapping[str, object]], Awaitable[Mapping[str, object]]]

MAX_WAITING: Final = 64
AT_ONCE: Final = 4
PAUSES_S: Final = (0.0, 5.0, 20.0)
"""After a restart the alarm is raised before its camera answers again."""


class LatePictures:
    """`command` carries out an operation of a device's driver, as `Supervisor.command` does."""

    def __init__(self, command: Command) -> None:
        self.missed = 0
        """Pictures that were wanted while too many others were."""
        self._command = command
        self._wanted: asyncio.Queue[tuple[str, str]] = asyncio.Queue(MAX_WAITING)

    def want(self, device: str, stored: Stored) -> None:
        """Never waits."""
        try:
            self._wanted.put_nowait((device, stored.id))
        except asyncio.QueueFull:
            self.missed += 1
            log.warning("%s: no picture for an alarm, too many are waiting", device)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            device, owner = await self._wanted.get()
            token = PICTURE_OWNER.set(owner)
            try:
                await self._take(device)
            finally:
                PICTURE_OWNER.reset(token)

    async def _take(self, device: str) -> None:
        why: Exception | None = None
        for pause_s in PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                await self._command(device, "snapshot", {})
            except CommandRefused as problem:
                why = problem
            except (OutboxFull, TooLarge) as problem:
                log.warning("%s: %s", device, problem)
                return
            else:
                return
        log.info("%s: no picture for an alarm that was held: %s", device, why)
