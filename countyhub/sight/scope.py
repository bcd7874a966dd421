"""Whose cases and events somebody may see: by the registry's tree of areas today, with all that was merged
into them. Pure.

Never is a code cut into digits: a village that moved to another township is seen by that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from countyhub.lifecycle.state import Office
from countyhub.registry.forms import Area, Grid
from countyhub.registry.snapshot import Registry, When

NONE: frozenset[str] = frozenset()


class Scope(NamedTuple):
    """The cases of these places, and those that one of these offices ever had.

    `townships`: of cases whose village is not known. `whole`: everything, whatever else stands here.
    """

    whole: bool = False
    townships: frozenset[str] = NONE
    villages: frozenset[str] = NONE
    grids: frozenset[str] = NONE
    offices: frozenset[Office] = frozenset()


WHOLE = Scope(whole=True)
NOTHING = Scope()


def joined(scopes: Iterable[Scope]) -> Scope:
    """All that one of them shows."""
    several = list(scopes)
    return Scope(
        any(each.whole for each in several),
        frozenset().union(*(each.townships for each in several)),
        frozenset().union(*(each.villages for each in several)),
        frozenset().union(*(each.grids for each in several)),
        frozenset().union(*(each.offices for each in several)),
    )


def both(first: Scope, second: Scope, registry: Registry, at: When) -> Scope:
    """What lies within both."""
    if first.whole or second.whole:
        return second if first.whole else first

    def lies_in(grid: str, other: Scope) -> bool:
        return grid in other.grids or not other.villages.isdisjoint(registry.ancestors(grid, at))

    grids = {grid for grid in first.grids if lies_in(grid, second)} | {
        grid for grid in second.grids if lies_in(grid, first)
    }
    return Scope(
        townships=first.townships & second.townships,
        villages=first.villages & second.villages,
        grids=frozenset(grids),
        offices=first.offices & second.offices,
    )


def within(registry: Registry, area: str, at: When) -> Scope:
    """All that lies within a county, township, village or grid; nothing for what is unknown."""
    return _within(registry, area, registry.day(at))


@lru_cache(128)
def _within(registry: Registry, area: str, at: When) -> Scope:
    row = registry.area(area, at)
    if row is None:
        return NOTHING
    if isinstance(row, Grid):
        return Scope(grids=predecessors(registry, row.code))
    if row.level == "county":
        return WHOLE
    inside = registry.scope(area, at)
    rows = [found for code in inside.areas if isinstance(found := registry.area(code, at), Area)]
    places = {level: {row.code for row in rows if row.level == level} for level in ("township", "village")}
    townships, villages = (
        frozenset(old for code in places[level] for old in predecessors(registry, code))
        for level in ("township", "village")
    )
    return Scope(townships=townships, villages=villages)


def predecessors(registry: Registry, code: str) -> frozenset[str]:
    """Itself and all that was merged into it, directly or not."""
    into = _merged_into(registry)
    found, queue = {code}, [code]
    while queue:
        new = into.get(queue.pop(), NONE) - found
        found |= new
        queue += new
    return frozenset(found)


@lru_cache(4)
def _merged_into(registry: Registry) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for code, rows in registry.lineage.lives.rows.items():
        for row in rows:
            if row.successor:
                found[row.successor].add(code)
    return {code: frozenset(each) for code, each in found.items()}
