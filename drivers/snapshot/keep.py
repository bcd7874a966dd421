"""Turns any JPEG of a camera into the picture that is kept. Every picture of every driver goes through here.

The camera's own bytes are kept where they will do, without Exif and the like: that costs no core, no second loss of
quality and needs no OpenCV. A picture is made anew only when it must be: it has privacy areas, is wider than asked, or
has more bytes than wanted. Where privacy areas cannot be blackened nothing is kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from drivers.snapshot.jpeg import Jpeg, read_jpeg
from drivers.snapshot.privacy import Polygons
from drivers.snapshot.problems import NotMasked, PictureUnfit, TooManyPixels
from drivers.snapshot.worker import WorkerFailed, worker
from edgeagent.driver import MAX_PICTURE_BYTES

MAX_MEGAPIXELS = 40
"""A file of some kilobytes can claim 65,535 × 65,535 pixels, 12 GB when decoded."""
REWORK_TIMEOUT_S = 20.0
_REWORK = "drivers.snapshot.rework:rework"
_WORDS = {
    "missing": "OpenCV is not installed / 没有安装 OpenCV",
    "timeout": "it took too long / 处理超时",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What a kept picture of one camera is like. `privacy`: see there; checked by then."""

    width_px: int = 1280
    quality: int = 80
    privacy: Polygons = ()

    async def fit(self, given: bytes, max_bytes: int = MAX_PICTURE_BYTES) -> bytes:
        """The picture to keep: at most 256 KiB, and at most `max_bytes` if it can be made so small.

        Raises `NotJpeg`, `HalfPicture`, `TooManyPixels`, `NotMasked`, `PictureUnfit`.
        """
        jpeg = read_jpeg(given)
        if jpeg.width_px * jpeg.height_px > MAX_MEGAPIXELS * 1_000_000:
            raise TooManyPixels(width=jpeg.width_px, height=jpeg.height_px, limit=MAX_MEGAPIXELS)
        if not self.privacy and jpeg.width_px <= self.width_px and len(jpeg.data) <= max_bytes:
            return jpeg.data
        try:
            return await self._made_anew(jpeg, max_bytes)
        except WorkerFailed as problem:
            return self._otherwise(jpeg, max_bytes, problem)

    async def _made_anew(self, jpeg: Jpeg, max_bytes: int) -> bytes:
        size = {"size": [jpeg.width_px, jpeg.height_px], "max_bytes": max_bytes, "hard_bytes": MAX_PICTURE_BYTES}
        return await worker().call(_REWORK, {**asdict(self), **size}, jpeg.data, timeout_s=REWORK_TIMEOUT_S)

    def _otherwise(self, jpeg: Jpeg, max_bytes: int, problem: WorkerFailed) -> bytes:
        why = _WORDS.get(problem.reason, str(problem.facts["why"]))
        if self.privacy:
            raise NotMasked(why=why) from problem
        if problem.reason != "no-picture" and len(jpeg.data) <= MAX_PICTURE_BYTES:
            return jpeg.data  # smaller would be cheaper, but this one can be sent
        raise PictureUnfit(size=len(jpeg.data), limit=max_bytes, why=why) from problem
