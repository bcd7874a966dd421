"""The tables of the ledger of check-ins: by village and day, by day, and the check-ins themselves."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal, NamedTuple

from countyhub.accounts import masking
from countyhub.rollup.ledger import Line, Sums
from countyhub.web.desk import Visit
from countyhub.web.export.tables import Column, Table
from countyhub.web.texts.table import word
from gridwire.events import Checkin

State = Literal["", "away", "behind", "unused"]


class PlaceDay(NamedTuple):
    """A village on a day. `place`: its code, of what stands in no village that of its township; empty: nowhere.
    `state`: why its number says nothing about people: a box is away, or has not yet sent all of that day; none was in
    use yet."""

    day: date
    township: str
    place: str
    sums: Sums
    state: State = ""

    @property
    def is_none(self) -> bool:
        """Nobody checked in, as far as anybody can know."""
        return not self.sums.all and not self.state


class Total(NamedTuple):
    """A day of all of them. `without`: villages in which nobody checked in; `unknown`: those of which nobody knows,
    their box being away or behind."""

    day: date
    sums: Sums
    without: int
    unknown: int


class Shown(NamedTuple):
    """A check-in and where it was. `said`: masked; `is_hidden`: there is more to see, for a reason."""

    line: Line
    township: str
    place: str
    said: Checkin | None
    is_hidden: bool


def shown(line: Line, township: str, place: str) -> Shown:
    masked = masking.event(line.said)
    return Shown(line, township, place, masked if isinstance(masked, Checkin) else None, masked != line.said)


def _sum(name: str, *, drawn: bool = False, width: int = 10) -> Column[Any]:
    return Column(title=f"checkins.{name}", width=width, kind="number", drawn=drawn,
                  value=lambda _, row: getattr(row.sums, name))  # fmt: skip


_SUMS: Final = tuple(_sum(name) for name in ("outside", "verified", "unverified", "late", "unknown"))


def _note(visit: Visit, row: PlaceDay) -> str:
    if row.is_none:
        return visit.t("checkins.without")
    return word("checkins.state", row.state, visit.language) if row.state else ""


LEDGER: Final[Table[PlaceDay]] = Table(
    title="nav.checkins",
    columns=(
        Column(title="figures.day", width=12, kind="day", value=lambda _, row: row.day),
        Column(title="column.township", width=16, value=lambda v, row: named(v, row.township)),
        Column(title="column.village", width=16, value=lambda v, row: named(v, row.place)),
        _sum("all"), _sum("morning"), _sum("afternoon"), *_SUMS,
        Column(title="checkins.note", width=20, value=_note),
    ),
)  # fmt: skip

DAYS: Final[Table[Total]] = Table(
    title="checkins.days",
    columns=(
        Column(title="figures.day", width=12, kind="day", value=lambda _, row: row.day),
        _sum("morning", drawn=True), _sum("afternoon", drawn=True), _sum("outside", drawn=True), _sum("all"),
        *_SUMS[1:],
        Column(title="checkins.without", width=14, kind="number", value=lambda _, row: row.without),
        Column(title="checkins.missing", width=14, kind="number", value=lambda _, row: row.unknown),
    ),
)  # fmt: skip


def named(visit: Visit, code: str) -> str:
    return visit.words.place(code) if code else ""


def _said(name: str, title: str, width: int) -> Column[Shown]:
    return Column(title=title, width=width, value=lambda _, row: getattr(row.said, name, ""))


def _method(visit: Visit, row: Shown) -> str:
    return word("method", row.said.method, visit.language) if row.said else ""


def _slot(visit: Visit, row: Shown) -> str:
    return word("slot", row.line.slot, visit.language) if row.line.slot else ""


def _roster(visit: Visit, row: Shown) -> str:
    return visit.t("checkin.verified" if row.line.verified else "checkin.unverified")


def _marks(visit: Visit, row: Shown) -> str:
    line = row.line
    marks = ((line.late, "mark.late"), (not line.known, "mark.uncorrected"), (line.drill, "mark.drill"))
    return visit.t("list.comma").join(visit.t(key) for is_so, key in marks if is_so)


ROWS: Final[Table[Shown]] = Table(
    title="checkins.rows",
    columns=(
        Column(title="events.happened", width=17, kind="time", value=lambda _, row: row.line.at),
        _said("name", "checkins.who", 10),
        _said("masked", "checkins.masked", 22),
        Column(title="checkins.roster", width=10, value=_roster),
        Column(title="checkins.method", width=10, value=_method),
        Column(title="checkins.slot", width=12, value=_slot),
        _said("point", "checkins.point", 16),
        Column(title="events.marks", width=16, value=_marks),
        Column(title="events.received", width=17, kind="time", value=lambda _, row: row.line.received),
        Column(title="column.township", width=16, value=lambda v, row: named(v, row.township)),
        Column(title="column.village", width=16, value=lambda v, row: named(v, row.place)),
        Column(title="column.grid", width=18, value=lambda v, row: named(v, row.line.grid)),
        Column(title="filter.box", width=15, value=lambda _, row: row.line.box),
    ),
)
