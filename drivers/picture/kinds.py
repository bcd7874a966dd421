"""The names of what can be wrong with a picture, their words for people, and what is said about each figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FAULTS: Mapping[str, tuple[str, str]] = {
    "black": ("black picture", "黑屏"),
    "white": ("white picture", "过曝白屏"),
    "blur": ("blurred", "图像模糊"),
    "noise": ("noise, snow", "雪花噪声"),
    "cast": ("wrong colours", "偏色"),
    "stripes": ("stripes", "条纹干扰"),
    "covered": ("view covered", "画面遮挡"),
    "moved": ("camera moved", "场景偏移"),
    "frozen": ("picture frozen", "画面冻结"),
    "signal_loss": ("no video signal", "视频信号丢失"),
    "corrupt": ("broken picture data", "图像数据损坏"),
}
"""In English and Chinese; the Chinese ones are those of the industry's list for video quality diagnosis."""
ENOUGH = 4
"""Snapshots of one kind of light before a picture is compared with it."""
MAX_STATE_BYTES = 64 * 1024
"""What a camera's baseline may take on disk."""


class BadState(ValueError):
    """These bytes are no state of a picture checker: start anew."""


class Measure(NamedTuple):
    """One figure: `usual` is the median of the baseline, None without one. `fault` is what it alone would mean, empty
    when it is within its limit; figures that only tell kinds apart never have one."""

    name: str
    value: float
    usual: float | None
    limit: float
    fault: str = ""
