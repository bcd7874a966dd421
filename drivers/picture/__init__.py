"""Is the picture any good? 视频质量诊断 for fixed cameras, on the box: `PictureChecker`, and `Agreement` of snapshots.

Importing this costs nothing: OpenCV and numpy are loaded at the first picture, which belongs into the picture worker
(`drivers.picture.work`).

which fault it is, every threshold → `judge`; what is measured → `measure`, `look`, `place`
what is normal for a camera → `baseline`, kept as `state`; an alarm of two of three → `agreement`
when a camera is looked at → `diagnosis`, in the worker by `work`
"""

from drivers.picture.agreement import Agreement, Change
from drivers.picture.checker import PictureChecker, Report
from drivers.picture.figures import Measure
from drivers.picture.limits import MAX_STATE_BYTES, BadState

__all__ = ["MAX_STATE_BYTES", "Agreement", "BadState", "Change", "Measure", "PictureChecker", "Report"]
