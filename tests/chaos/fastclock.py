"""A process whose time runs faster than ours, by libfaketime: its wall clock, its monotonic clock and its waiting.

So a day's timers are those of a day, at their defaults, and a test has not to wait for them. What it does not change is
how long work takes: to that process the disk, the broker and everything simulated are as many times slower.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

_LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib64/faketime/libfaketimeMT.so.1")


class FastClock:
    """Begins with ours, `speed` times as fast. Skips the test where the library is not installed."""

    def __init__(self, speed: int) -> None:
        self.speed = speed
        self._began_s = time.time()
        found = [path for pattern in _LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
        if not found:
            pytest.skip("libfaketime is not installed")
        self._library = found[0]

    @property
    def elapsed_s(self) -> float:
        """Of its own seconds, since it began."""
        return (time.time() - self._began_s) * self.speed

    def ours_s(self, seconds: float) -> float:
        """How long so many of its seconds take."""
        return seconds / self.speed

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that starts now; its clock goes on where an earlier one's has come to."""
        ahead_s = self.elapsed_s - self.elapsed_s / self.speed
        return {"LD_PRELOAD": str(self._library), "FAKETIME": f"+{ahead_s:.3f} x{self.speed}", "NO_FAKE_STAT": "1"}
