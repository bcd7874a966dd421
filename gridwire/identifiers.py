"""Identifiers: box ids, grid ids, device ids and ULIDs. Pure; randomness and time come in as arguments or defaults.

A village is its 12-digit statistical code (统计用区划代码, National Bureau of Statistics): 6 digits county,
3 township, 3 village. A box id adds `-2`, `-3`, … for further boxes of one village; a grid id adds 3 digits.
"""

from __future__ import annotations

import os
import re
import threading
import time

from gridwire.problem import Problem

END = r"$(?!\n)"
"""End of a pattern. Python's `$` also matches before a final line feed; in JSON Schema (ECMA 262) it does no harm."""

BOX_PATTERN = r"^[1-9][0-9]{11}(-([2-9]|[1-9][0-9]))?" + END
GRID_PATTERN = r"^[1-9][0-9]{14}" + END
COUNTY_PATTERN = r"^[1-9][0-9]{5}" + END
ULID_PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}" + END
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,39}" + END
"""Alarm kinds and measured quantities."""
DEVICE_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?" + END


def within(pattern: str) -> str:
    """A pattern of a whole text, as a part of a longer one."""
    return pattern.removeprefix("^").removesuffix(END)


_BOX = re.compile(BOX_PATTERN, re.ASCII)
_GRID = re.compile(GRID_PATTERN, re.ASCII)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


# Codes of errors are stable: these two stay as they are, although this module was once called otherwise.
class BadBoxId(Problem):
    code = "codes.bad-box-id"
    en = "“{text}” is no box id: 12 digits of the village, then -2, -3, … for a second, third box"
    zh = "“{text}”不是有效的盒子编号：应为 12 位村级区划代码，同村第二台起加 -2、-3……"


class BadGridId(Problem):
    code = "codes.bad-grid-id"
    en = "“{text}” is no grid id: 12 digits of the village and 3 digits of the grid"
    zh = "“{text}”不是有效的网格编号：应为 12 位村级区划代码加 3 位网格号"


def check_box_id(text: str) -> str:
    """The same text; raises `BadBoxId`."""
    if not _BOX.match(text):
        raise BadBoxId(text=text[:64])
    return text


def check_grid_id(text: str) -> str:
    """The same text; raises `BadGridId`."""
    if not _GRID.match(text):
        raise BadGridId(text=text[:64])
    return text


def county_of(box: str) -> str:
    """The 6-digit code that a box id begins with. Only for a new box: later the registry says where it belongs."""
    return check_box_id(box)[:6]


def village_of(box: str) -> str:
    """The 12-digit village code of a box id."""
    return check_box_id(box)[:12]


class UlidMaker:
    """Makes ULIDs that rise within a process, also when several are made in one millisecond or the clock steps back.

    Source: the ULID specification (48 bits of Unix milliseconds, 80 random bits, Crockford base 32).
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def make(self, now_ms: int | None = None, entropy: bytes | None = None) -> str:
        """A new ULID. `now_ms`: Unix milliseconds; `entropy`: 10 bytes."""
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        random = int.from_bytes(os.urandom(10) if entropy is None else entropy, "big")
        with self._lock:
            self._last = max((max(now_ms, 0) & (1 << 48) - 1) << 80 | random, self._last + 1)
            return _encode(self._last)


def _encode(value: int) -> str:
    pairs = _PAIRS
    return "".join([pairs[value >> shift & 1023] for shift in _SHIFTS])


_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SHIFTS = range(120, -1, -10)


new_ulid = UlidMaker().make
