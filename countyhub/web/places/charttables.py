"""The tables of figures over days and months; a chart draws the table that stands beneath it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from countyhub.rollup.figures import Flow, Rates, Standing
from countyhub.web.desk import Visit
from countyhub.web.export.tables import Column, Table
from countyhub.worktime.deadlines import GRAVEST


@dataclass(slots=True)
class OnlineDay:
    """`places`: code -> share of the looks at its cameras at which they answered; None: there was no look."""

    day: date
    whole: float | None
    places: dict[str, float | None] = field(default_factory=dict)


class Hour(NamedTuple):
    """A box in one hour; None: nobody looked."""

    at: datetime
    rates: Rates | None


class Ranked(NamedTuple):
    """`place`: the first is 1; 0 for cases whose place nobody knows."""

    place: int
    name: str
    standing: Standing


def _opened(light: str) -> Column[Flow]:
    return Column(title=f"light.{light}", width=8, kind="number", drawn=True, value=lambda _, row: row.opened[light])


FLOW: Final[Table[Flow]] = Table(
    title="figures.flow",
    columns=(
        Column(title="figures.day", kind="day", value=lambda _, row: row.day),
        *(_opened(light) for light in (*GRAVEST, "none")),
        Column(title="figures.opened", kind="number", value=lambda _, row: row.opened.total()),
        Column(title="figures.closed", kind="number", drawn=True, value=lambda _, row: row.closed),
        Column(title="figures.closed.in_time", width=14, kind="number", value=lambda _, row: row.in_time),
    ),
)

RANKING: Final[Table[Ranked]] = Table(
    title="figures.ranking",
    columns=(
        Column(title="figures.place", width=8, kind="number", value=lambda _, row: row.place or None),
        Column(title="column.township", width=18, value=lambda _, row: row.name),
        Column(title="figures.closed", kind="number", value=lambda _, row: row.standing.closed),
        Column(title="figures.in_time.share", kind="share", drawn=True, value=lambda _, row: row.standing.share),
        Column(title="figures.in_time", kind="number", value=lambda _, row: row.standing.in_time),
        Column(title="figures.limited", kind="number", value=lambda _, row: row.standing.limited),
        Column(title="figures.returned.share", kind="share",
               value=lambda _, row: row.standing.returned / row.standing.closed if row.standing.closed else None),
        Column(title="figures.returned", kind="number", value=lambda _, row: row.standing.returned),
        Column(title="figures.mean", kind="number",
               value=lambda _, row: None if row.standing.mean is None else round(row.standing.mean, 2)),
        Column(title="figures.ratings", kind="number", value=lambda _, row: row.standing.ratings),
    ),
)  # fmt: skip

HOURS: Final[Table[Hour]] = Table(
    title="figures.hours",
    columns=(
        Column(title="figures.hour", width=17, kind="time", value=lambda _, row: row.at),
        Column(title="figures.link.share", kind="share", drawn=True,
               value=lambda _, row: row.rates.online / row.rates.looks if row.rates else None),
        Column(title="figures.cameras.share", kind="share", value=lambda _, row: _answered(row.rates)),
        Column(title="figures.waiting", kind="number", drawn=True,
               value=lambda _, row: row.rates.waiting if row.rates else None),
    ),
)  # fmt: skip


def _answered(rates: Rates | None) -> float | None:
    return rates.cameras_online / rates.cameras if rates and rates.cameras else None


def online(visit: Visit, codes: Sequence[str], drawn: Sequence[str] = ()) -> Table[OnlineDay]:
    """Days by places: one column for each of `codes`; the whole and those of `drawn` are in the chart."""

    def column(code: str) -> Column[OnlineDay]:
        said = visit.words.place(code) if code else visit.t("cameras.unregistered")
        return Column(title="", said=said, kind="share", drawn=code in drawn, value=lambda _, row: row.places.get(code))

    return Table(
        title="figures.online",
        columns=(
            Column(title="figures.day", kind="day", value=lambda _, row: row.day),
            Column(title="figures.whole", kind="share", drawn=True, value=lambda _, row: row.whole),
            *(column(code) for code in codes),
        ),
    )
