"""One camera's baseline in memory, and what becomes of each picture. Here OpenCV and numpy are needed."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import cv2
import numpy as np

from drivers.picture import state
from drivers.picture.baseline import Light
from drivers.picture.baselinesize import ENOUGH
from drivers.picture.figures import Measure
from drivers.picture.judge import Judge
from drivers.picture.look import COLUMNS, ROWS, SIDE, Array, Look, look
from drivers.picture.measure import measure, row

_BORROWED = 8
"""So many snapshots of one kind of light may stand in for the other kind."""
_SIZES_AGREE = 3
"""So many pictures of another size in a row, and the baseline begins anew: the camera was set up differently."""
_THUMBNAIL_WIDTH_PX = 160
_FROZEN = 0.85
_TEXTURE_LEVELS = 12
_NO_VIEW = frozenset({"black", "white", "signal_loss", "corrupt", "covered"})
"""With these nobody can tell whether the picture stands still: what is flat is the same each time."""


class Frame(NamedTuple):
    """A decoded picture: `part` is 1, 2, 4 or 8, `size_px` that of the JPEG, `crc` tells its bytes from others."""

    pixels: Array
    part: int
    size_px: tuple[int, int]
    crc: int

    def is_grey(self) -> bool:
        """As a camera in infrared sends it."""
        return look(self.pixels, self.size_px, self.part).grey


class Camera:
    """`lights`: the baselines in colour and in infrared."""

    def __init__(self) -> None:
        self.lights = (Light(), Light())
        self._size_px = (0, 0)
        self._others = 0
        self._last = b""
        self._last_learnt: int | None = None

    @property
    def learnt(self) -> int:
        return sum(light.count for light in self.lights)

    def learn(self, frame: Frame) -> bool:
        """Whether it was taken: not when it is faulty."""
        seen = look(frame.pixels, frame.size_px, frame.part)
        if not self._fits(seen):
            return False
        light = self.lights[seen.grey]
        measured = measure(seen, light)
        if Judge(seen, measured, light).faults():
            return False
        light.learn(measured.maps, row(measured.figures))
        light.thumbnail = thumbnail(frame.pixels)
        self._last, self._last_learnt = _fingerprint(seen), frame.crc
        return True

    def examine(self, frame: Frame) -> tuple[frozenset[str], tuple[Measure, ...]]:
        seen = look(frame.pixels, frame.size_px, frame.part)
        light, borrowed = self._beside(seen)
        judge = Judge(seen, measure(seen, light), light, borrowed=borrowed)
        faults = judge.faults()
        equal = self._equal(seen, frame.crc)
        frozen = equal > _FROZEN and not faults & _NO_VIEW
        judge.measures.append(Measure("equal", equal, None, _FROZEN, "frozen" if frozen else ""))
        self._last, self._last_learnt = _fingerprint(seen), None
        return faults | {"frozen"} if frozen else faults, tuple(judge.measures)

    def to_bytes(self) -> bytes:
        return state.pack(self.lights, self._size_px, self._last)

    @classmethod
    def from_bytes(cls, data: bytes) -> Camera:
        """Raises `BadState`."""
        camera = cls()
        camera.lights, camera._size_px, camera._last = state.unpack(data)
        return camera

    def _beside(self, seen: Look) -> tuple[Light, bool]:
        """The baseline to compare with, and whether it is that of the other kind of light."""
        if self._size_px not in {seen.size, (0, 0)}:
            return Light(), False
        own, other = self.lights[seen.grey], self.lights[not seen.grey]
        if own.count < ENOUGH and other.count >= _BORROWED:
            return other, True
        return own, False

    def _fits(self, seen: Look) -> bool:
        if not self.learnt:
            self._size_px = seen.size
        if seen.size == self._size_px:
            self._others = 0
            return True
        self._others += 1
        if self._others < _SIZES_AGREE:
            return False
        self.__init__()  # type: ignore[misc]  # as new is exactly what is meant
        self._size_px = seen.size
        return True

    def _equal(self, seen: Look, crc: int) -> float:
        """Share of the cells with texture that are as in the picture before, pixel by pixel.

        The very picture that was just learnt is no sign of a frozen stream: it is checked, not sent, twice.
        """
        if not self._last or self._last_learnt == crc:
            return 0.0
        same = np.frombuffer(self._last, np.uint32) == np.frombuffer(_fingerprint(seen), np.uint32)
        textured = np.ptp(_by_cell(seen.points), axis=1) >= _TEXTURE_LEVELS
        return float(same[textured].mean()) if textured.sum() >= 8 else float(same.mean() > 0.99)


def thumbnail(pixels: Array) -> bytes:
    """A JPEG 160 pixels wide."""
    height = max(1, round(pixels.shape[0] * _THUMBNAIL_WIDTH_PX / pixels.shape[1]))
    small = cv2.resize(pixels, (_THUMBNAIL_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])
    found = bytes(data.tobytes())
    return found if len(found) <= state.MAX_THUMBNAIL_BYTES else b""


def crc_of(jpeg: bytes) -> int:
    """The end of a JPEG differs when anything before it does."""
    return zlib.crc32(jpeg[-4096:], len(jpeg))


def _by_cell(points: Array) -> Array:
    return points.reshape(ROWS, SIDE, COLUMNS, SIDE).swapaxes(1, 2).reshape(ROWS * COLUMNS, SIDE * SIDE)


def _fingerprint(seen: Look) -> bytes:
    """32 bits of each cell."""
    cells = _by_cell(seen.points).astype(np.uint32)
    factors = np.cumprod(np.full(cells.shape[1], 2654435761, np.uint32), dtype=np.uint32)
    return bytes((cells * factors).sum(axis=1, dtype=np.uint32).tobytes())
