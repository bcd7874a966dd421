"""A driver that fails before it has told anything, or writes into its folder, as its setting says."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Literal

from edgeagent.driver import Device, DeviceConfig


class Config(DeviceConfig, frozen=True, kw_only=True):
    """What it does."""

    does: Literal["os-error", "crash", "ends-process", "block", "write", "degraded", "nothing", "meets"]
    room: str = ""
    others: int = 0
    """`meets`: tells how it is once so many have come into the room."""


class Driver:
    def __init__(self, config: Config) -> None:
        self._does, self._room, self._others = config.does, config.room, config.others

    async def run(self, device: Device) -> None:
        match self._does:
            case "os-error":
                raise PermissionError(13, "Permission denied", "/srv/roster.csv")
            case "crash":
                raise ZeroDivisionError("before anything was told")
            case "ends-process":
                os._exit(9)
            case "block":
                time.sleep(600)
            case "write":
                (device.folder / "inner").mkdir()
                (device.folder / "inner" / "page").write_text("kept")
                await device.report("degraded", "wrote", f"as user {os.geteuid()} of groups {sorted(os.getgroups())}")
            case "meets":
                (room := Path(self._room) / str(os.getpid())).touch()
                while len(list(room.parent.iterdir())) < self._others:
                    await asyncio.sleep(0.05)
                await device.report("degraded", "met", "all at once")
            case "degraded":
                await device.report("degraded", "no-events", "gives pictures only")
        await asyncio.Event().wait()
