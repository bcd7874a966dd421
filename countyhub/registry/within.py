"""What a place belongs to and what lies within an area: values, and the tree of a day. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from countyhub.registry.forms import Area, Grid
from countyhub.registry.lineage import Lineage


class Belonging(NamedTuple):
    """What a box or grid belongs to; the codes are empty where there is none, the names where none is known."""

    village: str = ""
    village_name: str = ""
    township: str = ""
    township_name: str = ""
    county: str = ""
    county_name: str = ""


class Within(NamedTuple):
    """All that lies within an area at a time, itself included."""

    areas: frozenset[str]
    grids: frozenset[str]
    boxes: frozenset[str]


NOTHING_WITHIN = Within(frozenset(), frozenset(), frozenset())


class Span(NamedTuple):
    """A box was within an area from `since` on, until a day on which it no longer was."""

    box: str
    since: date
    until: date


def tree(
    lineage: Lineage,
    places: Mapping[str, Sequence[Area | Grid]],
    paths: Iterable[tuple[str, tuple[str, ...]]],
    day: date,
) -> dict[str, Within]:
    """Everything within every area on a day. `places`: the rows of areas and grids by code; `paths`: each box, and what
    it belonged to."""
    areas: dict[str, set[str]] = defaultdict(set)
    grids: dict[str, set[str]] = defaultdict(set)
    boxes: dict[str, set[str]] = defaultdict(set)
    for code, rows in places.items():
        path = lineage.path(code, day)
        if path[:1] == (code,):  # not what is merged into another by then
            for each in path:
                (grids if isinstance(rows[0], Grid) else areas)[each].add(code)
    for box, belongs in paths:
        for each in belongs:
            boxes[each].add(box)
    whole = areas.keys() | grids.keys()
    return {each: Within(frozenset(areas[each]), frozenset(grids[each]), frozenset(boxes[each])) for each in whole}
