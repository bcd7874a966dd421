"""Borders as surveyed, with hundreds of points: drawn coarser, and still the same line on both sides."""

import json
import math
import re
from datetime import date
from zoneinfo import ZoneInfo

from countyhub.registry.content import Content
from countyhub.registry.forms import Polygon
from countyhub.registry.snapshot import Registry
from countyhub.web import outlines

DAY = date(2026, 11, 20)
LEFT, RIGHT = "990126100200001", "990126100200002"


def border():
    """Between the two, from south to north."""
    return [
        (110.5 + 0.003 * math.sin(step / 9) + 0.0004 * math.sin(step * 1.7), 25 + step / 3000) for step in range(301)
    ]


def rows():
    line = border()
    south, north = line[0][1], line[-1][1]
    rings = {
        LEFT: [*line, (110.4, north), (110.4, south)],
        RIGHT: [*reversed(line), (110.6, south), (110.6, north)],
    }
    for code, ring in rings.items():
        closed = [[round(x, 6), round(y, 6)] for x, y in (*ring, ring[0])]
        yield Polygon(code=code, geometry=json.dumps({"type": "Polygon", "coordinates": [closed]}))


def corners(path):
    x, y = 0, 0
    for command, dx, dy in re.findall(r"([Ml])(-?\d+) (-?\d+)", path):
        x, y = (int(dx), int(dy)) if command == "M" else (x + int(dx), y + int(dy))
        yield x, y


def test_neighbours_share_their_border_and_it_has_no_more_points_than_are_seen():
    registry = Registry(Content.bare([*rows()]), ZoneInfo("Asia/Shanghai"))
    left, right = outlines.drawing(registry, DAY, (LEFT, RIGHT)).shapes
    shared = set(corners(left.d)) & set(corners(right.d))
    assert len(set(corners(left.d)) - shared) == 2, "the two corners that are its own"
    assert len(set(corners(right.d)) - shared) == 2
    assert 50 < len(shared) <= 301
    assert len(left.d) < 2500
