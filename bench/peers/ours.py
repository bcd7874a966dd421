"""Ours, as a contender: Outbox alone for storing; Outbox, Uplink and HubLink, as the agent joins them, for sending.

python -m bench.peers.ours append FOLDER SECONDS | flash FOLDER COUNT | fill FOLDER COUNT | send FOLDER PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from bench import alarm
from bench.peers import child
from bench.peers.stores import PRODUCERS, device_bytes, written_bytes
from bench.peers.waiting import look_until
from edgeagent.clock import Clock, Stamp
from edgeagent.config import Config, HubSettings
from edgeagent.driver import Alarm
from edgeagent.hublink import HubLink
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import Draft, gap_draft
from edgeagent.uplink import Uplink
from gridwire.codec import decode_message
from gridwire.messages import Ack, Birth
from gridwire.mqtt import Message

LIMITS = Limits(max_mb=256, pictures_max_mb=512, retain_days=7, linger_s=0.3)
"""The defaults of edgeagent.config."""
_FILL_GROUP = 500
_BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def draft(seq: int) -> Draft:
    """The alarm of bench/alarm.py without its number, its times as far apart as there."""
    apart_s = seq * 7 + random.random() * 7
    stamp = Stamp(_BEGAN + timedelta(seconds=apart_s), 200_000 + apart_s, "synced")
    data = Alarm(kind="motion", state="start", source=alarm.SOURCE_TOKEN)
    return Draft(alarm.SOURCE, alarm.camera(seq), data, stamp)


@contextlib.asynccontextmanager
async def opened(folder: Path, clock: Clock) -> AsyncIterator[Outbox]:
    outbox = await Outbox.open(
        folder, LIMITS, boot=clock.boot, machine=clock.machine, gap=lambda gap: gap_draft(alarm.SOURCE, clock, gap)
    )
    try:
        yield outbox
    finally:
        await outbox.close()


async def append(folder: Path, seconds: float) -> dict[str, float]:
    """The same four ways as for the others; 64 producers are tasks, as drivers are."""
    found: dict[str, float] = {}
    for size in (1, 10, 100):
        async with _fresh(folder, f"batch-{size}") as outbox:
            found[str(size)] = await _timed(lambda outbox=outbox, size=size: _feed(outbox, size, seconds))  # type: ignore[misc]
    async with _fresh(folder, "producers") as outbox:
        found["producers"] = await _timed(lambda: _produce(outbox, seconds))
    return found


async def flash(folder: Path, count: int) -> dict[str, float]:
    before, device = written_bytes(), device_bytes()
    async with _fresh(folder, "flash") as outbox:
        for seq in range(count):
            await outbox.put(draft(seq))
    return {"process": (written_bytes() - before) / count, "device": (device_bytes() - device) / count}


async def fill(folder: Path, count: int) -> dict[str, float]:
    """An outbox of so many alarms that nobody has acknowledged."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with opened(folder, Clock()) as outbox:
        for first in range(0, count, _FILL_GROUP):
            await asyncio.gather(*(outbox.put(draft(seq)) for seq in range(first, min(first + _FILL_GROUP, count))))
    return {}


async def send(folder: Path, port: int) -> dict[str, float]:
    """Connect when told to, send all there is, and end when the hub has acknowledged all of it."""
    clock = Clock()
    config = Config(box=alarm.BOX, hub=HubSettings(host="127.0.0.1", port=port))
    async with opened(folder, clock) as outbox:
        link = HubLink(config, clock, random.randrange(1, 1000))
        uplink = Uplink(outbox, link.client, link.county, link.box, config.hub.resend_after_s)
        link.on_up, link.on_down = uplink.connected, uplink.disconnected
        link.on_message = lambda message: _hear(uplink, message)
        link.birth = lambda: Birth(
            box=link.box, version="bench", boot=clock.boot, started=clock.stamp().wall, config_hash=""
        )
        await asyncio.to_thread(child.wait_for_go)
        cpu_s = time.process_time()
        tasks = [asyncio.create_task(work) for work in (link.run(), uplink.run(), uplink.tick())]
        await look_until(lambda: not outbox.waiting()["alarm"])
        done = time.monotonic()
        cpu_s = time.process_time() - cpu_s
        await link.stop("done")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"done": done, "cpu_s": cpu_s, "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _hear(uplink: Uplink, message: Message) -> None:
    if message.topic.endswith("/down/ack"):
        uplink.acknowledged(decode_message(message.payload, Ack, "down/ack"))


@contextlib.asynccontextmanager
async def _fresh(folder: Path, name: str) -> AsyncIterator[Outbox]:
    fresh = folder / name
    fresh.mkdir(parents=True)
    async with opened(fresh, Clock()) as outbox:
        yield outbox


async def _timed(feed: Callable[[], Awaitable[int]]) -> float:
    started = time.perf_counter()
    count = await feed()
    return count / (time.perf_counter() - started)


async def _feed(outbox: Outbox, size: int, seconds: float) -> int:
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        if size == 1:
            await outbox.put(draft(done))
        else:
            await asyncio.gather(*(outbox.put(draft(done + place)) for place in range(size)))
        done += size
    return done


async def _produce(outbox: Outbox, seconds: float) -> int:
    until = time.perf_counter() + seconds

    async def produce(number: int) -> int:
        count = 0
        while time.perf_counter() < until:
            await outbox.put(draft(number + count * PRODUCERS))
            count += 1
        return count

    return sum(await asyncio.gather(*(produce(number) for number in range(PRODUCERS))))


def main() -> None:
    work, folder, amount = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    works = {
        "append": lambda: append(folder, amount),
        "flash": lambda: flash(folder, int(amount)),
        "fill": lambda: fill(folder, int(amount)),
        "send": lambda: send(folder, int(amount)),
    }
    print(json.dumps(asyncio.run(cast("Callable[[], Awaitable[dict[str, float]]]", works[work])())), flush=True)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
