"""What categories, deadlines, households and the calendar ask of each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from countyhub.registry import cellmistakes, rowmistakes
from countyhub.registry.columns import Row, column
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import AlarmKind, Category, Day, Deadline, Household, Service
from countyhub.registry.lineage import Period, first_outside, joined
from countyhub.registry.mistakes import NOTHING, Mistake, Place
from gridwire.problem import Both

NEXT_YEAR_FROM_MONTH = 12
"""The State Council publishes a year's holidays in November of the year before."""


def check_matters(content: Content, today: date, torn: Collection[type[Row]] = ()) -> Iterator[Mistake]:
    """Every mistake and warning about them. `torn`: kinds with rows that could not be read."""
    if not {Category, Deadline} & set(torn):
        yield from _categories(content)
    yield from _services(content)
    yield from _households(content)
    if Day not in torn:
        yield from _years(content, today)


def _categories(content: Content) -> Iterator[Mistake]:
    groups = {row.code for row in content.of(Category) if len(row.code) == 2}
    periods: dict[str, list[Period]] = {}
    for deadline in content.of(Deadline):
        periods.setdefault(deadline.category, []).append(Period(deadline.valid_from, deadline.valid_to))
    for placed in content.placed(Category):
        row = placed.row
        if len(row.code) == 2:
            continue
        group = row.code[:2]  # a category's code is defined as group and kind; areas are never cut so
        if group not in groups:
            yield rowmistakes.NoGroup(placed.place, code=row.code, group=group)
        for name in ("ledger", "handling", "owner"):
            if not getattr(row, name):
                about = column(Category, name).about
                yield rowmistakes.MustBeGiven(placed.place, what=Both(about.zh, name))
        limited = joined(period for code in (row.code, group, "") for period in periods.get(code, []))
        if first_outside(Period(row.valid_from, row.valid_to), limited) is not None:
            yield rowmistakes.NoDeadline(placed.place, code=row.code)


def _services(content: Content) -> Iterator[Mistake]:
    what = Both("4 位小类编码", "the code of a kind, 4 digits")
    named: list[Placed[Service] | Placed[AlarmKind]] = [*content.placed(Service), *content.placed(AlarmKind)]
    for placed in named:
        if len(placed.row.category) == 2:
            hint = NOTHING
            yield cellmistakes.BadCode(placed.place, found=placed.row.category, what=what, hint=hint)


def _households(content: Content) -> Iterator[Mistake]:
    for placed in content.placed(Household):
        row = placed.row
        if (row.every_days is None) == (not row.month_days):
            yield rowmistakes.NoInterval(placed.place)
        for day in re.findall("[0-9]+", row.month_days):
            if not 1 <= int(day) <= 31:
                yield cellmistakes.OutOfRange(placed.place, found=day, lowest=1, highest=31, hint=NOTHING)


def _years(content: Content, today: date) -> Iterator[Mistake]:
    if not content.of(Category) and not content.of(Day):
        return
    known = {row.day.year for row in content.of(Day)}
    wanted = [today.year, today.year + 1] if today.month >= NEXT_YEAR_FROM_MONTH else [today.year]
    for year in wanted:
        if year not in known:
            yield rowmistakes.YearUnknown(Place("calendar.csv"), year=year)
