"""A driver to copy: reads a water level from a file, sends it as readings, and raises an alarm while it is too high.

Whatever prints one number into a file will do: a gauge's own program, a kernel sensor under /sys, a cron job.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from edgeagent.driver import (
    Alarm,
    CommandRefused,
    Device,
    DeviceConfig,
    DriverProblem,
    Observation,
    OutboxFull,
    Reading,
    about,
)

HIGH = "high"
_log = logging.getLogger(__name__)


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A water-level gauge that writes its value, in metres, into a file. 把水位（米）写入文件的水位计。"""

    path: Annotated[str, about("存放水位值的文件", "file with the level", min_length=1)]
    every_s: Annotated[float, about("读取间隔，秒", "seconds between readings", ge=1, le=86400)] = 60.0
    alarm_m: Annotated[float, about("报警水位，米", "metres from which on it is an alarm")] = 3.0
    clear_m: Annotated[float, about("解除水位，米", "metres below which the alarm ends")] = 2.8

    def __post_init__(self) -> None:
        if self.clear_m > self.alarm_m:
            raise ValueError("clear_m is above alarm_m / clear_m 高于 alarm_m")


class NoLevel(DriverProblem):
    code = "my-sensor.no-level"
    en = "no water level in {path}: {why}"
    zh = "无法从 {path} 读取水位：{why}"


class Driver:
    """One gauge. `run` raises `NoLevel`: the agent reports it, and runs it again after a pause that grows."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, device: Device) -> None:
        """Read until cancelled."""
        while True:
            level_m = await self._read()
            await device.report("up")
            try:
                await self._tell(device, level_m)
            except OutboxFull as full:
                # Nothing was stored and nothing was remembered: the next turn begins where this one did.
                _log.warning("%s: %s", device.id, full)
            await asyncio.sleep(self._config.every_s)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """`read`: the level now. Raises `CommandRefused`, `NoLevel`."""
        if op != "read":
            raise CommandRefused(device=device.id, op=op, why="only “read” / 只支持 read")
        return {"level_m": await self._read()}

    async def _tell(self, device: Device, level_m: float) -> None:
        await device.emit(Observation(data=Reading(quantity="water_level", value=level_m, unit="m")))
        was_high = device.recall(HIGH) is not None
        is_high = level_m >= (self._config.clear_m if was_high else self._config.alarm_m)
        if is_high == was_high:
            return
        alarm = Alarm(kind="water_level", state="start" if is_high else "end", detail={"level_m": str(level_m)})
        # In one transaction: after a crash in between there would be two alarms, or an end that never comes.
        await device.emit(Observation(data=alarm), remember={HIGH: b"1" if is_high else None})

    async def _read(self) -> float:
        path = Path(self._config.path)
        try:
            # In a thread: the agent has one loop, and nobody may hold it up for a slow disk or bus.
            return float(await asyncio.to_thread(path.read_text, encoding="ascii"))
        except (OSError, ValueError) as error:
            raise NoLevel(path=path, why=str(error)[:200]) from error
