"""A village and its county as real processes, with devices that keep raising; anybody may be killed at any time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.camera import CameraConfig, CameraFarm
from simulators.terminal import SimTerminal
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.terminals import village_key

WORKERS = {"sos": 1, "alarm": 3, "checkin": 3, "reading": 2, "picture": 1}
EVERY_MS = 50
CAMERAS = 3
KILLABLE = ("agent", "broker", "hub")


class World:
    """Everything that runs. `kill` and `start` take one of `KILLABLE`."""

    def __init__(self, folder: Path, farm: CameraFarm, terminal: SimTerminal) -> None:
        self.farm, self.terminal = farm, terminal
        self.ledger = Ledger(folder / "pond.txt")
        self.kills: Counter[str] = Counter()
        self.cuts = 0
        self._stop_file = folder / "stop"
        self.key_file = village_key(folder)
        self.broker = Mosquitto(folder / "broker", persistence=True, extra="autosave_interval 1")
        self.hub = HubProcess(folder / "hub", self.broker.port, "[replay]\npause_s = 1\n")
        self.agent = AgentProcess(folder / "box", self.broker.port, self._devices(), hub="resend_after_s = 2")

    def _devices(self) -> str:
        devices = emitter(self.ledger.path, WORKERS, every_ms=EVERY_MS, stop_file=str(self._stop_file))
        for camera in self.farm.cameras.values():
            devices += (
                f'[device.{camera.name}]\ndriver = "onvif"\naddress = "127.0.0.1:{camera.port}"\npoll_s = 2\n'
                f'username = "admin"\npassword = "{camera.config.password}"\n'
            )
        devices += f'[device.desk]\ndriver = "terminal"\nkey_file = "{self.key_file}"\nwindow_s = 3600\n'
        for part in self.terminal.settings:
            if part["name"] in ("iccard", "beeper"):
                devices += "[[device.desk.part]]\nreopen_last_s = 0.2\n"
                devices += "".join(f'{key} = "{value}"\n' for key, value in part.items())
        return devices

    def start(self, name: str) -> None:
        getattr(self, name).start()

    def kill(self, name: str) -> None:
        getattr(self, name).kill()
        self.kills[name] += 1

    async def freeze_broker(self, seconds: float) -> None:
        """Its port stays open, nothing answers."""
        self.broker.pause()
        await asyncio.sleep(seconds)
        self.broker.resume()

    def stop_raising(self) -> None:
        """Nothing new from now on."""
        self._stop_file.touch()

    async def raise_alarms(self, chance: random.Random) -> None:
        """Pulses that say their number, at any camera, until cancelled; now and then its connections break."""
        cameras = list(self.farm.cameras.values())
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.25))
            camera = chance.choice(cameras)
            camera.raise_alarm("line_crossing")
            if chance.random() < 0.02:
                camera.drop_connections()
                self.cuts += 1

    async def show_cards(self, chance: random.Random) -> None:
        """Each card once, until cancelled."""
        while True:
            await asyncio.sleep(chance.uniform(0.2, 0.6))
            self.terminal.show_ic(chance.randbytes(4))

    async def all_up(self) -> None:
        """Every device is watched, which closes its blind interval."""
        async with asyncio.timeout(60):
            while True:
                devices = (await self.agent.status()).get("devices", [])
                if len(devices) == CAMERAS + 2 and all(device["state"] == "up" for device in devices):
                    return
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """All of it, running; killed at the end."""
    configs = [CameraConfig(name=f"cam-{n}", serial=f"S{n}") for n in range(1, CAMERAS + 1)]
    async with CameraFarm(configs) as farm, SimTerminal(folder / "ports") as terminal:
        running = World(folder, farm, terminal)
        with running.broker, running.hub, running.agent:
            yield running
