"""The figures of the diagnosis: what one says beside its usual value and its limit, and its words for people.

`edgeagent camera ID --picture` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gridwire.problem import Both


class Measure(NamedTuple):
    """One figure: `usual` is the median of the baseline, None without one. `fault` is what it alone would mean, empty
    when it is within its limit; figures that only tell kinds apart never have one."""

    name: str
    value: float
    usual: float | None
    limit: float
    fault: str = ""


MEASURES: Mapping[str, Both] = {
    "bright": Both("最亮的二十分之一，灰度", "brightest twentieth, level"),
    "dark": Both("最暗的二十分之一，灰度", "darkest twentieth, level"),
    "level": Both("中间亮度，灰度", "middle brightness, level"),
    "whites": Both("过曝面积占比", "share that is burnt out"),
    "plain": Both("无任何细节的面积占比", "share without any detail"),
    "still": Both("底部重复行占比", "share of rows at the bottom that repeat"),
    "step": Both("沿编码块行的颜色跳变", "jump of colour along a row of blocks"),
    "grid": Both("编码块边缘", "edges of coding blocks"),
    "rows": Both("横条纹占比", "horizontal stripes, share"),
    "columns": Both("竖条纹占比", "vertical stripes, share"),
    "wave": Both("单一波纹占比", "one wave over all, share"),
    "peak": Both("单一空间频率突出，对数", "one spatial frequency stands out, log"),
    "fine_noise": Both("平坦处噪声，对数", "noise where it is quiet, log"),
    "fine_level": Both("整体细节量，对数", "usual fine detail, log"),
    "lost": Both("与平时不符的画面占比", "share of the view that does not match"),
    "soft": Both("最细细节的变化，对数", "finest detail by coarser, change, log"),
    "softer": Both("较细细节的变化，对数", "fine detail by coarse, change, log"),
    "softest": Both("粗细节的变化，对数", "coarse detail by contrast, change, log"),
    "blue": Both("蓝绿比的变化，对数", "blue by green, change, log"),
    "red": Both("红绿比的变化，对数", "red by green, change, log"),
    "equal": Both("与上一张完全相同的占比", "share that equals the picture before"),
    "found": Both("移到别处的画面占比", "share of the lost view that stands elsewhere now"),
    "kept": Both("仍在原位的画面占比", "share of the view that is in its place"),
    "detail": Both("不符之处的细节量，与平时之比", "detail where the view is lost, by the usual"),
    "sharp": Both("不符之处的清晰度，与平时之比", "sharpness where the view is lost, by the usual"),
    "lower": Both("某行以下全部不符而以上全部相符", "all is lost below a row, and all is kept above"),
}
"""By the name of the figure."""
