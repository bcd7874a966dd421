"""The driver of one ONVIF camera: puts set-up, subscription, alarms and pictures together."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from drivers.devicehttp.addresses import device_url, rewrite
from drivers.onvif.alarms import Alarms
from drivers.onvif.client import CALL_TIMEOUT_S, Client
from drivers.onvif.config import Config
from drivers.onvif.health import Health
from drivers.onvif.identity import alone, another, information
from drivers.onvif.ladder.ladder import Ladder, Rung
from drivers.onvif.ladder.notifying import Notifying
from drivers.onvif.ladder.pulling import Pulling
from drivers.onvif.ladder.pullpoints import PullPoints
from drivers.onvif.ladder.slot import Slot
from drivers.onvif.ladder.stills import Stills
from drivers.onvif.pictures import EXPECTED, Pictures
from drivers.onvif.setup import Facts, Setup, SetupFailed
from drivers.onvif.tap import Look
from drivers.picture.diagnosis import Diagnosis
from drivers.snapshot.worker import WorkerFailed
from edgeagent.driver import CommandRefused, Device, DriverProblem, Observation, Picture
from gridwire.problem import Both

__all__ = ["Config", "Driver"]

# Between two questions for the set-up, which costs a second of a core.
SETUP_INTERVAL_S = 600.0
# After the worker died, which says nothing of the camera: twice this, then ever twice as long.
SETUP_AGAIN_S = 2.5
# Below this, skew is not worth telling: the clock is read in whole seconds, over a network.
SKEW_TOLD_S = 5.0
_log = logging.getLogger(__name__)


class Driver:
    """Watches one camera."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._camera: _Camera | None = None

    async def run(self, device: Device) -> None:
        """Until cancelled; then the subscription at the camera is ended."""
        self._camera = _Camera(self._config, device)
        try:
            await self._camera.run()
        finally:
            self._camera = None

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """`snapshot`: take a picture now and store it. `picture`: take one and only give it. `watch`: see `Tap.after`.

        `judge`: is the picture of now any good, and why. `judge_reset`: the camera was moved on purpose.

        Raises `CommandRefused` and `OutboxFull`.
        """
        operations = {
            "snapshot": self._snapshot,
            "picture": self._picture,
            "watch": self._watch,
            "judge": self._judge,
            "judge_reset": self._judge_reset,
        }
        if op not in operations:
            raise CommandRefused(device=device.id, op=op, why=Both("没有这个操作", "unknown"))
        if self._camera is None:
            raise CommandRefused(device=device.id, op=op, why=Both("未运行", "not running"))
        try:
            return await operations[op](self._camera, device, args)
        except (*EXPECTED, WorkerFailed) as problem:
            raise CommandRefused(device=device.id, op=op, why=problem.text(device.language)) from problem
        except msgspec.ValidationError as error:
            raise CommandRefused(device=device.id, op=op, why=str(error)) from error

    async def _snapshot(self, camera: _Camera, device: Device, args: Mapping[str, object]) -> Mapping[str, object]:
        jpeg = await camera.pictures.take()
        stored = await device.emit(Observation(data=Picture(cause="command"), pictures=(jpeg,)))
        return {"event": stored.id, "bytes": len(jpeg)}

    async def _picture(self, camera: _Camera, device: Device, args: Mapping[str, object]) -> Mapping[str, object]:
        return {"jpeg": base64.b64encode(await camera.pictures.take()).decode()}

    async def _judge(self, camera: _Camera, device: Device, args: Mapping[str, object]) -> Mapping[str, object]:
        return await camera.diagnosis.tell()

    async def _judge_reset(self, camera: _Camera, device: Device, args: Mapping[str, object]) -> Mapping[str, object]:
        await camera.diagnosis.reset()
        return {}

    async def _watch(self, camera: _Camera, device: Device, args: Mapping[str, object]) -> Mapping[str, object]:
        asked = msgspec.convert(args, Look)
        return await camera.alarms.tap.after(asked.after, asked.wait_s) | {"on": camera.alarms.states.names()}


