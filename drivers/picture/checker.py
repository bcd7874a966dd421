"""`PictureChecker`: is the picture of this camera any good? Pure: bytes in, names of faults out; one object a camera.

It learns what the camera normally shows, by day and in infrared, and judges each picture against that. It never learns
from a picture that it finds faulty. OpenCV and numpy are loaded at the first picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from drivers.picture.baselinesize import ENOUGH
from drivers.picture.figures import Measure
from drivers.picture.header import read_header

if TYPE_CHECKING:
    from drivers.picture.camera import Camera, Frame

Polygons = Sequence[Sequence[Sequence[float]]]
"""Privacy areas: corners as shares of width and height."""
_CORRUPT = frozenset({"corrupt"})


class Report(NamedTuple):
    """`measures`: each figure, what is usual, its limit and what it would mean; empty when nothing was decoded."""

    faults: frozenset[str]
    measures: tuple[Measure, ...] = ()


class PictureChecker:
    """For one camera. Without enough learning only what is certain by itself is found."""

    def __init__(self) -> None:
        self._camera: Camera | None = None

    @property
    def learnt(self) -> int:
        """How many pictures it has learnt from, in both kinds of light."""
        return self._camera.learnt if self._camera else 0

    @property
    def ready(self) -> bool:
        """Whether pictures are compared with a baseline."""
        return self._camera is not None and any(light.count >= ENOUGH for light in self._camera.lights)

    def learn(self, jpeg: bytes, privacy: Polygons = ()) -> None:
        """Take this picture as normal, unless it is faulty. `privacy` is black before anything is measured or kept."""
        frame = self.decoded(jpeg, privacy)
        if frame is not None:
            self._known().learn(frame)

    def check(self, jpeg: bytes) -> frozenset[str]:
        """What is wrong with this picture, by the names of `gridwire.kinds.PICTURE_FAULTS`; empty when it is good."""
        return self.examine(jpeg).faults

    def examine(self, jpeg: bytes, privacy: Polygons = ()) -> Report:
        """The same, with why."""
        frame = self.decoded(jpeg, privacy)
        return Report(*self._known().examine(frame)) if frame is not None else Report(_CORRUPT)

    @staticmethod
    def decoded(jpeg: bytes, privacy: Polygons = ()) -> Frame | None:
        """At a part of its size; None for what is no whole JPEG."""
        header = read_header(jpeg)
        if header is None or not header.ended:
            return None
        from drivers.picture.camera import Frame, crc_of
        from drivers.picture.look import decode
        from drivers.snapshot.rework import blacken

        found = decode(jpeg, header)
        if found is None:
            return None
        if privacy:
            blacken(found[0], [[list(point) for point in polygon] for polygon in privacy])
        return Frame(*found, (header.width_px, header.height_px), crc_of(jpeg))

    def reset(self) -> None:
        """Forget the baseline: the camera was moved on purpose."""
        self._camera = None

    def thumbnail(self, *, grey: bool = False) -> bytes:
        """A small JPEG of what was learnt last in colour, or in infrared; empty when there is none."""
        return self._camera.lights[grey].thumbnail if self._camera else b""

    def to_bytes(self) -> bytes:
        """At most `MAX_STATE_BYTES`."""
        return self._known().to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> PictureChecker:
        """As it was saved. Raises `BadState`, a ValueError."""
        from drivers.picture.camera import Camera

        checker = cls()
        checker._camera = Camera.from_bytes(data)
        return checker

    def _known(self) -> Camera:
        from drivers.picture.camera import Camera

        if self._camera is None:
            self._camera = Camera()
        return self._camera
