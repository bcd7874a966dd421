"""Facts of the machine that the figures hold for."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.environment import versions
from bench.results import Results

_SYNCS = 200


def facts(folder: Path, results: Results) -> dict[str, str]:
    """Read at the end of a run; measures how long this disk takes for an fdatasync."""
    peers = versions()
    names = ("thingsboard-gateway", "tb-mqtt-client", "persist-queue", "litequeue", "onvif-zeep",
             "onvif-zeep-async", "onvif-python")  # fmt: skip
    return {
        "measured": _measured(results),
        "rounds": ", ".join(f"{work} {count}" for work, count in results.rounds().items()),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "disk": f"{_file_system(folder)}; fdatasync of one event: {_fdatasync_us(folder):.0f} µs (median of {_SYNCS})",
        "load at the end": f"{os.getloadavg()[0]:.2f}",
        "Python, SQLite": f"{platform.python_version()}, {sqlite3.sqlite_version}",
        "mosquitto": _mosquitto(),
        "ours": f"paho-mqtt {version('paho-mqtt')}, aiosqlite {version('aiosqlite')}, msgspec {version('msgspec')}",
        "peers": ", ".join(f"{name} {peers[name]}" for name in names),
    }


def _measured(results: Results) -> str:
    """The day (UTC), or each day with its works."""
    works = results.rounds()
    days = {day: [work for work in works if results.days.get(work) == day] for day in sorted(results.days.values())}
    if len(days) == 1:
        return next(iter(days))
    return "; ".join(f"{day}: {', '.join(found)}" for day, found in days.items())


def _processor() -> str:
    found = re.search(r"^(?:model name|Model)\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def _file_system(folder: Path) -> str:
    """Type of the mount that holds the folder."""
    found = ("", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if folder.absolute().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


def _fdatasync_us(folder: Path) -> float:
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            os.write(file.fileno(), b"x" * 385)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken) * 1e6


def _mosquitto() -> str:
    said = subprocess.run(["/usr/sbin/mosquitto", "-h"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"version (\S+)", said)
    return found[1] if found else "unknown"
