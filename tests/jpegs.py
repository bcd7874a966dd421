"""JPEGs for tests."""

from __future__ import annotations

import cv2
import numpy as np


def encoded(frame, *options):
    return cv2.imencode(".jpg", frame, options)[1].tobytes()


def decoded(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def large_jpeg(width=1920, height=1080):
    """Noise, which hardly gets smaller."""
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return encoded(noise, cv2.IMWRITE_JPEG_QUALITY, 95)


SMALL = encoded(np.full((16, 32, 3), 200, np.uint8))
