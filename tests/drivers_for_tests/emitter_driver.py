"""A third-party driver that emits numbered events as fast as told, and writes down what it was told is stored.

Each worker keeps its own counter, which commits with its event: after any crash the hub must have 1, 2, 3 … of each
worker, without a hole and none twice. The ledger is appended to by one write each: that outlives a kill -9.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from edgeagent.driver import (
    Alarm,
    Checkin,
    Data,
    Device,
    DeviceConfig,
    Observation,
    OutboxFull,
    Picture,
    Reading,
    Sos,
)

KINDS = ("sos", "alarm", "checkin", "reading", "picture")


class Config(DeviceConfig, frozen=True, kw_only=True):
    """An emitter."""

    ledger: Annotated[str, Meta(min_length=1, description="file to append to")]
    workers: Annotated[dict[str, int], Meta(description="workers of each kind")]
    every_ms: Annotated[float, Meta(ge=0, description="pause of a worker between two events")] = 50
    until: Annotated[int, Meta(ge=0, description="stop at this number; 0: go on for ever")] = 0
    picture_bytes: Annotated[int, Meta(ge=1000, description="size of a picture")] = 12000
    stop_file: Annotated[str, Meta(description="while it exists, nothing is emitted")] = ""
    tag: Annotated[str, Meta(description="for tests that change something")] = ""


def jpeg_of(worker: str, n: int, size: int) -> bytes:
    """A picture that exists once in the world."""
    noise = hashlib.shake_128(f"{worker}/{n}".encode()).digest(size).replace(b"\xff", b"\xfe")
    return b"\xff\xd8\xff\xe0" + noise + b"\xff\xd9"


class Driver:
    """Emits until cancelled, or until every worker has reached `until`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._ledger = -1

    async def run(self, device: Device) -> None:
        self._ledger = os.open(self._config.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            await device.report("up")
            async with asyncio.TaskGroup() as group:
                for kind, count in self._config.workers.items():
                    for index in range(count):
                        group.create_task(self._work(device, kind, f"{kind}-{index}"))
            await asyncio.Event().wait()
        finally:
            os.close(self._ledger)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        return {"did": op}

    async def _work(self, device: Device, kind: str, worker: str) -> None:
        n = int(device.recall(worker) or b"0")
        while not self._config.until or n < self._config.until:
            await asyncio.sleep(self._config.every_ms / 1000)
            if self._config.stop_file and Path(self._config.stop_file).exists():
                continue
            self._note("raised", worker, n + 1)
            pictures = (jpeg_of(worker, n + 1, self._config.picture_bytes),) if kind == "picture" else ()
            try:
                stored = await device.emit(
                    Observation(data=_data(kind, worker, n + 1), pictures=pictures),
                    remember={worker: str(n + 1).encode()},
                )
            except OutboxFull:
                self._note("refused", worker, n + 1)
                continue
            n += 1
            self._note("stored", worker, n, stored.id, stored.stream, stored.lane, stored.seq)

    def _note(self, *words: object) -> None:
        os.write(self._ledger, (" ".join(map(str, words)) + "\n").encode())


def _data(kind: str, worker: str, n: int) -> Data:
    """An event that says itself whose and which it is."""
    name = f"{worker}/{n}"
    match kind:
        case "sos":
            return Sos(point=name)
        case "alarm":
            return Alarm(kind="motion", state="pulse", source=name)
        case "checkin":
            return Checkin(method="card", person=name, key="k1")
        case "reading":
            return Reading(quantity="water_level", value=float(n), unit=worker)
        case _:
            return Picture(cause="schedule", owner=name)
