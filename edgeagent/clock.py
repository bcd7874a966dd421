"""What time it is, and how far that can be trusted: boot id, time since boot, wall clock, synchronised or not."""

from __future__ import annotations

import ctypes
import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from gridwire.events import ClockState

_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 256
"""struct timex has 208 bytes on 64-bit Linux, less on 32-bit; all zero means: read, change nothing."""


class Stamp(NamedTuple):
    """One instant, read once. `boottime_s`: seconds since boot, suspended time included."""

    wall: datetime
    boottime_s: float
    clock: ClockState

    @property
    def booted(self) -> datetime:
        """When the machine booted, by this wall clock."""
        return self.wall - timedelta(seconds=self.boottime_s)


class Clock:
    """Reads the machine's clocks. One object a process."""

    def __init__(self) -> None:
        self.boot = _first_line("/proc/sys/kernel/random/boot_id")
        self.machine = _machine_id()
        self._libc = ctypes.CDLL(None, use_errno=True)

    def stamp(self) -> Stamp:
        return Stamp(datetime.now(UTC), time.clock_gettime(time.CLOCK_BOOTTIME), self.state())

    def state(self) -> ClockState:
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        return "unsynced" if self._libc.adjtimex(timex) in (_TIME_ERROR, -1) else "synced"


def _machine_id() -> str:
    """A digest of the machine id: systemd asks that the id itself stays on the machine (machine-id(5))."""
    raw = _first_line("/etc/machine-id") or _first_line("/var/lib/dbus/machine-id")
    return hashlib.sha256(f"edgeagent {raw}".encode()).hexdigest()[:32]


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
