"""What is wrong with the registry as it would be: periods, codes that name nothing, what each file asks of its rows.

Pure. `today` decides only what is warned of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from countyhub.registry import cellmistakes, rowmistakes
from countyhub.registry.checkmatters import check_matters
from countyhub.registry.checkoutlines import check_outlines
from countyhub.registry.columns import ALWAYS, Row, columns
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import LEVELS, ROLES, Area, Box, Dated, Department, Duty, Grid, Person, Polygon
from countyhub.registry.lineage import Lineage, Lives, Period, first_outside, joined
from countyhub.registry.mistakes import NOTHING, Mistake, Place, perhaps
from gridwire.problem import Both

_DIGITS = {"county": 6, "township": 9, "village": 12}
_PARENT = {"township": "county", "village": "township"}
_GRID = Both("网格", "grid")
_DEPARTMENT = Both("部门", "department")
_MERGEABLE = ("areas", "grids", "boxes")


def check(content: Content, county: str, today: date, torn: Collection[type[Row]] = ()) -> Iterator[Mistake]:
    """Every mistake and warning.

    `torn`: kinds with rows that could not be read. Whether a code stands there is not asked, or one bad cell would have
    a hundred consequences.
    """
    named = {file for kind in content.given() for each in columns(kind) for file in each.about.refs}
    yield from (rowmistakes.NotLookedUp(Place(kind.FILE)) for kind in torn if kind.FILE in named)
    lives = {
        "areas": Lives(content.of(Area)),
        "grids": Lives(content.of(Grid)),
        "boxes": Lives(content.of(Box)),
    }
    yield from _periods(content)
    yield from _references(content, lives, {kind.FILE for kind in torn})
    yield from _areas(content, lives, "" if Area in torn else county)
    yield from _places(content)
    yield from _staff(content)
    if not {Area, Grid, Duty} & set(torn):
        yield from _unstaffed(content, today)
    yield from check_matters(content, today, torn)
    yield from check_outlines(content)


# Periods


def _periods(content: Content) -> Iterator[Mistake]:
    for kind in content.given():
        things: dict[tuple[str, ...], list[Placed[Any]]] = defaultdict(list)
        for placed in content.placed(kind):
            things[placed.row.key].append(placed)
        for key, rows in things.items():
            yield from _of_one_thing(" ".join(key), rows)


def _of_one_thing(code: str, rows: list[Placed[Any]]) -> Iterator[Mistake]:
    if not isinstance(rows[0].row, Dated):
        yield from (rowmistakes.DoubleRow(each.place, other=rows[0].place.both) for each in rows[1:])
        return
    for placed in rows:
        row = placed.row
        if row.valid_to < row.valid_from:
            yield rowmistakes.Backwards(placed.place, since=row.valid_from, until=row.valid_to)
    ordered = sorted(
        (each for each in rows if each.row.valid_from < each.row.valid_to),
        key=lambda each: (each.row.valid_from, each.place.row),
    )
    for first, second in pairwise(ordered):
        if first.row.valid_from == second.row.valid_from:
            yield rowmistakes.DoubleRow(second.place, other=first.place.both)
        elif second.row.valid_from < first.row.valid_to:
            day = second.row.valid_from
            yield rowmistakes.Overlap(second.place, code=code, day=day, other=first.place.both)


# References


def _references(content: Content, lives: dict[str, Lives], torn: Collection[str]) -> Iterator[Mistake]:
    known: dict[str, dict[str, list[Period]]] = {}
    for kind in content.given():
        named = [each for each in columns(kind) if each.about.refs and not set(each.about.refs) & set(torn)]
        for column in named:
            for file in column.about.refs:
                if file not in known:
                    known[file] = _lifetimes(content, file, lives)
            tables = [(file, known[file]) for file in column.about.refs]
            for placed in content.placed(kind):
                code = getattr(placed.row, column.name)
                wrong = _reference(placed, column.name, code, tables) if code else None
                if wrong is not None:
                    place = placed.place._replace(column=Both(column.about.zh, column.name))
                    yield wrong[0](place, **wrong[1])


def _lifetimes(content: Content, file: str, lives: dict[str, Lives]) -> dict[str, list[Period]]:
    if file in _MERGEABLE:
        return {code: lives[file].of(code) for code in lives[file].rows}
    periods: dict[str, list[Period]] = defaultdict(list)
    for row in content.file(file):
        if isinstance(row, Dated):
            periods[row.key[0]].append(Period(row.valid_from, row.valid_to))
    return {code: joined(each) for code, each in periods.items()}


def _reference(
    placed: Placed[Any], name: str, code: str, tables: list[tuple[str, dict[str, list[Period]]]]
) -> tuple[type[Mistake], dict[str, object]] | None:
    row = placed.row
    found = next(((file, table[code]) for file, table in tables if code in table), None)
    if found is None:
        files = Both("、".join(file for file, _ in tables), " or ".join(file for file, _ in tables))
        return rowmistakes.UnknownCode, {"found": code, "file": files, "hint": _near(code, tables)}
    if isinstance(row, Polygon) or row.valid_to <= row.valid_from:
        return None  # an outline holds as long as its grid does
    wanted = Period(row.valid_from, row.valid_to)
    if name == "successor":
        wanted = Period(row.valid_to, row.valid_to.max) if row.valid_to < date.max else wanted
        started = any(since <= wanted.since < until for since, until in found[1])
        return None if started else (rowmistakes.NotThen, {"found": code, "day": wanted.since, "file": found[0]})
    day = first_outside(wanted, found[1])
    if day is None:
        return None
    shown = Both("一开始", "the first day") if day == ALWAYS else day
    return rowmistakes.NotThen, {"found": code, "day": shown, "file": found[0]}


def _near(code: str, tables: list[tuple[str, dict[str, list[Period]]]]) -> Both:
    """The only code that differs in one digit, or by two that changed places; `difflib` would take minutes."""
    found: set[str] = set()
    for _, table in tables:
        for index in range(len(code)):
            swapped = code[:index] + code[index + 1 : index + 2] + code[index : index + 1] + code[index + 2 :]
            tries = [code[:index] + char + code[index + 1 :] for char in "0123456789"]
            for each in (swapped, code[:index] + code[index + 1 :], *tries):
                if each != code and each in table:
                    found.add(each)
    return perhaps(found.pop()) if len(found) == 1 else NOTHING


# Areas, places, staff


def _areas(content: Content, lives: dict[str, Lives], county: str) -> Iterator[Mistake]:
    levels = {row.code: row.level for row in content.of(Area)}
    if content.of(Area) and county and levels.get(county) != "county":
        yield rowmistakes.OtherCounty(Place(content.placed(Area)[0].place.file), county=county)
    for placed in content.placed(Area):
        yield from _area(placed, levels)
    mergeable: list[Placed[Any]] = [*content.placed(Area), *content.placed(Grid), *content.placed(Box)]
    for placed in mergeable:
        row = placed.row
        if row.successor and row.valid_to == date.max:
            yield rowmistakes.MergedAlive(placed.place, found=row.successor)
        if row.successor and lives[type(row).FILE].is_circle(row.key[0]):
            yield rowmistakes.Circle(placed.place, found=row.key[0])


def _area(placed: Placed[Area], levels: Mapping[str, str]) -> Iterator[Mistake]:
    row = placed.row
    if len(row.code) != _DIGITS[row.level]:
        yield rowmistakes.WrongLength(placed.place, level=_level(row.level), digits=_DIGITS[row.level])
    expected = _PARENT.get(row.level, "")
    found = levels.get(row.parent, "")
    if row.parent and found != expected and found:
        wanted = _level(expected) if expected else Both("空", "empty")
        yield rowmistakes.WrongLevel(placed.place, found=row.parent, level=_level(found), expected=wanted)
    if expected and not row.parent:
        yield cellmistakes.Empty(
            placed.place, what=Both(f"上级{LEVELS[expected]}的编码", f"parent: code of the {expected}")
        )
    if row.successor and levels.get(row.successor, row.level) != row.level:
        level = levels[row.successor]
        yield rowmistakes.WrongLevel(placed.place, found=row.successor, level=_level(level), expected=_level(row.level))


def _places(content: Content) -> Iterator[Mistake]:
    """Grids and boxes belong to villages, departments to the county or a township."""
    levels = {row.code: row.level for row in content.of(Area)}
    asked: list[tuple[type[Row], str, tuple[str, ...]]] = [
        (Grid, "village", ("village",)),
        (Box, "village", ("village",)),
        (Department, "area", ("county", "township")),
    ]
    for kind, name, wanted in asked:
        for placed in content.placed(kind):
            code = getattr(placed.row, name)
            if code in levels and levels[code] not in wanted:
                level, expected = _level(levels[code]), _either([_level(each) for each in wanted])
                yield rowmistakes.WrongLevel(placed.place, found=code, level=level, expected=expected)


def _staff(content: Content) -> Iterator[Mistake]:
    levels: dict[str, Both] = {row.code: _level(row.level) for row in content.of(Area)}
    levels |= {row.code: _GRID for row in content.of(Grid)}
    levels |= {row.code: _DEPARTMENT for row in content.of(Department)}
    wanted = {
        "grid_worker": [_GRID],
        "village_clerk": [_level("village")],
        "township": [_level("township"), _DEPARTMENT],
        "department": [_DEPARTMENT],
        "county": [_level("county"), _DEPARTMENT],
    }
    for placed in content.placed(Duty):
        role, place = placed.row.role, placed.row.place
        if place in levels and role in wanted and levels[place] not in wanted[role]:
            shown = Both(ROLES[role], role.replace("_", " "))
            yield rowmistakes.WrongPlace(placed.place, role=shown, expected=_either(wanted[role]))
    cards: dict[str, Person] = {}
    for person in content.placed(Person):
        row = person.row
        other = cards.setdefault(row.card, row)
        if row.card and other.code != row.code and other.valid_to > row.valid_from and row.valid_to > other.valid_from:
            yield rowmistakes.TwoHolders(person.place, other=other.code)


def _unstaffed(content: Content, today: date) -> Iterator[Mistake]:
    duties = content.of(Duty)
    if not duties:
        return
    lineage = Lineage(content.of(Area), content.of(Grid))
    working = [row for row in duties if row.role == "grid_worker" and row.valid_from <= today < row.valid_to]
    staffed = {code for row in working for code in lineage.path(row.place, today)[:1]}
    for placed in content.placed(Grid):
        row = placed.row
        if row.valid_from <= today < row.valid_to and row.code not in staffed:
            yield rowmistakes.GridUnstaffed(placed.place, code=row.code)


def _level(level: str) -> Both:
    return Both(LEVELS[level], level)


def _either(texts: list[Both]) -> Both:
    return Both("或".join(each.zh for each in texts), " or ".join(each.en for each in texts))
