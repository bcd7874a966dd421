"""A table is defined once, beside its page (cases: `web.cases.casetable`): its columns with their titles in both
languages, widths and types. CSV and XLSX are written from it, and pages show it (`shown`, by `_table.html`), but where
rows are more than text, as cases: these pages have templates of their own.

Promise: what is taken away is what the page shows to the same person: same rows, same names, numbers of persons masked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from countyhub.web.desk import Visit
from countyhub.web.texts import present

R = TypeVar("R")
Kind = Literal["text", "number", "time", "day", "share"]
Value = str | int | float | datetime | date | None
"""Of one cell. `share`: 0 to 1. A `datetime` is aware. None: nothing is known, which is no zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """`title`: key of its text; `said`: the title itself where the registry names it. `width`: in characters. `drawn`:
    a chart of the table draws it."""

    title: str
    value: Callable[[Visit, R], Value]
    width: int = 12
    kind: Kind = "text"
    said: str = ""
    drawn: bool = False

    def name(self, visit: Visit) -> str:
        return self.said or visit.t(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[R]):
    """`title`: key of the text that names the sheet and the file."""

    title: str
    columns: tuple[Column[R], ...]

    def heads(self, visit: Visit) -> list[str]:
        return [column.name(visit) for column in self.columns]

    def row(self, visit: Visit, item: R) -> list[Value]:
        """The cells of one row."""
        return [column.value(visit, item) for column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """As a page shows it: the text, and for a chart the number behind it."""

    text: str
    kind: Kind
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    text: str
    kind: Kind
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table as a template puts it into a page. `export`: address of its files without ending."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    export: str


def shown(table: Table[R], visit: Visit, rows: Sequence[R], export: str) -> Shown:
    """For a page."""
    zone = visit.book.zone
    return Shown(
        title=visit.t(table.title),
        heads=tuple(Head(text=each.name(visit), kind=each.kind, drawn=each.drawn) for each in table.columns),
        rows=tuple(
            tuple(_cell(column.kind, column.value(visit, row), zone) for column in table.columns) for row in rows
        ),
        export=export,
    )


def _cell(kind: Kind, value: Value, zone: ZoneInfo) -> Cell:
    number = float(value) if isinstance(value, int | float) else None
    if isinstance(value, datetime):
        number = value.timestamp()
    elif isinstance(value, date):
        number = datetime.combine(value, time(), zone).timestamp()
    return Cell(text=said(kind, value, zone), kind=kind, number=number)


def said(kind: Kind, value: Value, zone: ZoneInfo) -> str:
    """A cell in words: local time, shares with one digit."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if kind == "share" and isinstance(value, int | float):
        return present.percent(round(value * 100_000), 100_000)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
