"""Child process: a JPEG on stdin that is too large -> the same picture, small enough, on stdout.

The first line of stdin is `max_bytes width_px`. Exit status 3: OpenCV is not installed; 4: not a picture.
"""

from __future__ import annotations

import sys

NO_OPENCV = 3
NO_PICTURE = 4
QUALITIES = (80, 65, 50, 35)
MIN_WIDTH_PX = 160


def shrink(jpeg: bytes, max_bytes: int, width_px: int) -> bytes | None:
    """At most `max_bytes`: first narrower, then coarser. None when it is no picture. Raises ImportError."""
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if image is None:
        return None
    width = min(width_px, image.shape[1])
    while width >= min(MIN_WIDTH_PX, image.shape[1]):
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        for quality in QUALITIES:
            done, encoded = cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and encoded.size <= max_bytes:
                return bytes(encoded.tobytes())
        width = width * 3 // 4
    return None


def main() -> int:
    first, _, jpeg = sys.stdin.buffer.read().partition(b"\n")
    max_bytes, width_px = (int(part) for part in first.split())
    try:
        small = shrink(jpeg, max_bytes, width_px)
    except ImportError as error:
        sys.stderr.write(str(error))
        return NO_OPENCV
    if small is None:
        return NO_PICTURE
    sys.stdout.buffer.write(small)
    return 0


if __name__ == "__main__":
    sys.exit(main())
