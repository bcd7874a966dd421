"""Areas that a camera sees and nobody may keep: polygons in shares of the picture's width and height. Pure.

What the configuration says must be what gets black, so a polygon that covers nothing, or that leaves a hole because its
edges cross, is a mistake and not a surprise.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated

from msgspec import Meta

from edgeagent.driver import Problem

_Share = Annotated[
    float,
    Meta(
        ge=0,
        le=1,
        extra_json_schema={
            "expect": {
                "en": "a share of the picture's width or height, from 0 to 1",
                "zh": "占画面宽度或高度的比例，0 至 1",
            }
        },
    ),
]
Point = tuple[_Share, _Share]
Polygon = Annotated[tuple[Point, ...], Meta(min_length=3, max_length=64)]
Polygons = tuple[Polygon, ...]

_MIN_AREA = 1e-5  # nine pixels of a picture of one megapixel
_DECIMALS = 6


class PrivacyFlat(Problem):
    code = "privacy.no-area"
    en = "privacy: polygon {number} covers nothing, its points lie on a line"
    zh = "privacy：第 {number} 个多边形没有面积，各点在一条直线上"


class PrivacyCrossed(Problem):
    code = "privacy.crossed"
    en = "privacy: edges of polygon {number} cross; give its points in order around the area, or write two polygons"
    zh = "privacy：第 {number} 个多边形的边相交；请沿区域边缘依次写出各点，或写成两个多边形"


def check_privacy(polygons: Polygons) -> None:
    """Raises `PrivacyFlat`, `PrivacyCrossed`; the numbers in their texts begin at 1."""
    for number, polygon in enumerate(polygons, 1):
        if any(_cross(*pair) for pair in _distant_edges(polygon)):
            raise PrivacyCrossed(number=number)
        if abs(_area(polygon)) < _MIN_AREA:
            raise PrivacyFlat(number=number)


def _area(polygon: Polygon) -> float:
    following = (*polygon[1:], polygon[0])
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(polygon, following, strict=True)) / 2


def _distant_edges(polygon: Polygon) -> Iterator[tuple[Point, Point, Point, Point]]:
    count = len(polygon)
    for one, other in combinations(range(count), 2):
        if other - one not in (1, count - 1):
            yield polygon[one], polygon[(one + 1) % count], polygon[other], polygon[(other + 1) % count]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """The lines ab and cd cross, not counting where they only touch."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return round((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]), _DECIMALS)
