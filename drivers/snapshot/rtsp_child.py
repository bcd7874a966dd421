"""Child process: JSON with address and credentials on stdin, one frame of that video stream as a JPEG on stdout.

The password comes by the pipe and stands in no command line, environment or error text. Before a stream's first
keyframe decoders give grey or half-grey frames: those are passed over.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import numpy as np

    Frame = np.ndarray[Any, np.dtype[np.uint8]]

NO_OPENCV = 3
NOT_OPENED = 4
NO_FRAME = 5
GREY = 6
WORDS = {
    NOT_OPENED: "OpenCV could not open it / OpenCV 无法打开",
    NO_FRAME: "no frame came / 没有收到画面",
    GREY: "only grey frames came / 只收到灰色画面",
}
# Some seconds of video: a camera sends a keyframe every one to four seconds.
MAX_FRAMES = 150
_INTACT = ord("I")
_BELIEVED_AFTER = 3
_QUALITY = 95
# Read when a stream is opened. UDP loses packets of a frame, and its ports are closed in many villages. FFmpeg looks at
# a stream for five seconds before it gives the first frame, unless it is told to look for less.
# Nor does it follow a camera to other protocols.
_OPTIONS = "rtsp_transport;tcp|analyzeduration;1500000|protocol_whitelist;rtsp,rtp,tcp"
_GREY, _NEAR, _MOSTLY = 128, 3, 0.9


def grab(question: dict[str, Any]) -> bytes | int:
    """A JPEG, or the exit status that says why there is none. Raises ImportError."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _OPTIONS
    import cv2

    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(question["open_s"] * 1000)]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(question["frame_s"] * 1000)]
    capture = cv2.VideoCapture(with_login(question), cv2.CAP_FFMPEG, limits)
    try:
        if not capture.isOpened():
            return NOT_OPENED
        frame = _first_good(capture, time.monotonic() + question["frame_s"])
    finally:
        capture.release()
    if isinstance(frame, int):
        return frame
    done, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(encoded.tobytes()) if done else NO_FRAME


def _first_good(capture: Any, until_s: float) -> Frame | int:
    """The first whole frame: a keyframe, or one that comes after some others and is not grey."""
    import cv2

    why = NO_FRAME
    for number in range(MAX_FRAMES):
        good, frame = capture.read()
        if not good or frame is None:
            return why
        intact = round(capture.get(cv2.CAP_PROP_FRAME_TYPE)) == _INTACT
        if (intact or number >= _BELIEVED_AFTER) and not is_grey(frame):
            done: Frame = frame
            return done
        why = GREY
        if time.monotonic() > until_s:
            break
    return why


def is_grey(frame: Frame) -> bool:
    """Most of the lower third is the grey that decoders put where they have no data."""
    import numpy as np

    lower = frame[frame.shape[0] * 2 // 3 :: 4, ::4].astype(np.int16)
    return bool((np.abs(lower - _GREY) <= _NEAR).all(axis=2).mean() > _MOSTLY)


def with_login(question: dict[str, Any]) -> str:
    """The address with user and password, as FFmpeg wants it."""
    url = str(question["url"])
    if not question["username"]:
        return url
    login = f"{quote(question['username'], safe='')}:{quote(question['password'], safe='')}"
    return url.replace("rtsp://", f"rtsp://{login}@", 1)


def main() -> int:
    question = json.loads(sys.stdin.buffer.read())
    # A library that prints would spoil the picture: descriptor 1 is standard error from here on.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        done = grab(question)
    except ImportError:
        return NO_OPENCV
    if isinstance(done, int):
        return done
    sink.write(done)
    sink.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
