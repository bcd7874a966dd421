"""What belonged to what when: the tree of areas and grids over time, mergers followed. Pure; days in, codes out.

Whatever names an area that was merged into another means that other one from then on. Never is a code cut into digits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Protocol

from countyhub.registry.columns import ALWAYS, OPEN
from countyhub.registry.forms import Area, Grid


class Period(NamedTuple):
    """From a day on, until a day at which it no longer holds."""

    since: date
    until: date


class Piece(NamedTuple):
    """During this time it belonged there. `path`: itself, or what it was merged into; then what that belonged to."""

    since: date
    until: date
    path: tuple[str, ...]


class Mergeable(Protocol):
    """A row that can be merged into another."""

    @property
    def key(self) -> tuple[str, ...]: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date: ...
    @property
    def successor(self) -> str: ...


def joined(periods: Iterable[Period]) -> list[Period]:
    """The same time, in order, without overlaps or seams."""
    found: list[Period] = []
    for since, until in sorted(period for period in periods if period.since < period.until):
        if found and since <= found[-1].until:
            found[-1] = Period(found[-1].since, max(until, found[-1].until))
        else:
            found.append(Period(since, until))
    return found


def first_outside(wanted: Period, periods: Iterable[Period]) -> date | None:
    """The first day of `wanted` that `periods` (joined) leave out; None when they cover it."""
    day = wanted.since
    for since, until in periods:
        if since <= day < until:
            day = until
    return day if day < wanted.until else None


class Lives:
    """When codes were in force, what they were merged into counted as themselves."""

    def __init__(self, rows: Iterable[Mergeable]) -> None:
        self.rows: dict[str, list[Mergeable]] = defaultdict(list)
        for row in rows:
            self.rows[row.key[0]].append(row)
        for each in self.rows.values():
            each.sort(key=lambda row: row.valid_from)
        self._known: dict[str, list[Period]] = {}

    def of(self, code: str) -> list[Period]:
        """All time during which the code means something; empty for one that is unknown."""
        if code not in self._known:
            self._known[code] = []  # a circle of mergers ends here
            self._known[code] = joined(self._periods(code))
        return self._known[code]

    def is_circle(self, code: str) -> bool:
        """Whether its mergers lead back to it."""
        seen = {code}
        queue = [row.successor for row in self.rows.get(code, []) if row.successor]
        while queue:
            following = queue.pop()
            if following == code:
                return True
            if following not in seen:
                seen.add(following)
                queue += [row.successor for row in self.rows.get(following, []) if row.successor]
        return False

    def predecessors(self, code: str) -> frozenset[str]:
        """Itself and all that was merged into it, directly or not."""
        found = {code}
        while more := {other for other, rows in self.rows.items() for row in rows if row.successor in found} - found:
            found |= more
        return frozenset(found)

    def _periods(self, code: str) -> list[Period]:
        periods = []
        for row in self.rows.get(code, []):
            periods.append(Period(row.valid_from, row.valid_to))
            if row.successor:
                periods += [Period(max(each.since, row.valid_to), each.until) for each in self.of(row.successor)]
        return periods


class Lineage:
    """The tree of areas and grids over time."""

    def __init__(self, areas: Iterable[Area], grids: Iterable[Grid]) -> None:
        rows: list[Area | Grid] = [*areas, *grids]
        self.lives = Lives(rows)
        self._rows: dict[str, list[Area | Grid]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.valid_from):
            self._rows[row.code].append(row)
        self._known: dict[str, tuple[Piece, ...]] = {}

    def pieces(self, code: str) -> tuple[Piece, ...]:
        """Where it belonged, in order of time; nothing for what is unknown."""
        if code not in self._known:
            self._known[code] = ()  # a circle ends here
            self._known[code] = tuple(sorted(self._pieces(code)))
        return self._known[code]

    def path(self, code: str, day: date) -> tuple[str, ...]:
        """Itself (or what it was merged into) and all that it belonged to on that day; empty when it was not."""
        return next((piece.path for piece in self.pieces(code) if piece.since <= day < piece.until), ())

    def _pieces(self, code: str) -> list[Piece]:
        found: list[Piece] = []
        rows = self._rows.get(code, [])
        for index, row in enumerate(rows):
            above = row.village if isinstance(row, Grid) else row.parent
            whole = Piece(ALWAYS, OPEN, ())
            for piece in self.pieces(above) if above else (whole,):
                found += clipped(piece._replace(path=(code, *piece.path)), row.valid_from, row.valid_to)
            if row.successor:
                until = rows[index + 1].valid_from if index + 1 < len(rows) else OPEN
                for piece in self.pieces(row.successor):
                    found += clipped(piece, row.valid_to, until)
        return found


def clipped(piece: Piece, since: date, until: date) -> list[Piece]:
    """The part of the piece within that time: one or none."""
    since, until = max(since, piece.since), min(until, piece.until)
    return [Piece(since, until, piece.path)] if since < until else []
