"""Cuts a piece of land into pieces by straight lines: convex, side by side, without gap or overlap. Degrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

Point = tuple[float, float]
Land = list[Point]
"""A convex ring, not closed, counter-clockwise."""

_STEPS = 18
"""Halvings in search of the line: right to four parts in a million."""


def round_county(west: float, south: float, width: float, height: float, corners: int = 24) -> Land:
    """An oval that begins at a south-western corner."""
    turns = [2 * math.pi * each / corners for each in range(corners)]
    return [(west + width * (1 + math.cos(t)) / 2, south + height * (1 + math.sin(t)) / 2) for t in turns]


def cut(random: Random, land: Land, weights: Sequence[float]) -> list[Land]:
    """As many pieces as weights, of areas in their proportion; neighbours in the list lie near each other."""
    if len(weights) == 1:
        return [land]
    half = len(weights) // 2
    share = sum(weights[:half]) / sum(weights)
    first, second = _in_two(land, share, _direction(random, land))
    return cut(random, first, weights[:half]) + cut(random, second, weights[half:])


def centre(land: Land) -> Point:
    return sum(x for x, _ in land) / len(land), sum(y for _, y in land) / len(land)


def inside(random: Random, land: Land) -> Point:
    """A point within."""
    (cx, cy), (x, y) = centre(land), random.choice(land)
    part = 0.7 * random.random()
    return cx + (x - cx) * part, cy + (y - cy) * part


def _direction(random: Random, land: Land) -> Point:
    """Across the longest extent, somewhat askew."""
    wide = max(x for x, _ in land) - min(x for x, _ in land)
    high = max(y for _, y in land) - min(y for _, y in land)
    angle = random.uniform(-0.35, 0.35) + (0.0 if wide > high else math.pi / 2)
    return math.cos(angle), math.sin(angle)


def _in_two(land: Land, share: float, direction: Point) -> tuple[Land, Land]:
    along = [_along(point, direction) for point in land]
    low, high = min(along), max(along)
    wanted = share * _area(land)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _area(_side(land, direction, middle, 1)) < wanted:
            low = middle
        else:
            high = middle
    middle = (low + high) / 2
    return _side(land, direction, middle, 1), _side(land, direction, middle, -1)


def _side(land: Land, direction: Point, where: float, sign: int) -> Land:
    """The part of the land on one side of a line."""
    found: Land = []
    for first, second in zip(land, land[1:] + land[:1], strict=True):
        a, b = sign * (where - _along(first, direction)), sign * (where - _along(second, direction))
        if a >= 0:
            found.append(first)
        if a * b < 0:
            part = a / (a - b)
            found.append((first[0] + (second[0] - first[0]) * part, first[1] + (second[1] - first[1]) * part))
    return found


def _along(point: Point, direction: Point) -> float:
    return point[0] * direction[0] + point[1] * direction[1]


def _area(land: Land) -> float:
    pairs = zip(land, land[1:] + land[:1], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2
