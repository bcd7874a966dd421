"""Reads how a JPEG is built, without decoding it: how large, where it ends, what else it carries. Pure.

ITU-T T.81 Annex B. Only what the picture itself needs is kept: Exif (place, time, serial number), comments, thumbnails
and what hangs on behind the end do not belong into a county's store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.snapshot.problems import HalfPicture, NotJpeg

_BEGIN = b"\xff\xd8\xff"
# How pictures of other kinds begin, for the name of the mistake.
_OTHERS = {
    b"\x89PNG": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"RIFF": "WebP",
    b"<": "HTML", b"{": "JSON", b"\x00\x00\x00": "HEIF",
}  # fmt: skip
_MAX_PREAMBLE_BYTES = 1024
# Fill bytes of FF may stand in front; FF 00 is no marker.
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_END, _SCAN = 0xD9, 0xDA
# All frames but the three codes in between that mean tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Tables and frames; APP0 (JFIF) and APP14 (Adobe) say how colours are meant.
_KEPT = frozenset(range(0xC0, 0xD0)) | {0xDA, 0xDB, 0xDC, 0xDD, 0xE0, 0xEE}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xD8)) | {0x01}


@dataclass(frozen=True, slots=True)
class Jpeg:
    """`data` is one whole picture, `width_px` and `height_px` what its frame header says."""

    data: bytes
    width_px: int
    height_px: int


def read_jpeg(given: bytes) -> Jpeg:
    """The picture in `given`, whatever stands before and behind. Raises `NotJpeg`, `HalfPicture`."""
    begin = given.find(_BEGIN, 0, _MAX_PREAMBLE_BYTES)
    if begin < 0:
        raise NotJpeg(kind=kind_of(given), size=len(given))
    kept, size, at = [given[begin : begin + 2]], (0, 0), begin + 2
    while True:
        start, marker, at = _marker(given, at)
        if marker == _END:
            break
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(given[at : at + 2], "big")
        if length < 2 or at + length > len(given):
            raise HalfPicture(size=len(given))
        if marker in _FRAMES and size == (0, 0):
            size = int.from_bytes(given[at + 5 : at + 7], "big"), int.from_bytes(given[at + 3 : at + 5], "big")
        at += length
        if marker == _SCAN:
            if size == (0, 0):
                raise NotJpeg(kind="JPEG without a frame header", size=len(given))
            at = _end_of_scan(given, at)
        if marker in _KEPT:
            kept.append(given[start:at])
    if 0 in size:
        raise NotJpeg(kind="JPEG without a size", size=len(given))
    return Jpeg(b"".join([*kept, b"\xff\xd9"]), *size)


def kind_of(given: bytes) -> str:
    """A word for what is no JPEG."""
    text = given[:_MAX_PREAMBLE_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((name for start, name in _OTHERS.items() if text.startswith(start)), "data" if text else "nothing")


def _marker(given: bytes, at: int) -> tuple[int, int, int]:
    """Where the next marker begins (fill bytes and rubbish in between are jumped over), its code, and what follows."""
    found = _MARKER.search(given, at)
    if found is None:
        raise HalfPicture(size=len(given))
    return found.end() - 2, given[found.end() - 1], found.end()


def _end_of_scan(given: bytes, at: int) -> int:
    """Where the entropy-coded data end: at a marker that is none of the restarts. FF 00 is a byte of data."""
    while True:
        at = given.find(b"\xff", at)
        if at < 0 or at + 1 >= len(given):
            raise HalfPicture(size=len(given))
        code = given[at + 1]
        if code in _KEPT or code == _END or 0xE0 <= code <= 0xEF or code == 0xFE:
            return at
        at += 1 if code == 0xFF else 2
