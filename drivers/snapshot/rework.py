"""Runs in the worker: decodes a JPEG, blackens its privacy areas, and makes it as narrow and as small as is wanted.

The areas are black before anything else is done, on the decoded picture; nothing of them is in what comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivers.snapshot.notdone import NotDone

if TYPE_CHECKING:
    import numpy as np

    Frame = np.ndarray[Any, np.dtype[np.uint8]]

QUALITIES = (65, 50, 35)
"""Tried below the quality that is asked for, before the picture gets narrower."""
MIN_WIDTH_PX = 160


def rework(header: dict[str, Any], jpeg: bytes) -> bytes:
    """A JPEG of at most `max_bytes`, else the smallest that is at most `hard_bytes`.

    `header`: `width_px`, `quality`, `max_bytes`, `hard_bytes`, `privacy`, and `size`, the picture's own width and
    height. Raises `NotDone` (no-picture, too-large) and ImportError.
    """
    import cv2

    cv2.setNumThreads(1)
    try:
        frame = _decode(jpeg, header["size"][0], header["width_px"])
        blacken(frame, header["privacy"])
        return _small(frame, header)
    except cv2.error as error:
        raise NotDone("no-picture", str(error)) from error


def blacken(frame: Frame, polygons: list[list[list[float]]]) -> None:
    """Fill each polygon by itself: filled together, what two of them share would stay visible."""
    import cv2
    import numpy as np

    height, width = frame.shape[:2]
    for polygon in polygons:
        points = [[round(x * width), round(y * height)] for x, y in polygon]
        cv2.fillPoly(frame, [np.array(points, np.int32)], (0, 0, 0))


def _decode(jpeg: bytes, own_width_px: int, width_px: int) -> Frame:
    """At a half, a quarter or an eighth of its size where that is still wide enough: less time, less memory.

    Without its Exif orientation: areas are those of the picture as the camera sends it.
    """
    import cv2
    import numpy as np

    reduced = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
    part = next((part for part in reduced if own_width_px >= part * width_px), 1)
    flags = reduced.get(part, cv2.IMREAD_COLOR) | cv2.IMREAD_IGNORE_ORIENTATION
    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), flags) if jpeg else None
    if frame is None:
        raise NotDone("no-picture", "the JPEG cannot be decoded / JPEG 无法解码")
    return np.ascontiguousarray(frame, np.uint8)


def _small(frame: Frame, header: dict[str, Any]) -> bytes:
    """First coarser, then narrower, until it fits."""
    import cv2

    height, width = frame.shape[:2]
    smallest = b""
    target = min(header["width_px"], width)
    while target >= min(MIN_WIDTH_PX, width):
        shape = (target, max(1, round(height * target / width)))
        scaled = frame if target == width else cv2.resize(frame, shape, interpolation=cv2.INTER_AREA)
        for quality in (header["quality"], *(less for less in QUALITIES if less < header["quality"])):
            done, encoded = cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and encoded.size <= header["max_bytes"]:
                return bytes(encoded.tobytes())
            if done and (not smallest or encoded.size < len(smallest)):
                smallest = bytes(encoded.tobytes())
        target = target * 3 // 4
    if not smallest or len(smallest) > header["hard_bytes"]:
        raise NotDone("too-large", f"{len(smallest)} > {header['hard_bytes']}")
    return smallest
