"""The figures of the diagnosis: what one says beside its usual value and its limit, and its words for people.

`edgeagent camera ID --picture` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Measure(NamedTuple):
    """One figure: `usual` is the median of the baseline, None without one. `fault` is what it alone would mean, empty
    when it is within its limit; figures that only tell kinds apart never have one."""

    name: str
    value: float
    usual: float | None
    limit: float
    fault: str = ""


MEASURES: Mapping[str, tuple[str, str]] = {
    "bright": ("brightest twentieth, level", "最亮的二十分之一，灰度"),
    "dark": ("darkest twentieth, level", "最暗的二十分之一，灰度"),
    "level": ("middle brightness, level", "中间亮度，灰度"),
    "whites": ("share that is burnt out", "过曝面积占比"),
    "plain": ("share without any detail", "无任何细节的面积占比"),
    "still": ("share of rows at the bottom that repeat", "底部重复行占比"),
    "step": ("jump of colour along a row of blocks", "沿编码块行的颜色跳变"),
    "grid": ("edges of coding blocks", "编码块边缘"),
    "rows": ("horizontal stripes, share", "横条纹占比"),
    "columns": ("vertical stripes, share", "竖条纹占比"),
    "wave": ("one wave over all, share", "单一波纹占比"),
    "peak": ("one spatial frequency stands out, log", "单一空间频率突出，对数"),
    "fine_noise": ("noise where it is quiet, log", "平坦处噪声，对数"),
    "fine_level": ("usual fine detail, log", "整体细节量，对数"),
    "lost": ("share of the view that does not match", "与平时不符的画面占比"),
    "soft": ("finest detail by coarser, change, log", "最细细节的变化，对数"),
    "softer": ("fine detail by coarse, change, log", "较细细节的变化，对数"),
    "softest": ("coarse detail by contrast, change, log", "粗细节的变化，对数"),
    "blue": ("blue by green, change, log", "蓝绿比的变化，对数"),
    "red": ("red by green, change, log", "红绿比的变化，对数"),
    "equal": ("share that equals the picture before", "与上一张完全相同的占比"),
    "found": ("share of the lost view that stands elsewhere now", "移到别处的画面占比"),
    "kept": ("share of the view that is in its place", "仍在原位的画面占比"),
    "detail": ("detail where the view is lost, by the usual", "不符之处的细节量，与平时之比"),
    "sharp": ("sharpness where the view is lost, by the usual", "不符之处的清晰度，与平时之比"),
    "lower": ("all is lost below a row, and all is kept above", "某行以下全部不符而以上全部相符"),
}
"""In English and Chinese, by the name of the figure."""
