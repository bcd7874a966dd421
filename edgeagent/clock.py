"""What time it is, and how far that can be trusted: boot id, time since boot, wall clock, synchronised or not.

This machine's clock alone. A camera's own clock, and what is made of its times → `drivers.onvif.alarms`; how the
hub puts right what happened before the clock was synchronised → `countyhub.ingest.truetime`. When this clock is set,
also back: alarms that wait → `edgeagent.rules.memory`, their time → `edgeagent.intake.intake`, what was
told lately → `edgeagent.rules.decide`.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from gridwire.events import ClockState

_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 256
"""struct timex has 208 bytes on 64-bit Linux, less on 32-bit; all zero means: read, change nothing."""
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it each time it has set the clock; it vanishes with the next boot."""
_TRUSTED_S = 32_000
"""As the kernel: after this long without a word its greatest error, 500 ppm more a second, exceeds 16 s."""


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

    def __init__(self, timesync: Path = _TIMESYNC) -> None:
        self.boot = _first_line("/proc/sys/kernel/random/boot_id")
        self.machine = _machine_id()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._timesync = timesync
        self._denied = False

    def stamp(self) -> Stamp:
        return Stamp(datetime.now(UTC), time.clock_gettime(time.CLOCK_BOOTTIME), self.state())

    def state(self) -> ClockState:
        """As the kernel says. A service that may not set the clock (ProtectClock=yes) may not even ask the kernel:
        then as systemd-timesyncd has left it."""
        if not self._denied:
            timex = ctypes.create_string_buffer(_TIMEX_BYTES)
            answer = self._libc.adjtimex(timex)
            self._denied = answer == -1 and ctypes.get_errno() == errno.EPERM
            if not self._denied:
                return "unsynced" if answer in (_TIME_ERROR, -1) else "synced"
        try:
            return "synced" if abs(time.time() - os.stat(self._timesync).st_mtime) < _TRUSTED_S else "unsynced"
        except OSError:
            return "unsynced"


def _machine_id() -> str:
    """A digest of the machine id: systemd asks that the id itself stays on the machine (machine-id(5))."""
    raw = _first_line("/etc/machine-id") or _first_line("/var/lib/dbus/machine-id")
    return hashlib.sha256(f"edgeagent {raw}".encode()).hexdigest()[:32]


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
