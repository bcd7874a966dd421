"""The driver of what POSTs its alarms: a request is answered with 200 only when its alarms are on disk.

503 says: the outbox is full, send again; 4xx: what came cannot be read, and why. A device that sends heartbeats is
reported down when they stop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from drivers.devicehttp.server import BadRequest, Request, Response, text
from drivers.snapshot.keep import Keep
from drivers.webhook.alarms import Alarms
from drivers.webhook.bodies import read
from drivers.webhook.config import Config
from drivers.webhook.door import Route, standing_at
from drivers.webhook.login import Login
from drivers.webhook.pictures import Pictures
from edgeagent.driver import CommandRefused, Device, OutboxFull, Problem
from gridwire.problem import Both

RETRY_S = 2.0
_log = logging.getLogger(__name__)


class Driver:
    """One sender. `run` raises `ListenFailed`, `PathTaken`, which are `DriverProblem`s."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, device: Device) -> None:
        """Take alarms until cancelled."""
        await _Post(self._config, device).run()

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """Who only sends cannot be asked for anything."""
        raise CommandRefused(device=device.id, op=op, why=Both("该设备只推送报警", "this device only sends"))


class _Post:
    """What belongs to one run."""

    def __init__(self, config: Config, device: Device) -> None:
        self._config, self._device = config, device
        self._login = Login(config)
        self._pictures = Pictures(device, Keep(width_px=config.picture_width_px, privacy=config.privacy))
        self._alarms = Alarms(device, config, self._pictures)
        self._came, self._heard_again = asyncio.Event(), asyncio.Event()
        self._heard_s = asyncio.get_running_loop().time()
        self._heard = datetime.now(UTC)
        self._refused = 0

    async def run(self) -> None:
        config, route = self._config, Route(self._login.admits, self.take)
        async with standing_at(config.listen, config.port, config.path, route) as port:
            self._device.describe(listening=f"{config.listen}:{port}{config.path}")
            await self._device.report("up")
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pictures.run())
                    group.create_task(self._clear())
                    if config.silent_after_s:
                        group.create_task(self._listen_for_silence())
            finally:
                await self._alarms.close()

    async def take(self, request: Request) -> Response:
        """One request of whoever may come in."""
        refusal = await self._login.refusal(request)
        if refusal is not None:
            self._count_refused(request, refusal.status)
            return refusal
        self._heard_s, self._heard = asyncio.get_running_loop().time(), datetime.now(UTC)
        self._heard_again.set()
        try:
            count = await self._alarms.deliver(read(request))
        except OutboxFull as full:
            _log.warning("%s: %s", self._device.id, full)
            return text(503, f"{full.text('en')} / {full.text('zh')}", ("Retry-After", "30"))
        except BadRequest as refused:
            self._count_refused(request, refused.status)
            return text(refused.status, str(refused))
        except Problem as problem:
            self._count_refused(request, 422)
            return text(422, f"{problem.text('en')} / {problem.text('zh')}")
        finally:
            self._came.set()
        return text(200, f"stored: {count} / 已入库：{count}")

    async def _clear(self) -> None:
        """End alarms in time; sleeps while nothing is on."""
        while True:
            self._came.clear()
            try:
                async with asyncio.timeout_at(self._alarms.states.next_due_s()):
                    await self._came.wait()
            except TimeoutError:
                await self._end_due()

    async def _end_due(self) -> None:
        try:
            await self._alarms.clear()
        except OutboxFull as full:
            _log.warning("%s: %s", self._device.id, full)
            await asyncio.sleep(RETRY_S)

    async def _listen_for_silence(self) -> None:
        """Tell when nothing comes any more, and when it comes again."""
        loop = asyncio.get_running_loop()
        while True:
            quiet_s = loop.time() - self._heard_s
            if quiet_s < self._config.silent_after_s:
                await self._device.report("up")
                await asyncio.sleep(self._config.silent_after_s - quiet_s)
                continue
            self._heard_again.clear()
            detail = f"nothing for {quiet_s:.0f} s / 已有 {quiet_s:.0f} 秒没有消息"
            await self._device.report("down", "silent", detail, last_seen=self._heard)
            await self._heard_again.wait()

    def _count_refused(self, request: Request, status: int) -> None:
        self._refused += 1
        self._device.describe(refused=str(self._refused), last_refused=f"{status} {request.peer}")
