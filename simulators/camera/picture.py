"""What the camera sees: a small scene as a JPEG, 640x360 or wider, with time, name, and a figure while an alarm
is active.

Drawn with OpenCV, imported at the first picture; a frame is drawn once a second at most and kept.
"""

import importlib.util
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Frame = np.ndarray[Any, np.dtype[np.uint8]]

from simulators.camera.times import BEIJING

WIDTH, HEIGHT = 640, 360
_HORIZON = 150
_PERSON = frozenset({"motion", "person", "line_crossing", "field", "tamper"})
_FONT = 0  # cv2.FONT_HERSHEY_SIMPLEX; it has no Chinese, so names are shown in ASCII only


class PictureUnavailable(Exception):
    """OpenCV is not installed."""


def check_available() -> None:
    """Raise PictureUnavailable unless pictures can be drawn; imports nothing heavy."""
    if importlib.util.find_spec("cv2") is None:
        raise PictureUnavailable(
            "模拟摄像机需要 OpenCV 才能画图 / the simulated camera needs OpenCV to draw: pip install 'gridwire[demo]'"
        )


@lru_cache(maxsize=64)
def jpeg(name: str, second: datetime, active: frozenset[str], width_px: int = WIDTH) -> bytes:
    """The picture at that whole second (shown in Chinese time, as set in the camera) with these alarms active.

    20-60 KB; some 250 KB when 1920 pixels wide.
    """
    import cv2
    import numpy as np

    frame = _background(sum(name.encode()) % 97).copy()
    _draw_active(frame, active, second)
    stamp = second.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    label = name.encode("ascii", "replace").decode()
    for text, y in ((stamp, 24), (label, HEIGHT - 12)):
        # Shadow and text of one thickness: OpenCV 5 sets thicker text wider.
        cv2.putText(frame, text, (11, y + 1), _FONT, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(frame, text, (10, y), _FONT, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    if width_px != WIDTH:
        shape = (width_px, width_px * HEIGHT // WIDTH)
        frame = np.asarray(cv2.resize(frame, shape, interpolation=cv2.INTER_CUBIC), np.uint8)
    done, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert done
    return bytes(encoded.tobytes())


@lru_cache(maxsize=4)
def before_keyframe(whole: bytes) -> bytes:
    """The same picture as a decoder shows it that joined in the middle: grey where it has no data yet."""
    import cv2
    import numpy as np

    frame = cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    frame[frame.shape[0] // 2 :] = 128
    done, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert done
    return bytes(encoded.tobytes())


@lru_cache(maxsize=32)
def _background(seed: int) -> "Frame":
    """Sky, hills, ground with grain, a pond; another for each seed."""
    import cv2
    import numpy as np

    grain = np.random.default_rng(seed)
    frame: Frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    depth = np.linspace(0, 1, _HORIZON)[:, None, None]
    frame[:_HORIZON] = np.array([235, 195, 150]) + depth * np.array([-25, 20, 50])
    frame[_HORIZON:] = (70, 120 + seed % 30, 95)
    hills = [[0, _HORIZON]]
    hills += [[x, _HORIZON - int(grain.integers(10, 60))] for x in range(60, WIDTH, 80)]
    cv2.fillPoly(frame, [np.array([*hills, [WIDTH, _HORIZON]], np.int32)], (80, 110, 80))
    cv2.ellipse(frame, (430, 270), (130, 42 + seed % 12), 0, 0, 360, (150, 115, 70), -1)
    cv2.ellipse(frame, (430, 270), (130, 42 + seed % 12), 0, 0, 360, (60, 90, 80), 3)
    cv2.fillPoly(frame, [np.array([[60, HEIGHT], [210, HEIGHT], [170, _HORIZON], [150, _HORIZON]])], (140, 150, 155))
    frame[:] = np.clip(frame + grain.normal(0, 7, frame.shape), 0, 255)
    return frame


def _draw_active(frame: "Frame", active: Collection[str], second: datetime) -> None:
    """The figure moves with the second, so that two pictures of one alarm differ."""
    step = second.second % 10 * 12
    if "too_dark" in active or "signal_loss" in active:
        frame //= 8
    if not _PERSON.isdisjoint(active):
        _draw_person(frame, 240 + step, 215)
    if "vehicle" in active:
        _draw_vehicle(frame, 90 + step, 300)


def _draw_person(frame: "Frame", x: int, y: int) -> None:
    import cv2

    cv2.circle(frame, (x, y - 42), 9, (150, 180, 220), -1, cv2.LINE_AA)
    cv2.rectangle(frame, (x - 11, y - 32), (x + 11, y + 12), (40, 40, 170), -1)
    for foot in (-9, 9):
        cv2.line(frame, (x, y + 10), (x + foot, y + 52), (60, 40, 30), 7, cv2.LINE_AA)
        cv2.line(frame, (x, y - 24), (x + 2 * foot, y + 6), (40, 40, 150), 6, cv2.LINE_AA)


def _draw_vehicle(frame: "Frame", x: int, y: int) -> None:
    import cv2

    cv2.rectangle(frame, (x, y - 30), (x + 110, y), (190, 190, 200), -1)
    cv2.rectangle(frame, (x + 22, y - 55), (x + 86, y - 30), (160, 120, 90), -1)
    for wheel in (24, 86):
        cv2.circle(frame, (x + wheel, y), 13, (25, 25, 25), -1, cv2.LINE_AA)
