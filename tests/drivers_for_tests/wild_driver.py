"""A driver that breaks every rule, in the way that its setting says."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from typing import Literal

from edgeagent.driver import Device, DeviceConfig

How = Literal[
    "raises", "exits", "cancels-itself", "ends", "group", "swallows-cancel", "raises-on-cancel", "base", "constructor",
    "outlives-cancel",
]  # fmt: skip


class Config(DeviceConfig, frozen=True, kw_only=True):
    """How it misbehaves."""

    how: How


class Driver:
    def __init__(self, config: Config) -> None:
        self._how = config.how
        if self._how == "constructor":
            raise ZeroDivisionError("in the constructor")

    async def run(self, device: Device) -> None:
        await device.report("up")
        match self._how:
            case "raises":
                raise RuntimeError("wild \ud800 text")
            case "exits":
                sys.exit(3)
            case "cancels-itself":
                future = asyncio.get_running_loop().create_future()
                future.cancel()
                await future
            case "ends":
                return
            case "group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(_fail())
            case "base":
                raise BaseExceptionGroup("several", [SystemExit(1), ValueError("x")])
            case "swallows-cancel":
                while True:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        return
            case "outlives-cancel":
                await _outlive(device)
            case "raises-on-cancel":
                try:
                    await asyncio.Event().wait()
                finally:
                    raise KeyError("in the clean-up")

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        raise LookupError("no command of mine works")


async def _outlive(device: Device) -> None:
    """Until there is a file `end`, whoever cancels it."""
    (device.folder / "begun").touch()
    while not (device.folder / "end").exists():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


async def _fail() -> None:
    raise LookupError("in a task")
