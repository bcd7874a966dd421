"""Outlines on a map: rings that cross themselves, and how much two outlines overlap. Pure; degrees in, m² out.

A polygon is a list of rings, the first its outline and the others its holes; several make a multi-polygon. Overlap is
exact: between two heights at which nothing begins, ends or crosses, both outlines are trapezoids, and so is what they
share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
"""Longitude, latitude."""
Ring = Sequence[Point]
Polygons = Sequence[Sequence[Ring]]
Edge = tuple[Point, Point]
BoundsOf = tuple[float, float, float, float]

METRES_A_DEGREE = 111_320.0
"""Of latitude; of longitude times the cosine of the latitude."""
_NEAR = 1e-9
"""Degrees, some 0.1 mm: nearer than this is the same place."""


def edges(polygons: Polygons) -> list[Edge]:
    """All edges, each with its lower end first; level ones enclose nothing and are left out."""
    found = []
    for ring in _rings(polygons):
        for first, second in pairwise(ring):
            if first[1] != second[1]:
                found.append((first, second) if first[1] < second[1] else (second, first))
    return found


def bounds(polygons: Polygons) -> BoundsOf:
    """West, south, east, north."""
    points = [point for ring in _rings(polygons) for point in ring]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def area_m2(polygons: Polygons) -> float:
    """Holes taken off."""
    total = 0.0
    for polygon in polygons:
        outer, *holes = (abs(_twice_area(ring)) / 2 for ring in polygon)
        total += outer - sum(holes)
    return total * _m2_a_square_degree(polygons)


def overlap_m2(one: Polygons, other: Polygons) -> float:
    """What both cover."""
    west, south, east, north = _shared(bounds(one), bounds(other))
    if west >= east or south >= north:
        return 0.0
    sides = [[edge for edge in edges(each) if edge[1][1] > south and edge[0][1] < north] for each in (one, other)]
    heights = {south, north}
    heights |= {y for side in sides for edge in side for _, y in edge if south < y < north}
    heights |= {
        y for a in sides[0] for b in sides[1] if (y := _crossing_height(a, b)) is not None and south < y < north
    }
    levels = sorted(heights)
    total = 0.0
    for low, high in pairwise(levels):
        middle = (low + high) / 2
        total += (high - low) * _shared_length(_spans(sides[0], middle), _spans(sides[1], middle))
    return total * _m2_a_square_degree(one)


def crossing(ring: Ring) -> Point | None:
    """A point at which a closed ring crosses or touches itself, if there is one."""
    sides = [(ring[i], ring[i + 1]) for i in range(len(ring) - 1)]
    order = sorted(range(len(sides)), key=lambda i: min(sides[i][0][0], sides[i][1][0]))
    open_sides: list[int] = []
    for index in order:
        left = min(sides[index][0][0], sides[index][1][0])
        open_sides = [each for each in open_sides if max(sides[each][0][0], sides[each][1][0]) >= left]
        for each in open_sides:
            apart = abs(each - index)
            if apart == 1 or apart == len(sides) - 1:
                continue
            point = _meeting(sides[each], sides[index])
            if point is not None:
                return point
        open_sides.append(index)
    return None


def _rings(polygons: Polygons) -> Iterator[Ring]:
    for polygon in polygons:
        yield from polygon


def _twice_area(ring: Ring) -> float:
    x0, y0 = ring[0]  # near the origin, or the products lose their last digits
    return sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairwise(ring))


def _m2_a_square_degree(polygons: Polygons) -> float:
    _, south, _, north = bounds(polygons)
    return METRES_A_DEGREE**2 * math.cos(math.radians((south + north) / 2))


def _shared(one: BoundsOf, other: BoundsOf) -> BoundsOf:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def _x_at(edge: Edge, y: float) -> float:
    (x1, y1), (x2, y2) = edge
    return x1 + (x2 - x1) * (y - y1) / (y2 - y1)


def _spans(side: Sequence[Edge], y: float) -> list[float]:
    """Where a level line at `y` goes in and out, west to east."""
    return sorted(_x_at(edge, y) for edge in side if edge[0][1] < y < edge[1][1])


def _shared_length(one: Sequence[float], other: Sequence[float]) -> float:
    total = 0.0
    for start, end in zip(one[::2], one[1::2], strict=False):
        for start2, end2 in zip(other[::2], other[1::2], strict=False):
            total += max(0.0, min(end, end2) - max(start, start2))
    return total


def _crossing_height(one: Edge, other: Edge) -> float | None:
    """The height at which two edges cross, if they do."""
    low, high = max(one[0][1], other[0][1]), min(one[1][1], other[1][1])
    if low >= high:
        return None
    below, above = _x_at(one, low) - _x_at(other, low), _x_at(one, high) - _x_at(other, high)
    if below * above >= 0:
        return None
    return low + (high - low) * below / (below - above)


def _meeting(one: Edge, other: Edge) -> Point | None:
    """A point that two sides which are not neighbours have in common."""
    (ax, ay), (bx, by) = one
    (cx, cy), (_, dy) = other
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return None
    turns = [_turn(one, other[0]), _turn(one, other[1]), _turn(other, one[0]), _turn(other, one[1])]
    if turns[0] * turns[1] > 0 or turns[2] * turns[3] > 0:
        return None
    if turns[0] == turns[1] == 0:  # on one line
        return (cx, cy) if min(ax, bx) <= cx <= max(ax, bx) and min(ay, by) <= cy <= max(ay, by) else None
    part = turns[2] / (turns[2] - turns[3]) if turns[2] != turns[3] else 0.0
    return round(ax + (bx - ax) * part, 6), round(ay + (by - ay) * part, 6)


def _turn(edge: Edge, point: Point) -> float:
    """Above 0: the point is left of the edge; 0: on its line."""
    (x1, y1), (x2, y2) = edge
    value = (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)
    return 0.0 if abs(value) < _NEAR**2 else value
