"""What a list asks for, and by which indexes it is answered. Pure: it only puts conditions together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, exists, or_, tuple_

from countyhub.lifecycle.state import OPEN, Office
from countyhub.sight.scope import Scope
from countyhub.store.casetables import case_office, cases

NEVER_US: Final = 1 << 62
MAX_STREAMS: Final = 200
"""More places than this are most of the county: then all of it is read in order, and the others are left out."""
_ONLY_OPEN: Final = frozenset({"yellow", "grey"})
Where = ColumnElement[bool]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted; everything that is given must hold.

    `categories`: exact codes, those of a group as the registry has them. `had`: offices that have or had it, `owners`:
    that have it now. `area`: within a `Scope` of a place, as `Book.scope_of` says. `since`, `until`: of the arrival.
    """

    open: bool | None = None
    numbers: frozenset[str] = frozenset()
    key: str = ""
    parent: str = ""
    receipt: str = ""
    stages: frozenset[str] = frozenset()
    lights: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    owners: frozenset[Office] = frozenset()
    had: frozenset[Office] = frozenset()
    categories: frozenset[str] = frozenset()
    box: str = ""
    device: str = ""
    grid: str = ""
    area: Scope | None = None
    origin: str = ""
    urgent: bool | None = None
    supervised: bool | None = None
    drill: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def only_open(self) -> bool:
        """Whether nothing that is closed can be meant."""
        living = bool(self.stages) and self.stages <= OPEN | {"merged"}
        return self.open is True or living or (bool(self.lights) and self.lights <= _ONLY_OPEN)


class Stream(NamedTuple):
    """Cases in order of arrival by one index: the columns of the order, and all conditions."""

    arrived: ColumnElement[Any]
    number: Any
    where: tuple[Where, ...]
    joins_cases: bool = False


def of(wanted: Filter, scope: Scope) -> list[Stream]:
    """Streams that together are the list. What is open is few enough for a stream of its own."""
    everything = (*rest(wanted), *seen(scope))
    if few := _few(wanted):
        return [_plain((few, *everything))]
    if wanted.only_open:
        return [_plain((cases.c.open, *everything))]
    first = _first(wanted, scope)
    if not 1 <= len(first.each) <= MAX_STREAMS:
        return [_plain(everything)]
    if first.by == "scope":
        everything = tuple(rest(wanted))
    elif first.by == "area":
        everything = (*rest(replace(wanted, area=None)), *seen(scope))
    return [_stream(each, everything) for each in first.each]


def rest(wanted: Filter) -> list[Where]:
    """All conditions of a filter."""
    c = cases.c
    found: list[Where] = []
    texts = {c.key: wanted.key, c.box: wanted.box, c.device: wanted.device, c.grid: wanted.grid,
             c.origin: wanted.origin, c.parent: wanted.parent, c.receipt: wanted.receipt}  # fmt: skip
    found += [column == text for column, text in texts.items() if text]
    sets = {c.number: wanted.numbers, c.stage: wanted.stages, c.light: wanted.lights, c.level: wanted.levels,
            c.category: wanted.categories}  # fmt: skip
    found += [column.in_(sorted(some)) for column, some in sets.items() if some]
    if wanted.open is not None:
        found.append(c.open if wanted.open else ~c.open)
    if wanted.urgent is not None:
        found.append(c.urgent if wanted.urgent else ~c.urgent)
    if wanted.drill is not None:
        found.append(c.drill if wanted.drill else ~c.drill)
    if wanted.supervised is not None:
        found.append(c.supervised > 0 if wanted.supervised else c.supervised == 0)
    if wanted.owners:
        found.append(tuple_(c.level, c.owner).in_(sorted(wanted.owners)))
    if wanted.had:
        found.append(_had(wanted.had))
    if wanted.since is not None:
        found.append(c.arrived >= wanted.since)
    if wanted.until is not None:
        found.append(c.arrived < wanted.until)
    return found + (seen(_area(wanted.area)) if wanted.area is not None else [])


def seen(scope: Scope) -> list[Where]:
    """Whether somebody with this scope sees a case; no condition for who sees all."""
    if scope.whole:
        return []
    c = cases.c
    found: list[Where] = []
    if scope.villages:
        found.append(c.village.in_(sorted(scope.villages)))
    if scope.townships:
        found.append(and_(c.village == "", c.township.in_(sorted(scope.townships))))
    if scope.grids:
        found.append(c.grid.in_(sorted(scope.grids)))
    if scope.offices:
        found.append(_had(scope.offices))
    return [or_(*found)] if found else [cases.c.number == ""]


def _had(offices: Iterable[Office]) -> Where:
    had = case_office.alias("had")
    mine = tuple_(had.c.level, had.c.office).in_(sorted(offices))
    return exists().where(had.c.number == cases.c.number, mine).correlate(cases)


def _area(scope: Scope) -> Scope:
    """As a filter an area is what happened there, not what its office was given from elsewhere."""
    places = scope.townships or scope.villages or scope.grids
    return scope._replace(offices=frozenset()) if places else scope


def _few(wanted: Filter) -> Where | None:
    """What names a handful of cases; said once more so that the index of the rows that matter is used."""
    if wanted.receipt:
        return cases.c.receipt != ""
    if wanted.parent:
        return cases.c.parent != ""
    return cases.c.number != "" if wanted.numbers else None


Condition = tuple[Where, ...] | Office
"""What begins an index: conditions on cases, or an office that had them."""


class First(NamedTuple):
    """By what a list is begun; nothing when no index is better than the order of the whole."""

    by: str
    each: list[Condition]


def _first(wanted: Filter, scope: Scope) -> First:
    """The dimension that leaves the fewest: a box before a grid, that before an office, that before what one sees."""
    c = cases.c
    texts = ((c.box, wanted.box), (c.grid, wanted.grid))
    given = [First("text", [(column == text,)]) for column, text in texts if text]
    given += [First("office", [*sorted(offices)]) for offices in (wanted.owners, wanted.had) if offices]
    areas = (("area", wanted.area and _area(wanted.area)), ("scope", scope))
    given += [First(name, _places(area)) for name, area in areas if area is not None and not area.whole]
    flags = ((c.urgent, wanted.urgent), (c.supervised > 0, wanted.supervised), (c.drill, wanted.drill))
    given += [First("flag", [(condition,)]) for condition, is_wanted in flags if is_wanted]
    sets = ((c.category, wanted.categories), (c.light, wanted.lights), (c.stage, wanted.stages))
    given += [First("set", [(column == each,) for each in sorted(some)]) for column, some in sets if some]
    return next(iter(given), First("", []))


def _places(scope: Scope) -> list[Condition]:
    c = cases.c
    return [
        *((c.village == each,) for each in sorted(scope.villages)),
        *((c.township == each, c.village == "") for each in sorted(scope.townships)),
        *((c.grid == each,) for each in sorted(scope.grids)),
        *sorted(scope.offices),
    ] or [(c.number == "",)]


def _stream(first: Condition, more: tuple[Where, ...]) -> Stream:
    if not isinstance(first, Office):
        return _plain((*first, *more))
    had = case_office.c
    mine = (had.office == first.id, had.level == first.level)
    return Stream(had.arrived, had.number, (*mine, *more), bool(more))


def _plain(where: tuple[Where, ...]) -> Stream:
    return Stream(cases.c.arrived, cases.c.number, where)
