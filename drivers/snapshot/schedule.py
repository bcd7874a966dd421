"""When a camera's next picture on schedule is due. Pure.

Cameras with one interval are spread over it by a hash of their id: a box with thirty does not fetch thirty at once, and
a restart does not move them.
"""

from __future__ import annotations

import zlib

MIN_EVERY_S = 10.0


def wait_s(now_s: float, every_s: float, device: str) -> float:
    """Seconds from `now_s` (Unix time) to the next picture, above 0 and at most the interval."""
    every_s = max(every_s, MIN_EVERY_S)
    phase_s = zlib.crc32(device.encode()) / 2**32 * every_s
    return every_s - (now_s - phase_s) % every_s
