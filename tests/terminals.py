"""For tests of the terminal: the driver at work on a simulated terminal, and what it did, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import msgspec

from drivers.terminal import Config, Driver
from drivers.terminal.idnumber import VillageKey, load_village_key
from simulators.terminal import ALL_PARTS, Part, SimTerminal
from tests.harness import DeviceRecorder, until

FAST = {"inter_byte_timeout_s": 0.05, "reopen_first_s": 0.01, "reopen_last_s": 0.05, "write_timeout_s": 0.5}
OWN: dict[str, dict[str, Any]] = {
    "idcard": {"poll_s": 0.005, "answer_timeout_s": 1.0},
    "bus": {"poll_s": 0.02, "answer_timeout_s": 0.05},
}
KEY_TEXT = "v7:" + bytes(range(32)).hex()
TONES = {(1, 2): "done", (2, 1): "already", (3, 9): "failed", (1, 1): "next"}


def village_key(folder: Path) -> Path:
    """The file of the key that people's numbers are hashed with."""
    path = folder / "village.key"
    path.write_text(KEY_TEXT)
    path.chmod(0o600)
    return path


class Station:
    """A village station's terminal and its device. `settings`: of the terminal, `own`: of its parts by name."""

    def __init__(self, folder: Path, terminal: SimTerminal) -> None:
        self.folder, self.terminal = folder, terminal
        self.device = DeviceRecorder(folder / "cache", language="zh")
        self.settings: dict[str, Any] = {"privacy_notice": ""}
        self.own: dict[str, dict[str, Any]] = {name: dict(settings) for name, settings in OWN.items()}
        self.left_out: Collection[str] = ()
        """Parts that are there and stand in no configuration."""
        self.key_file = village_key(folder)
        self.driver: Driver | None = None

    @property
    def key(self) -> VillageKey:
        return load_village_key(self.key_file)

    def person(self, code: str) -> str:
        """The keyed hash that stands for a number, a card or a code."""
        return self.key.hash_number(code).digest

    def config(self) -> Config:
        parts = [
            {**part, **FAST, **self.own.get(part["name"], {})}
            for part in self.terminal.settings
            if part["name"] not in self.left_out
        ]
        return msgspec.convert({"key_file": str(self.key_file), "part": parts, **self.settings}, Config)

    @contextlib.asynccontextmanager
    async def open(self, **settings: object) -> AsyncIterator[DeviceRecorder]:
        """The driver runs, every part has been heard of. `settings`: of the terminal, from now on."""
        self.settings |= settings
        self.driver = Driver(self.config())
        task = asyncio.create_task(self.driver.run(self.device))
        try:
            await until(lambda: self.device.reports or task.done())
            yield self.device
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def restart(self) -> DeviceRecorder:
        """The same box in its next process."""
        self.device = self.device.restarted()
        return self.device

    # -- what people hear and read ---------------------------------------------------------------------------------

    @property
    def tones(self) -> list[str]:
        return [TONES[beep.times, beep.units] for beep in self.terminal.beeps]

    @property
    def slips(self) -> list[str]:
        return [slip.text for slip in self.terminal.slips]

    async def hears(self, *tones: str) -> None:
        """Until exactly these have sounded, all in all."""
        await until(lambda: len(self.tones) >= len(tones))
        assert self.tones == list(tones)

    async def prints(self, count: int) -> list[str]:
        await until(lambda: len(self.slips) >= count)
        assert len(self.slips) == count
        return self.slips

    async def is_told(self, state: str, reason: str = "") -> str:
        """Until the device was last reported so; the detail."""
        await until(lambda: (self.device.reports[-1].state, self.device.reports[-1].reason) == (state, reason))
        return self.device.reports[-1].detail

    def kinds(self) -> list[str]:
        """What was stored, in order, without readings."""
        return [name for data in self.device.data if (name := type(data).__name__.lower()) != "reading"]

    def stored(self, kind: str) -> list[Any]:
        return [data for data in self.device.data if type(data).__name__.lower() == kind]


@contextlib.asynccontextmanager
async def station(folder: Path, parts: Collection[Part] = ALL_PARTS) -> AsyncIterator[Station]:
    async with SimTerminal(folder / "ports", parts) as terminal:
        yield Station(folder, terminal)
