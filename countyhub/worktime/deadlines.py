"""How long a case may take, and the light it shows. Pure: a clock is a value, time comes in as an argument.

A clock has a budget in one of four units. Its first deadline is set once and never changes (R-LIGHT-05); only an agreed
suspension moves the deadline in force. At the very instant of its deadline a clock is red (R-LIGHT-02).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from countyhub.worktime.calendar import Calendar, Told, YearMissing

Unit = Literal["minutes", "working_hours", "working_days", "calendar_hours"]
Until = Literal["close", "feedback", "begin", "pass_on", "met", "classify"]
"""What ends a clock: the case is closed; feedback is given; handling begins; it is passed on; somebody says it is met;
somebody says of which kind the matter is. The close of a case ends all of them."""

YELLOW_SHARE: Final = (3, 4)
LATE_ALARM: Final = timedelta(hours=24)
_US = timedelta(microseconds=1)


class Light(NamedTuple):
    """A light is told by text and shape as well as by colour."""

    colour: Literal["green", "yellow", "red", "grey", "none"]
    shape: Literal["circle", "triangle", "square", "bars", "dash"]
    symbol: str
    zh: str
    en: str
    colour_zh: str


GREEN: Final = Light("green", "circle", "●", "时限内", "within the limit", "绿灯")
YELLOW: Final = Light("yellow", "triangle", "▲", "临近超时", "running short", "黄灯")
RED: Final = Light("red", "square", "■", "已超时", "over the limit", "红灯")
GREY: Final = Light("grey", "bars", "‖", "已挂起", "suspended", "灰灯")
NONE: Final = Light("none", "dash", "–", "不计时", "no limit", "无灯")
LIGHTS: Final = (RED, YELLOW, GREY, GREEN, NONE)
"""The gravest first: a case shows the first of these that one of its clocks has.

Board, map and filters follow; the shape on a page is drawn in `web/templates/_icons.html`, the colour in `console.css`.
"""
GRAVEST: Final = tuple(each.colour for each in LIGHTS if each is not NONE)
"""The colours that count, the gravest first: on the map a place shows the first that one of its cases has."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """So much time for one purpose, e.g. `stop` in 4 working hours, `decide` in 7 working days."""

    name: str
    amount: int
    unit: Unit
    until: Until = "close"

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= 100_000:
            raise ValueError(f"{self.name}: a budget is 1 to 100000 {self.unit}")


CLASSIFYING: Final = Budget(name="分类", amount=4, unit="working_hours", until="classify")
"""So long a matter may be of no known kind, where the county says nothing else."""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One deadline. While it is suspended or after it has ended it has no next instant.

    `total_us` is the budget in its own time (working time or any time), `used_us` what had passed at `since`.
    `missing`: years without a calendar that it was reckoned with. `escalated`: the case was escalated for it already.
    """

    name: str
    level: str
    unit: Unit
    until: Until
    started: datetime
    first_due: datetime
    due: datetime
    yellow: datetime
    total_us: int
    since: datetime
    used_us: int = 0
    suspended: bool = False
    ended: datetime | None = None
    missing: tuple[int, ...] = ()
    escalated: bool = False

    @property
    def working(self) -> bool:
        return self.unit in ("working_hours", "working_days")

    @property
    def on_time(self) -> bool | None:
        """Whether it ended before its deadline in force; None while it runs."""
        return None if self.ended is None else self.ended < self.due

    @property
    def problems(self) -> tuple[YearMissing, ...]:
        return tuple(YearMissing(year=year) for year in self.missing)


def start(budget: Budget, at: datetime, calendar: Calendar, *, level: str = "") -> Clock:
    """A clock that begins to run at `at`. `level`: at which it was given."""
    due, total_us = _whole(budget, at, calendar)
    yellow = _passed(budget.unit, at, _yellow_us(total_us), calendar)
    return Clock(
        name=budget.name,
        level=level,
        unit=budget.unit,
        until=budget.until,
        started=at,
        first_due=due.value,
        due=due.value,
        yellow=yellow.value,
        total_us=total_us,
        since=at,
        missing=_years((), due),
    )


