"""The county's outlines as paths of an SVG: projected, made coarser than the eye sees, and kept until the registry
changes. Pure but for that memory.

Promise: a path has whole numbers only, so that a county of 1,661 grids fits into a page; neighbours that shared an edge
before share it after, because every point is rounded by itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from countyhub.registry.forms import Grid
from countyhub.registry.snapshot import Registry

SIZE, SIZE_OF_MANY = 1000, 600
MANY = 400
"""Units along the longer side; with many shapes each is small, and a point more would not be seen."""
_Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Shape:
    """One area or grid; `d` is its path, `x` and `y` its middle."""

    code: str
    d: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a sheet of `width` and `height`; `frames` are drawn over them as lines."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    frames: tuple[Shape, ...] = ()


EMPTY = Drawing(SIZE, SIZE // 2, ())


@lru_cache(64)
def drawing(registry: Registry, day: date, codes: tuple[str, ...], frames: tuple[str, ...] = ()) -> Drawing:
    """The shapes of these codes, those that have an outline, on a sheet that just holds them."""
    rings = {code: _rings(registry, code, day) for code in (*codes, *frames)}
    points = [point for found in rings.values() for ring in found for point in ring]
    if not points:
        return EMPTY
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    shrink = math.cos(math.radians((south + north) / 2))
    size = SIZE_OF_MANY if len(codes) > MANY else SIZE
    scale = size / max((east - west) * shrink, north - south, 1e-9)

    def shape(code: str) -> Shape:
        placed = [
            [(round((x - west) * shrink * scale), round((north - y) * scale)) for x, y in ring] for ring in rings[code]
        ]
        return _shape(code, placed)

    width, height = round((east - west) * shrink * scale), round((north - south) * scale)
    made = [tuple(shape(code) for code in some if rings[code]) for some in (codes, frames)]
    return Drawing(max(width, 1), max(height, 1), made[0], made[1])


def around(registry: Registry, at: datetime, code: str) -> Drawing:
    """A village (or what is nearest) with what lies in it, for the place of one case. The shape of `code` is first."""
    path = registry.ancestors(code, at) if code else ()
    if not path:
        return EMPTY
    row = registry.area(path[0], at)
    whole = path[1] if isinstance(row, Grid) and len(path) > 1 else path[0]
    inside = registry.children(whole, at)
    first = path[:1] if path[0] in inside else ()
    return drawing(registry, registry.day(at), (*first, *(each for each in inside if each not in first)), (whole,))


def _rings(registry: Registry, code: str, day: date) -> list[_Ring]:
    found = registry.polygon(code, day)
    if found is None:
        return []
    geometry = json.loads(found.geometry)
    several = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[point[:2] for point in ring] for polygon in several for ring in polygon]


def _shape(code: str, rings: Iterable[list[tuple[int, int]]]) -> Shape:
    parts: list[str] = []
    corners: list[tuple[int, int]] = []
    for ring in rings:
        kept = _corners(ring)
        corners += kept
        (x, y), *rest = kept
        steps = [f"M{x} {y}"]
        last = (x, y)
        for each in rest:
            steps.append(f"l{each[0] - last[0]} {each[1] - last[1]}")
            last = each
        parts.append("".join(steps) + "z")
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Shape(code, "".join(parts), (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2)


def _corners(ring: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the end that repeats the beginning, and without points on a straight line between their neighbours."""
    kept = [point for index, point in enumerate(ring) if index == 0 or point != ring[index - 1]]
    if len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    found: list[tuple[int, int]] = []
    for index, (x, y) in enumerate(kept):
        (ax, ay), (bx, by) = kept[index - 1], kept[(index + 1) % len(kept)]
        if len(kept) < 4 or (x - ax) * (by - y) != (y - ay) * (bx - x):
            found.append((x, y))
    return found or kept[:1]
