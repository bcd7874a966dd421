"""A third-party driver that emits the alarms of a script, line by line, each once whatever dies.

A line is `start KIND [TOPIC]`, `end KIND [TOPIC]` or `pulse KIND [TOPIC]`; more may be appended while it runs. How far
it has come commits with each alarm. On command it takes a `snapshot`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from edgeagent.driver import Alarm, CommandRefused, Device, DeviceConfig, Observation, OutboxFull, Picture

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


class Config(DeviceConfig, frozen=True, kw_only=True):
    """A script to play."""

    script: Annotated[str, Meta(min_length=1, description="file to read")]


class Driver:
    """Plays until cancelled."""

    def __init__(self, config: Config) -> None:
        self._script = Path(config.script)

    async def run(self, device: Device) -> None:
        await device.report("up")
        done = int(device.recall("done") or b"0")
        while True:
            text = self._script.read_text() if self._script.exists() else ""
            for line in text[: text.rfind("\n") + 1].splitlines()[done:]:
                state, kind, *topic = line.split()
                alarm = Alarm(kind=kind, state=state, topic=" ".join(topic))
                try:
                    await device.emit(Observation(data=alarm), remember={"done": str(done + 1).encode()})
                except OutboxFull:
                    break
                done += 1
            await asyncio.sleep(0.02)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        if op != "snapshot":
            raise CommandRefused(device=device.id, op=op, why="unknown")
        stored = await device.emit(Observation(data=Picture(cause="command"), pictures=(JPEG,)))
        return {"event": stored.id}
