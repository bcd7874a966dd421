"""What an import would change: rows added, changed, ended. A row that a file no longer holds is ended, never deleted.

Pure. A kind whose file was not given stays as it is. The same files again make no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

import msgspec

from countyhub.registry import rowmistakes
from countyhub.registry.columns import ALWAYS, OPEN, Row
from countyhub.registry.content import Content, Placed, stored_place
from countyhub.registry.forms import Dated, Day
from countyhub.registry.mistakes import Mistake, Place

MANY = 10
MANY_SHARE = 0.05
"""Rows of a file that may go missing before it is taken for a mistake: both must be passed."""

D = TypeVar("D", bound=Dated)


class Change(NamedTuple):
    """One row as it is and as it will be. `old` None: added. `new` None: a day taken out of the calendar."""

    old: Row | None
    new: Row | None

    @property
    def what(self) -> str:
        """added, changed or ended."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "ended"
        if not isinstance(self.old, Dated) or not isinstance(self.new, Dated):
            return "changed"
        others = set(self.fields()) - {"valid_to", "successor"}
        ends = self.old.valid_to == OPEN and self.new.valid_to != OPEN
        return "ended" if ends and not others else "changed"

    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Column -> old and new value, where they differ."""
        if self.old is None or self.new is None:
            return {}
        pairs = {name: (getattr(self.old, name), getattr(self.new, name)) for name in self.old.__struct_fields__}
        return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


class Difference(NamedTuple):
    """All changes by kind, and the registry as it will be."""

    changes: dict[type[Row], list[Change]]
    result: Content
    said: list[Mistake]

    @property
    def size(self) -> int:
        return sum(len(each) for each in self.changes.values())


class _Found(NamedTuple):
    """Of one kind. `left`: stored rows that the file does not hold, as they will be. `ending`: how many end by that."""

    changes: list[Change]
    left: list[Row]
    ending: int


def difference(stored: Content, given: Content, today: date, *, allow_ending: bool = False) -> Difference:
    """From what is stored to what the files say. What they leave out ends `today`."""
    changes: dict[type[Row], list[Change]] = {}
    said: list[Mistake] = []
    result = stored
    for kind in given.given():
        placed: list[Placed[Any]] = given.placed(kind)
        if kind is Day:
            found = _days(stored.of(Day), [each.row for each in placed])
        else:
            found = _dated(stored.of(kind), [each.row for each in placed], today)
        changes[kind] = found.changes
        result = result.with_table(kind, [*placed, *(Placed(row, stored_place(row)) for row in found.left)])
        live = sum(isinstance(row, Dated) and row.valid_to > today for row in stored.of(kind))
        if not allow_ending and found.ending > max(MANY, MANY_SHARE * live):
            said.append(rowmistakes.ManyEnded(_file(kind, placed), count=found.ending, of=live))
    return Difference(changes, result, said)


def _file(kind: type[Row], placed: Sequence[Placed[Any]]) -> Place:
    return Place(placed[0].place.file) if placed else Place(kind.FILE)


def _dated(stored: Sequence[Row], given: Sequence[Row], today: date) -> _Found:
    old_rows, new_rows = _by_key(stored), _by_key(given)
    whole = _Found([], [], 0)
    for key in sorted(old_rows.keys() | new_rows.keys()):
        found = _of_one_thing(old_rows.get(key, []), new_rows.get(key, []), today)
        whole.changes.extend(found.changes)
        whole.left.extend(found.left)
        whole = whole._replace(ending=whole.ending + found.ending)
    return whole


def _by_key(rows: Iterable[Row]) -> dict[tuple[str, ...], list[Dated]]:
    found: dict[tuple[str, ...], list[Dated]] = defaultdict(list)
    for row in rows:
        if isinstance(row, Dated):
            found[row.key].append(row)
    return found


def _of_one_thing(old: list[Dated], new: list[Dated], today: date) -> _Found:
    """Rows with the same first day are the same; of the others the living are matched in order of time."""
    by_day = {row.valid_from: row for row in new}
    days = {row.valid_from for row in old}
    changes = [Change(row, by_day[row.valid_from]) for row in old if by_day.get(row.valid_from, row) != row]
    gone = sorted((row for row in old if row.valid_from not in by_day), key=_since)
    fresh = sorted((row for row in new if row.valid_from not in days), key=_since)
    living = [row for row in gone if row.valid_to > today and row.valid_to > row.valid_from]
    moved = list(zip(living, fresh, strict=False))
    ending = [Change(row, ended(row, max(row.valid_from, today))) for row in living[len(moved) :]]
    changes += [*(Change(*pair) for pair in moved), *(Change(None, row) for row in fresh[len(moved) :]), *ending]
    closed: list[Row] = [row for row in gone if row not in living]
    return _Found(changes, [*closed, *(change.new for change in ending if change.new is not None)], len(ending))


def ended(row: D, day: date) -> D:
    """The row, ended on that day."""
    return msgspec.structs.replace(row, valid_to=day)


def _since(row: Dated) -> date:
    return row.valid_from


def _days(stored: Sequence[Day], given: Sequence[Day]) -> _Found:
    """A day that a file leaves out stays, unless the file tells others of its year."""
    new = {row.day: row for row in given}
    years = {day.year for day in new}
    known = {row.day for row in stored}
    changes: list[Change] = [Change(row, new[row.day]) for row in stored if new.get(row.day, row) != row]
    changes += [Change(None, row) for day, row in sorted(new.items()) if day not in known]
    changes += [Change(row, None) for row in stored if row.day not in new and row.day.year in years]
    return _Found(changes, [row for row in stored if row.day.year not in years], 0)


def as_data(changes: dict[type[Row], list[Change]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """For JSON: file -> added, changed, ended -> rows by key, with old and new values."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for kind, each in changes.items():
        table: dict[str, list[dict[str, Any]]] = {"added": [], "changed": [], "ended": []}
        for change in each:
            table[change.what].append(_as_data(change))
        found[kind.FILE] = table
    return found


def _as_data(change: Change) -> dict[str, Any]:
    row = change.new or change.old
    assert row is not None, "a change has at least one side"
    values: dict[str, Any] = dict(zip(row.KEY, row.key, strict=True))
    if isinstance(row, Dated):
        values["valid_from"] = open_day(row.valid_from)
    if change.old is None or change.new is None:
        return values
    return {**values, "fields": {name: [open_day(value) for value in pair] for name, pair in change.fields().items()}}


def open_day(value: Any) -> Any:
    """For JSON: `null` where a period has no beginning or no end."""
    return None if value in (ALWAYS, OPEN) else value


def counts(changes: dict[type[Row], list[Change]]) -> dict[str, dict[str, int]]:
    """File -> how many added, changed, ended."""
    found = {}
    for kind, each in changes.items():
        whats = [change.what for change in each]
        found[kind.FILE] = {what: whats.count(what) for what in ("added", "changed", "ended")}
    return found


def touches_past(changes: dict[type[Row], list[Change]], today: date) -> Iterator[Change]:
    """Changes of what already held before today: they rewrite what belonged where in the past."""
    for each in changes.values():
        for change in each:
            pair = [row for row in (change.old, change.new) if isinstance(row, Dated)]
            if change.old is None or len(pair) != 2:
                continue
            days = [day for name, values in change.fields().items() if name.startswith("valid_") for day in values]
            only_days = all(name.startswith("valid_") or name == "successor" for name in change.fields())
            since = min(days) if only_days and days else min(row.valid_from for row in pair)
            if since < today:
                yield change