class _Camera:
    """All parts of one camera, for one run."""

    def __init__(self, config: Config, device: Device) -> None:
        url = device_url(config.address)
        self._device, self._url = device, url
        self._health = Health(device)
        self._client = Client(url, config.username, config.password, config.auth)
        self._setup = Setup(self._client, device.folder)
        self._setup_wanted = asyncio.Event()
        self._reached = asyncio.Event()
        self._connections = 0
        self.pictures = Pictures(device, config, self._setup, address_failed=self._setup_wanted.set)
        self.diagnosis = Diagnosis(device, self.pictures.whole, every_s=config.judge_every_s)
        self.alarms = Alarms(device, stored=self.pictures.want, clock_offset_s=lambda: self._client.clock_offset_s)
        self._ladder = self._made_ladder(config, url)

    async def run(self) -> None:
        if self._setup.facts is not None:
            self._describe(self._setup.facts)
        async with alone(self._url, self._device.id, self._health), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ladder.run())
            tasks.create_task(self.pictures.run())
            tasks.create_task(self.diagnosis.run())
            tasks.create_task(self._keep_setup())
            tasks.create_task(self._recognise())

    def _made_ladder(self, config: Config, url: str) -> Ladder:
        device, client, kept = self._device, self._client, self._setup.facts
        slot, health = Slot(client, device.folder), self._health
        points = PullPoints(client, slot)
        return Ladder(
            client,
            slot,
            health,
            points=points,
            pulling=Pulling(client, slot, points, health, self.alarms, poll_s=config.poll_s),
            notifying=Notifying(client, slot, points, health, self.alarms, check_s=config.poll_s),
            stills=Stills(device, client, health, self.pictures.take, look_every_s=config.look_every_s),
            listen=config.notify_listen,
            service_url=rewrite(kept.event_service, url) if kept else "",
            on=self._connected,
        )

    def _connected(self, rung: Rung) -> None:
        """A rung is in use: the camera is there, and after the first time it may have been restarted."""
        self._device.describe(events=rung)
        self._reached.set()
        self._connections += 1
        facts = self._setup.facts
        if facts is None or self._connections > 1 or not facts.fresh(datetime.now(UTC)):
            self._setup_wanted.set()
        offset_s = self._client.clock_offset_s or 0.0
        self._device.describe(clock_offset_s=f"{offset_s:.0f}" if abs(offset_s) > SKEW_TOLD_S else "0")

    async def _keep_setup(self) -> None:
        again_s = SETUP_AGAIN_S
        while True:
            await self._setup_wanted.wait()
            self._setup_wanted.clear()
            if self._client.locked_out:
                continue
            rest_s = SETUP_INTERVAL_S
            try:
                await self._ask_setup()
            except SetupFailed as problem:
                _log.warning("%s: %s", self._device.id, problem)
                self._setup_wanted.set()
                if problem.is_ours:
                    rest_s = again_s = min(again_s * 2, SETUP_INTERVAL_S)
            else:
                again_s = SETUP_AGAIN_S
            await asyncio.sleep(rest_s)

    async def _ask_setup(self) -> None:
        before = self._setup.facts
        facts = await self._setup.ask()
        self._describe(facts)
        if before is not None and another((before.model, before.serial), (facts.model, facts.serial)):
            _log.warning("%s: another camera, %s %s", self._device.id, facts.model, facts.serial)
            await self.alarms.replaced()

    async def _recognise(self) -> None:
        """Once a start: another camera may have been hung up while the box was off."""
        await self._reached.wait()
        kept = self._setup.facts
        if kept is None or self._setup_wanted.is_set() or self._client.locked_out:
            return
        try:
            told = await information(self._client, CALL_TIMEOUT_S)
        except DriverProblem as problem:
            _log.debug("%s: %s", self._device.id, problem)
            return
        if another((kept.model, kept.serial), (told["Model"], told["SerialNumber"])):
            self._setup_wanted.set()

    def _describe(self, facts: Facts) -> None:
        told = {"maker": facts.maker, "model": facts.model, "firmware": facts.firmware, "serial": facts.serial}
        self._device.describe(**{name: value[:128] for name, value in told.items() if value})