def suspend(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """Stops it; what is left of the budget waits. A clock that ended or is suspended stays as it is."""
    if clock.suspended or clock.ended is not None:
        return clock
    at = max(at, clock.since)
    passed = calendar.worked(clock.since, at).value if clock.working else at - clock.since
    return replace(clock, suspended=True, since=at, used_us=clock.used_us + passed // _US)


def resume(clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """Runs again with what was left. A budget of whole days ends at close of business of the day on which it runs out.

    A clock that was over its limit when it was suspended is over it still.
    """
    if not clock.suspended or clock.ended is not None:
        return clock
    at = max(at, clock.since)
    left_us, yellow_us = clock.total_us - clock.used_us, _yellow_us(clock.total_us) - clock.used_us
    due = Told(clock.due) if left_us <= 0 else _passed(clock.unit, at, left_us, calendar)
    if clock.unit == "working_days" and left_us > 0:
        due = calendar.close_of_business(due.value)
    yellow = Told(min(clock.yellow, at)) if yellow_us <= 0 else _passed(clock.unit, at, yellow_us, calendar)
    return replace(
        clock, suspended=False, since=at, due=due.value, yellow=yellow.value, missing=_years(clock.missing, due)
    )


def end(clock: Clock, at: datetime) -> Clock:
    """Ends it; its light stays as it is then. Ending a second time changes nothing."""
    return clock if clock.ended is not None else replace(clock, ended=at, suspended=False)


def is_over(clock: Clock, now: datetime) -> bool:
    """Whether it runs and is red."""
    return clock.ended is None and not clock.suspended and now >= clock.due


def mark_escalated(clock: Clock, now: datetime) -> Clock:
    """Remembers that its being over was acted upon, so that one limit escalates once."""
    return replace(clock, escalated=True) if is_over(clock, now) else clock


def reopen(clock: Clock) -> Clock:
    """Takes back an end that was none: the clock runs on as if it had never stopped."""
    return replace(clock, ended=None)


def light(clock: Clock, now: datetime) -> Light:
    """What a clock shows at `now`."""
    if clock.ended is not None:
        return RED if clock.ended >= clock.due else GREEN
    if clock.suspended:
        return GREY
    if now >= clock.due:
        return RED
    return YELLOW if now >= clock.yellow else GREEN


def case_light(clocks: Iterable[Clock], now: datetime) -> Light:
    """The gravest light of several clocks; none without clocks."""
    shown = {light(clock, now) for clock in clocks}
    return next((each for each in LIGHTS if each in shown), NONE)


class Begin(NamedTuple):
    """When the clocks of a report begin. `at` is None for what is only history, without a light."""

    at: datetime | None
    late: bool


def begin_of(origin: Literal["machine", "person"], happened: datetime | None, arrived: datetime) -> Begin:
    """When the clocks begin: at arrival (registration), for nobody could act earlier.

    A machine's alarm that is older than 24 h when it arrives is history; a person's report never is. `happened` is None
    where the box's clock cannot be put right: then it counts as new.
    """
    late = happened is not None and arrived - happened > LATE_ALARM
    return Begin(None if late and origin == "machine" else arrived, late)


class Budgets:
    """Which budgets a matter has, by category (2+2 digits) and level. The most exact entry counts.

    An entry for `0103` goes before one for `01`, that before the one for every category (""); in each, an entry for the
    level goes before the one for every level (""). An entry replaces, it does not add.
    """

    def __init__(self, table: Mapping[tuple[str, str], tuple[Budget, ...]]) -> None:
        self._table = dict(table)

    def of(self, category: str, level: str) -> tuple[Budget, ...]:
        """Empty when nothing is set: then a case has no light."""
        for prefix in (category, category[:2], ""):
            for at in (level, ""):
                if (prefix, at) in self._table:
                    return self._table[prefix, at]
        return ()


def _whole(budget: Budget, at: datetime, calendar: Calendar) -> tuple[Told[datetime], int]:
    """The deadline of a fresh clock, and the budget in microseconds of its own time."""
    if budget.unit == "working_days":
        due = calendar.after_working_days(at, budget.amount)
        return due, calendar.worked(at, due.value).value // _US
    unit = timedelta(minutes=1) if budget.unit == "minutes" else timedelta(hours=1)
    total_us = budget.amount * unit // _US
    return _passed(budget.unit, at, total_us, calendar), total_us


def _passed(unit: Unit, at: datetime, time_us: int, calendar: Calendar) -> Told[datetime]:
    time = timedelta(microseconds=time_us)
    if unit in ("working_hours", "working_days"):
        return calendar.after_working(at, time)
    return Told((at + time).astimezone(UTC))


def _yellow_us(total_us: int) -> int:
    return total_us * YELLOW_SHARE[0] // YELLOW_SHARE[1]


def _years(known: tuple[int, ...], told: Told[datetime]) -> tuple[int, ...]:
    found = {year for problem in told.problems if isinstance(year := problem.facts["year"], int)}
    return tuple(sorted(found.union(known)))
