"""Outlines that cover each other: of grids among grids, of villages among villages, at the same time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from countyhub.registry import outlinemistakes
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import Area, Grid, Polygon
from countyhub.registry.geojson import polygons_of
from countyhub.registry.geometry import BoundsOf, Polygons, area_m2, bounds, overlap_m2
from countyhub.registry.lineage import Period
from countyhub.registry.mistakes import Mistake

MIN_OVERLAP_M2 = 100.0
MIN_OVERLAP_SHARE = 0.01
"""Both must be passed: borders are drawn by hand, and by several hands."""


class _Outline(NamedTuple):
    placed: Placed[Polygon]
    periods: list[Period]
    polygons: Polygons
    bounds: BoundsOf
    area_m2: float


def check_outlines(content: Content) -> Iterator[Mistake]:
    """Two outlines of one level that overlap more than hands do when they draw."""
    lives: dict[str, list[Period]] = defaultdict(list)
    levels: dict[str, str] = {}
    for area in content.of(Area):
        lives[area.code].append(Period(area.valid_from, area.valid_to))
        levels[area.code] = area.level
    for grid in content.of(Grid):
        lives[grid.code].append(Period(grid.valid_from, grid.valid_to))
        levels[grid.code] = "grid"
    by_level: dict[str, list[_Outline]] = defaultdict(list)
    for placed in content.placed(Polygon):
        by_level[levels.get(placed.row.code, "")].append(_outline(placed, lives[placed.row.code]))
    for level, outlines in by_level.items():
        if level:
            yield from _overlaps(outlines)


def _outline(placed: Placed[Polygon], lives: list[Period]) -> _Outline:
    row = placed.row
    periods = [Period(max(row.valid_from, since), min(row.valid_to, until)) for since, until in lives]
    polygons = polygons_of(row)
    return _Outline(placed, periods, polygons, bounds(polygons), area_m2(polygons))


def _overlaps(outlines: Iterable[_Outline]) -> Iterator[Mistake]:
    """Sweeps from west to east, so that only near ones are looked at together."""
    near: list[_Outline] = []
    for outline in sorted(outlines, key=lambda each: each.bounds[0]):
        west, south, _, north = outline.bounds
        near = [each for each in near if each.bounds[2] > west]
        for other in near:
            if other.bounds[1] < north and other.bounds[3] > south and _meet(other, outline):
                yield from _overlap(other, outline)
        near.append(outline)


def _meet(one: _Outline, other: _Outline) -> bool:
    """Whether there was a day on which both held. Two outlines of one grid follow each other, or are told elsewhere."""
    if one.placed.row.code == other.placed.row.code:
        return False
    return any(max(a.since, b.since) < min(a.until, b.until) for a in one.periods for b in other.periods)


def _overlap(one: _Outline, other: _Outline) -> Iterator[Mistake]:
    smaller = min(one.area_m2, other.area_m2)
    shared = overlap_m2(one.polygons, other.polygons)
    if shared < MIN_OVERLAP_M2 or shared < MIN_OVERLAP_SHARE * smaller:
        return
    first, second = sorted((one, other), key=lambda each: each.placed.place.row)
    yield outlinemistakes.OutlinesOverlap(
        second.placed.place, code=second.placed.row.code, other=first.placed.row.code,
        area=round(shared), percent=round(100 * shared / smaller),
    )  # fmt: skip
