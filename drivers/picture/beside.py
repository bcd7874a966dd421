"""The picture beside what the camera normally shows, for a person to see at once. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from drivers.picture.look import Array

HEIGHT_PX = 270
_GAP_PX = 8


def draw(usual: bytes, pixels: Array) -> bytes:
    """PNG of both, the usual one (a JPEG) on the left."""
    kept = cv2.imdecode(np.frombuffer(usual, np.uint8), cv2.IMREAD_COLOR)
    parts = [_scaled(one) for one in (kept, pixels) if one is not None]
    gap = np.full((HEIGHT_PX, _GAP_PX, 3), 255, np.uint8)
    _, png = cv2.imencode(".png", np.hstack([parts[0], gap, parts[-1]]))
    return bytes(png.tobytes())


def _scaled(pixels: Array) -> Array:
    width = max(1, min(4 * HEIGHT_PX, round(pixels.shape[1] * HEIGHT_PX / pixels.shape[0])))
    return np.asarray(cv2.resize(pixels, (width, HEIGHT_PX), interpolation=cv2.INTER_AREA))
