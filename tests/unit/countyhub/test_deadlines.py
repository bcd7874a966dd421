"""Deadlines and lights. The ids in the docstrings are those of docs/county-rules.md."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countyhub.worktime import calendarfile, deadlines
from countyhub.worktime.calendar import SHANGHAI
from countyhub.worktime.deadlines import (
    GREEN,
    GREY,
    NONE,
    RED,
    YELLOW,
    Budget,
    Budgets,
    begin_of,
    case_light,
    light,
)
from tests.foreseen import due_next

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "calendar"
CALENDAR = calendarfile.read({path.name: path.read_bytes() for path in SHIPPED.iterdir()}).calendar
STOP = Budget(name="stop", amount=4, unit="working_hours", until="met")
DECIDE = Budget(name="decide", amount=7, unit="working_days")
CALL = Budget(name="call", amount=20, unit="minutes")
DAY = Budget(name="day", amount=24, unit="calendar_hours")
A_MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


instants = st.datetimes(
    datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2026-10-01"), timezones=st.just(SHANGHAI)
)
budgets = st.builds(
    Budget,
    name=st.just("b"),
    amount=st.integers(1, 30),
    unit=st.sampled_from(["minutes", "working_hours", "working_days", "calendar_hours"]),
)


@pytest.mark.parametrize(
    ("budget", "due", "yellow"),
    [
        (STOP, "11-20 12:00", "11-20 11:00"),
        (DECIDE, "11-30 18:00", "11-27 10:07"),
        (CALL, "11-19 17:50", "11-19 17:45"),
        (DAY, "11-20 17:30", "11-20 11:30"),
    ],
)
def test_the_four_units(budget, due, yellow):
    """R-LIGHT-01, R-LIGHT-02"""
    clock = deadlines.start(budget, at("2026-11-19 17:30"), CALENDAR)
    assert (local(clock.due), local(clock.yellow)) == (due, yellow)
    assert clock.first_due == clock.due


def test_green_yellow_at_three_quarters_red_when_over():
    """R-LIGHT-02"""
    clock = deadlines.start(DAY, at("2026-11-20 12:00"), CALENDAR)
    shown = [light(clock, when) for when in (clock.started, clock.yellow - A_MICROSECOND)]
    assert shown == [GREEN, GREEN]
    assert [light(clock, clock.yellow), light(clock, clock.due - A_MICROSECOND)] == [YELLOW, YELLOW]
    assert [light(clock, clock.due), light(clock, clock.due + timedelta(days=900))] == [RED, RED]


def test_a_light_is_told_by_text_and_shape_not_by_colour_alone():
    """R-LIGHT-03"""
    for field in ("colour", "shape", "symbol", "zh", "en", "colour_zh"):
        assert len({getattr(each, field) for each in deadlines.LIGHTS}) == len(deadlines.LIGHTS)


def test_several_clocks_show_the_gravest_light():
    """R-LIGHT-01: stop work in 4 working hours, decide in 7 working days."""
    begun = at("2026-11-20 08:30")
    clocks = [deadlines.start(budget, begun, CALENDAR) for budget in (STOP, DECIDE)]
    assert case_light(clocks, at("2026-11-20 09:00")) == GREEN
    assert case_light(clocks, at("2026-11-20 14:00")) == YELLOW
    assert case_light(clocks, at("2026-11-20 15:00")) == RED
    stopped = [deadlines.end(clocks[0], at("2026-11-20 14:00")), clocks[1]]
    assert case_light(stopped, at("2026-11-20 15:00")) == GREEN
    assert stopped[0].on_time
    assert case_light([], begun) == NONE


def test_suspension_is_grey_and_keeps_what_was_left():
    """R-LIGHT-04"""
    clock = deadlines.start(DAY, at("2026-11-20 12:00"), CALENDAR)
    paused = deadlines.suspend(clock, at("2026-11-20 22:00"), CALENDAR)
    assert light(paused, at("2027-11-20 22:00")) == GREY
    assert due_next([paused], at("2026-11-20 23:00")) is None
    again = deadlines.resume(paused, at("2026-11-25 22:00"), CALENDAR)
    assert local(again.due) == "11-26 12:00"
    assert again.first_due == clock.due
    assert deadlines.suspend(paused, at("2026-11-21 00:00"), CALENDAR) == paused
    assert deadlines.resume(again, at("2026-11-27 00:00"), CALENDAR) == again


def test_days_left_after_a_suspension_end_at_close_of_business():
    """R-LIGHT-04"""
    clock = deadlines.start(DECIDE, at("2026-11-19 17:30"), CALENDAR)
    paused = deadlines.suspend(clock, at("2026-11-23 10:00"), CALENDAR)
    again = deadlines.resume(paused, at("2026-12-01 15:00"), CALENDAR)
    assert local(again.due) == "12-09 18:00"
    assert local(again.first_due) == "11-30 18:00"


def test_a_clock_that_was_over_stays_over():
    """R-LIGHT-05"""
    clock = deadlines.start(CALL, at("2026-11-20 12:00"), CALENDAR)
    paused = deadlines.suspend(clock, at("2026-11-20 13:00"), CALENDAR)
    again = deadlines.resume(paused, at("2026-11-20 14:00"), CALENDAR)
    assert light(again, at("2026-11-20 14:00")) == RED
    assert again.due == clock.due
    assert deadlines.end(again, at("2026-11-20 15:00")).on_time is False


@given(budgets, instants, st.lists(st.timedeltas(timedelta(), timedelta(days=9)), max_size=8))
def test_no_pause_ever_changes_the_first_deadline(budget, begin, pauses):
    """R-LIGHT-05, and pauses alone give no time away: only what lies inside them is added (R-LIGHT-04)."""
    clock = first = deadlines.start(budget, begin, CALENDAR)
    now = begin
    for number, pause in enumerate(pauses):
        now += pause
        clock = (deadlines.resume if number % 2 else deadlines.suspend)(clock, now, CALENDAR)
        assert clock.first_due == first.first_due
        assert clock.due >= first.due
    assert clock.total_us == first.total_us
    assert msgspec.json.decode(msgspec.json.encode(clock), type=deadlines.Clock) == clock


@given(st.lists(budgets, max_size=4), instants)
def test_due_next_walks_through_every_change_and_no_other_instant(several, begin):
    """R-LIGHT-06"""
    clocks = [deadlines.start(budget, begin, CALENDAR) for budget in several]
    seen, now = [], begin
    while (following := due_next(clocks, now)) is not None:
        assert [light(each, following - A_MICROSECOND) for each in clocks] == [light(each, now) for each in clocks]
        seen.append(now := following)
    assert set(seen) == {moment for clock in clocks for moment in (clock.yellow, clock.due) if moment > begin}


def test_due_next_takes_in_what_else_may_come():
    """R-LIGHT-06"""
    clock = deadlines.start(DAY, at("2026-11-20 12:00"), CALENDAR)
    now = at("2026-11-20 12:00")
    assert due_next([clock], now, at("2026-11-20 13:00"), None) == at("2026-11-20 13:00")
    assert due_next([], now, now) is None


def test_an_alarm_older_than_a_day_is_history():
    """R-LIGHT-07"""
    arrived = at("2026-11-20 12:00")
    assert begin_of("machine", arrived - timedelta(hours=24), arrived) == (arrived, False)
    assert begin_of("machine", arrived - timedelta(hours=24) - A_MICROSECOND, arrived) == (None, True)
    assert begin_of("machine", None, arrived) == (arrived, False)
    assert begin_of("machine", arrived + timedelta(days=3), arrived) == (arrived, False)


def test_a_late_report_of_a_person_begins_at_registration():
    """R-LIGHT-08"""
    arrived = at("2026-11-20 12:00")
    assert begin_of("person", arrived - timedelta(days=30), arrived) == (arrived, True)


def test_the_most_exact_budget_counts():
    """R-LIGHT-01"""
    table = Budgets({("", ""): (DAY,), ("01", ""): (CALL,), ("01", "village"): (STOP,), ("0103", ""): (DECIDE,)})
    found = [table.of(*key)[0] for key in (("0103", "village"), ("0102", "village"), ("0102", "county"), ("0201", "x"))]
    assert found == [DECIDE, STOP, CALL, DAY]
    assert Budgets({}).of("0103", "village") == ()
    with pytest.raises(ValueError, match="budget"):
        Budget(name="none", amount=0, unit="minutes")


def test_a_clock_says_which_year_it_could_not_know():
    """R-CAL-02"""
    clock = deadlines.start(DECIDE, at("2026-12-30 12:00"), CALENDAR)
    assert clock.missing == (2027,)
    assert [problem.code for problem in clock.problems] == ["calendar.year-missing"]
