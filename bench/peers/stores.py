"""Child side of every durable-append measurement: opens a store, feeds it alarms in several ways, prints rates.

Standard library only. `python -m bench.peers.NAME append FOLDER SECONDS`, or `flash FOLDER COUNT`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from bench import alarm

PRODUCERS = 64
MAX_EVENTS = 40_000
"""Of one way of feeding: what answers before it writes would else fill the memory."""


class Store(Protocol):
    """Something that keeps events."""

    def append(self, bodies: Sequence[bytes]) -> None:
        """Store these, as one unit if the store knows such a thing; return when it says that it has them."""

    def settle(self) -> None:
        """Wait until all that was taken is in a file, for those that answer before."""

    def close(self) -> None: ...


Opener = Callable[[Path], Store]


def main(open_store: Opener) -> None:
    """Do what the command line says and print one line of JSON."""
    work, folder, amount = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    found = append(open_store, folder, amount) if work == "append" else flash(open_store, folder, int(amount))
    print(json.dumps(found), flush=True)


def append(open_store: Opener, folder: Path, seconds: float) -> dict[str, float]:
    """Events a second: one by one, ten and a hundred at a time, and from 64 threads one by one."""
    events = alarm.bodies(MAX_EVENTS)
    found: dict[str, float] = {}
    for size in (1, 10, 100):
        store = open_store(_fresh(folder, f"batch-{size}"))
        found[str(size)] = _timed(store, lambda store=store, size=size: _feed(store, events, size, seconds))  # type: ignore[misc]
    store = open_store(_fresh(folder, "producers"))
    found["producers"] = _timed(store, lambda: _produce(store, events, seconds))
    return found


def flash(open_store: Opener, folder: Path, count: int) -> dict[str, float]:
    """Bytes given to the block layer for each event, one by one, closing included; and what the device counted."""
    events = alarm.bodies(count)
    before, device = written_bytes(), device_bytes()
    store = open_store(_fresh(folder, "flash"))
    for body in events:
        store.append([body])
    store.settle()
    store.close()
    return {"process": (written_bytes() - before) / count, "device": (device_bytes() - device) / count}


def written_bytes() -> int:
    """`write_bytes` of /proc/self/io: pages that this process made dirty, whole, each time anew (proc(5))."""
    for line in Path("/proc/self/io").read_text().splitlines():
        name, value = line.split(": ")
        if name == "write_bytes":
            return int(value)
    return 0


def device_bytes() -> int:
    """Sectors written to all whole disks, with the file system's journal and everybody else's writes."""
    total = 0
    for device in Path("/sys/block").iterdir():
        if not device.name.startswith(("loop", "zram", "ram", "dm-", "md")):
            total += int((device / "stat").read_text().split()[6]) * 512
    return total


def _timed(store: Store, feed: Callable[[], int]) -> float:
    started = time.perf_counter()
    count = feed()
    store.settle()
    rate = count / (time.perf_counter() - started)
    store.close()
    return rate


def _feed(store: Store, events: list[bytes], size: int, seconds: float) -> int:
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until and done + size <= len(events):
        store.append(events[done : done + size])
        done += size
    return done


def _produce(store: Store, events: list[bytes], seconds: float) -> int:
    """64 threads, each waiting for its event before it offers the next."""
    until, counts = time.perf_counter() + seconds, [0] * PRODUCERS

    def produce(number: int) -> None:
        for body in events[number::PRODUCERS]:
            store.append([body])
            counts[number] += 1
            if time.perf_counter() > until:
                return

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _fresh(folder: Path, name: str) -> Path:
    fresh = folder / name
    fresh.mkdir(parents=True)
    return fresh
