"""What a JPEG says about itself before it is decoded: its size, whether it ends. Pure, and never slow.

A picture may claim any size in a few bytes: what is too large is not decoded at all. ITU-T T.81 Annex B.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_PIXELS = 40_000_000
MIN_SIDE_PX = 16
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xD9)) | {0x01}
_MAX_PREAMBLE_BYTES = 1024
_END = b"\xff\xd9"
# Some cameras pad the picture behind its end; more than this is not padding.
_MAX_TRAILER_BYTES = 64 * 1024


class Header(NamedTuple):
    """`start`: where the picture begins. `ended`: its end marker is there."""

    start: int
    width_px: int
    height_px: int
    ended: bool


def read_header(jpeg: bytes) -> Header | None:
    """None when this is no JPEG, has no size, or one that nobody should decode."""
    start = jpeg.find(b"\xff\xd8\xff", 0, _MAX_PREAMBLE_BYTES)
    if start < 0:
        return None
    size = _size(jpeg, start + 2)
    if size is None or min(size) < MIN_SIDE_PX or size[0] * size[1] > MAX_PIXELS:
        return None
    return Header(start, *size, jpeg.rfind(_END, max(start, len(jpeg) - _MAX_TRAILER_BYTES)) >= 0)


def _size(jpeg: bytes, at: int) -> tuple[int, int] | None:
    while found := _MARKER.search(jpeg, at):
        code, at = found[0][1], found.end()
        if code in _WITHOUT_LENGTH:
            continue
        if code in _FRAMES and at + 7 <= len(jpeg):
            return int.from_bytes(jpeg[at + 5 : at + 7], "big"), int.from_bytes(jpeg[at + 3 : at + 5], "big")
        length = int.from_bytes(jpeg[at : at + 2], "big")
        if code == 0xDA or length < 2:
            return None
        at += length
    return None
