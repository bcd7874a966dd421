"""The picture beside what the camera normally shows, for a person to see at once. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from drivers.picture.look import Array

HEIGHT_PX = 270
_GAP_PX = 8


def draw(usual: bytes, pixels: Array, form: str) -> bytes:
    """Both as `.png` or `.jpg`, the usual one (a JPEG) on the left; this one alone when there is no usual one yet."""
    kept = cv2.imdecode(np.frombuffer(usual, np.uint8), cv2.IMREAD_COLOR) if usual else None
    gap = np.full((HEIGHT_PX, _GAP_PX, 3), 255, np.uint8)
    parts = [_scaled(pixels)] if kept is None else [_scaled(kept), gap, _scaled(pixels)]
    _, drawn = cv2.imencode(form, np.hstack(parts))
    return bytes(drawn.tobytes())


def _scaled(pixels: Array) -> Array:
    width = max(1, min(4 * HEIGHT_PX, round(pixels.shape[1] * HEIGHT_PX / pixels.shape[0])))
    return np.asarray(cv2.resize(pixels, (width, HEIGHT_PX), interpolation=cv2.INTER_AREA))
