"""Kinds of matters, their deadlines, services, the calendar, and households to visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Literal, get_args

from countyhub.registry.columns import Row
from countyhub.registry.forms import AlarmKind, Category, Day, Deadline, Household, Service
from countyhub.worktime.deadlines import Unit, Until
from simulators.county import names

_Office = Literal["village", "township", "county", "department"]
_Budget = tuple[_Office, str, int, Unit, Until]

_DEADLINES: tuple[_Budget, ...] = (
    ("village", "转办", 30, "minutes", "pass_on"),
    ("village", "办结", 3, "working_days", "close"),
    ("township", "转办", 4, "working_hours", "pass_on"),
    ("township", "办结", 5, "working_days", "close"),
    ("county", "交办", 4, "working_hours", "pass_on"),
    ("department", "接办", 4, "working_hours", "begin"),
    ("department", "反馈", 7, "working_days", "feedback"),
)
_AT_ONCE: tuple[_Budget, ...] = (
    ("village", "接办", 5, "minutes", "begin"),
    ("village", "办结", 2, "calendar_hours", "close"),
    ("township", "办结", 4, "calendar_hours", "close"),
)
_URGENT: tuple[_Budget, ...] = (
    ("village", "接办", 2, "calendar_hours", "begin"),
    ("village", "恢复", 48, "calendar_hours", "close"),
    ("township", "恢复", 72, "calendar_hours", "close"),
    ("department", "接办", 2, "calendar_hours", "begin"),
    ("department", "恢复", 48, "calendar_hours", "feedback"),
)
_AT_ONCE_ABOVE: tuple[_Budget, ...] = (
    ("department", "接办", 30, "minutes", "begin"),
    ("department", "反馈", 4, "calendar_hours", "feedback"),
)
# The State Council's notices for 2025 and 2026: from, to, name.
_HOLIDAYS = (
    ("2025-01-01", "2025-01-01", "元旦"), ("2025-01-28", "2025-02-04", "春节"),
    ("2025-04-04", "2025-04-06", "清明节"),
    ("2025-05-01", "2025-05-05", "劳动节"),
    ("2025-05-31", "2025-06-02", "端午节"),
    ("2025-10-01", "2025-10-08", "国庆节、中秋节"),
    ("2026-01-01", "2026-01-03", "元旦"), ("2026-02-15", "2026-02-23", "春节"),
    ("2026-04-04", "2026-04-06", "清明节"),
    ("2026-05-01", "2026-05-05", "劳动节"), ("2026-06-19", "2026-06-21", "端午节"),
    ("2026-09-25", "2026-09-27", "中秋节"),
    ("2026-10-01", "2026-10-07", "国庆节"),
)  # fmt: skip
_WORKED = (
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
    "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
)  # fmt: skip
_HouseholdKind = Literal["five_guarantees", "poor", "elderly_alone", "children_alone", "disabled"]


def rows(random: Random, departments: int, grids: list[str]) -> Iterator[Row]:
    """All of them. `departments`: how many there are, to own something."""
    yield from _categories(departments)
    yield from _services(departments)
    yield from _alarms()
    yield from _days()
    yield from _households(random, grids)


def _categories(departments: int) -> Iterator[Row]:
    for number, (name, ledger, kinds) in enumerate(names.CATEGORIES, 1):
        group = f"{number:02d}"
        yield Category(code=group, name=name)
        for level, purpose, amount, unit, until in _DEADLINES:
            yield Deadline(category=group, level=level, name=purpose, amount=amount, unit=unit, until=until)
        for index, (kind, handling, owner) in enumerate(kinds, 1):
            code = f"{group}{index:02d}"
            owned = f"D{owner % departments + 1:02d}"
            yield Category(code=code, name=kind, ledger=ledger, handling=handling, owner=owned)
            own = (*_AT_ONCE, *_AT_ONCE_ABOVE) if handling == "at_once" else _URGENT if kind in names.URGENT else ()
            for level, purpose, amount, unit, until in own:
                yield Deadline(category=code, level=level, name=purpose, amount=amount, unit=unit, until=until)


def _services(departments: int) -> Iterator[Row]:
    for number, name in enumerate(names.SERVICES):
        mode: Literal["direct", "proxy", "authorised"] = "direct" if number < 21 else "proxy"
        mode = "authorised" if number >= 42 else mode
        yield Service(code=f"S{number + 1:02d}", name=name, mode=mode, owner=f"D{number % departments + 1:02d}")


def _alarms() -> Iterator[Row]:
    codes = {
        kind[0]: f"{group:02d}{index:02d}"
        for group, (_, _, kinds) in enumerate(names.CATEGORIES, 1)
        for index, kind in enumerate(kinds, 1)
    }
    for alarm, kind in names.ALARMS.items():
        yield AlarmKind(kind=alarm, category=codes.get(kind, ""), opens="case" if kind else "shown")


def _days() -> Iterator[Row]:
    for first, last, name in _HOLIDAYS:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            yield Day(day=day, kind="holiday", name=name)
            day += timedelta(days=1)
    for worked in _WORKED:
        yield Day(day=date.fromisoformat(worked), kind="workday", name="调休上班")


def _households(random: Random, grids: list[str]) -> Iterator[Row]:
    number = 0
    for grid in grids:
        for _ in range(random.randint(1, 3)):
            number += 1
            kind: _HouseholdKind = random.choice(get_args(_HouseholdKind))
            if random.random() < 0.6:
                yield Household(code=f"H-{number:05d}", grid=grid, kind=kind, month_days="10 20 30")
            else:
                yield Household(code=f"H-{number:05d}", grid=grid, kind=kind, every_days=random.choice((7, 15, 30)))
