"""Is the picture any good? 视频质量诊断 for fixed cameras, on the box: `PictureChecker`, and `Agreement` of snapshots.

Importing this costs nothing: OpenCV and numpy are loaded at the first picture, which belongs into the picture worker
(`drivers.picture.work`).

which fault it is, every threshold → `judge`; what is measured → `measure`, `look`, `place`
too small, too large or cut off, so that nothing is judged → `header`
what is normal for a camera → `baseline`, kept as `state`; an alarm of two of three → `agreement`
how often → the setting `JudgeEvery` of `drivers.snapshot.settings`, its default in `drivers.onvif.config`
the looks → `diagnosis`, in the worker by `work`
"""

from drivers.picture.agreement import Agreement, Change
from drivers.picture.baselinesize import MAX_STATE_BYTES, BadState
from drivers.picture.checker import PictureChecker, Report
from drivers.picture.figures import Measure

__all__ = ["MAX_STATE_BYTES", "Agreement", "BadState", "Change", "Measure", "PictureChecker", "Report"]
