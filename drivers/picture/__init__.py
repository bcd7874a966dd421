"""Is the picture any good? 视频质量诊断 for fixed cameras, on the box: `PictureChecker`, and `Agreement` of snapshots.

Importing this costs nothing: OpenCV and numpy are loaded at the first picture, which belongs into the picture worker
(`drivers.picture.work`).
"""

from drivers.picture.agreement import Agreement, Change
from drivers.picture.checker import PictureChecker, Report
from drivers.picture.figures import Measure
from drivers.picture.limits import MAX_STATE_BYTES, BadState

__all__ = ["MAX_STATE_BYTES", "Agreement", "BadState", "Change", "Measure", "PictureChecker", "Report"]
