"""Working time of county offices. The ids in the docstrings are those of docs/county-rules.md."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countyhub.worktime import calendarfile
from countyhub.worktime.calendar import SHANGHAI, Calendar

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "calendar"
HOUR = timedelta(hours=1)


@cache
def shipped() -> calendarfile.ReadCalendar:
    return calendarfile.read({path.name: path.read_bytes() for path in SHIPPED.iterdir()})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


instants = st.datetimes(  # the years that are known
    datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2026-12-31T23:59"), timezones=st.just(SHANGHAI)
)


def test_the_shipped_calendars_are_in_order():
    assert shipped().problems == ()
    assert shipped().calendar.years == {2024, 2025, 2026}
    assert shipped().calendar.zone == ZoneInfo("Asia/Shanghai")


def test_one_calendar_completes_another_where_that_knows_nothing():
    ours = Calendar({date(2026, 1, 1): True}, frozenset({2026}))
    both = ours.completed_by(Calendar({date(2026, 1, 2): False, date(2027, 1, 1): False}, frozenset({2026, 2027})))
    told = [both.is_working_day(date(*day)) for day in ((2026, 1, 1), (2026, 1, 2), (2027, 1, 1), (2028, 1, 3))]
    assert [each.value for each in told] == [True, True, False, True]
    assert [bool(each.problems) for each in told] == [False, False, False, True]


@pytest.mark.parametrize(("year", "working_days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year, working_days):
    """R-CAL-01: holidays and make-up days, as the notices have them."""
    days = [date(year, 1, 1) + timedelta(n) for n in range(366 if year == 2024 else 365)]
    assert sum(shipped().calendar.is_working_day(day).value for day in days) == working_days


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 2, 9), True),  # New Year's Eve of 2024: leave was only recommended
        (date(2024, 2, 18), True),  # a Sunday that works
        (date(2024, 6, 10), False),
        (date(2025, 1, 26), True),
        (date(2025, 10, 8), False),
        (date(2026, 1, 4), True),
        (date(2026, 2, 23), False),
        (date(2026, 10, 10), True),
    ],
)
def test_days_that_differ_from_the_week(day, works):
    """R-CAL-01"""
    assert shipped().calendar.is_working_day(day) == (works, ())


def test_a_missing_year_is_told_with_every_answer_that_touches_it():
    """R-CAL-02"""
    calendar = shipped().calendar
    told = calendar.worked(at("2026-12-30 09:00"), at("2027-01-05 09:00"))
    assert [problem.code for problem in told.problems] == ["calendar.year-missing"]
    assert told.problems[0].facts == {"year": 2027}
    assert calendar.after_working(at("2026-12-31 17:00"), 2 * HOUR).problems
    assert calendar.after_working_days(at("2026-12-31 17:00"), 1).problems
    assert calendar.is_working_day(date(2023, 5, 1)).problems
    assert not calendar.after_working(at("2026-12-31 17:00"), HOUR).problems
    assert not calendar.worked(at("2024-01-01 00:00"), at("2026-12-31 23:59")).problems


def test_a_missing_year_is_told_before_it_begins():
    """R-CAL-02"""
    assert shipped().calendar.ahead(at("2026-11-01 00:00")) == ()
    assert [problem.facts["year"] for problem in shipped().calendar.ahead(at("2026-11-22 00:00"))] == [2027]


def test_working_days_follow_the_civil_code():
    """R-CAL-03: the day of the start does not count, the last one ends at close of business."""
    calendar = shipped().calendar
    assert local(calendar.after_working_days(at("2026-09-30 08:31"), 1).value) == "10-08 18:00"
    assert local(calendar.after_working_days(at("2026-09-30 23:59"), 3).value) == "10-10 18:00"
    assert local(calendar.after_working_days(at("2026-10-03 12:00"), 1).value) == "10-08 18:00"
    assert local(calendar.after_working_days(at("2026-12-24 09:00"), 5).value) == "12-31 18:00"
    with pytest.raises(ValueError, match="one working day"):
        calendar.after_working_days(at("2026-09-30 08:31"), 0)


def test_working_hours_run_only_while_offices_are_open():
    """R-CAL-04"""
    calendar = shipped().calendar
    assert local(calendar.after_working(at("2026-11-20 17:00"), 4 * HOUR).value) == "11-23 11:30"
    assert local(calendar.after_working(at("2026-11-20 08:30"), timedelta(hours=3.5)).value) == "11-20 12:00"
    assert local(calendar.after_working(at("2026-11-20 13:00"), timedelta(microseconds=1)).value) == "11-20 14:30"
    assert calendar.worked(at("2026-11-20 11:00"), at("2026-11-20 15:00")).value == timedelta(hours=1.5)
    with pytest.raises(ValueError, match="forward"):
        calendar.after_working(at("2026-11-20 13:00"), -HOUR)


def test_close_of_business():
    """R-CAL-03"""
    calendar = shipped().calendar
    assert local(calendar.close_of_business(at("2026-11-20 09:00")).value) == "11-20 18:00"
    assert local(calendar.close_of_business(at("2026-11-20 18:01")).value) == "11-23 18:00"
    assert local(calendar.close_of_business(at("2026-11-21 09:00")).value) == "11-23 18:00"


@given(instants, instants, instants)
def test_working_time_is_monotone_and_additive(a, b, c):
    """R-CAL-04"""
    worked = shipped().calendar.worked
    assert worked(a, b).value + worked(b, c).value == worked(a, c).value
    assert worked(a, b).value == -worked(b, a).value
    if a <= b:
        assert timedelta() <= worked(a, b).value <= b - a


@given(instants, st.timedeltas(timedelta(), timedelta(days=40)))
def test_after_working_is_the_inverse_and_the_earliest(begin, time):
    """R-CAL-04"""
    calendar = shipped().calendar
    end = calendar.after_working(begin, time).value
    assert end.tzinfo is UTC
    assert calendar.worked(begin, end).value == time
    if time:
        assert calendar.worked(begin, end - timedelta(microseconds=1)).value < time


@given(instants, st.integers(1, 60))
def test_working_days_by_counting_on_fingers(begin, count):
    """R-CAL-03"""
    calendar, day, left = shipped().calendar, begin.date(), count
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working_day(day).value
    assert calendar.after_working_days(begin, count).value == datetime.combine(day, time(18), SHANGHAI)


def test_summer_hours_begin_on_their_day_and_last_into_the_next_year():
    """R-CAL-05"""
    hours = """
timezone = "Asia/Shanghai"
[[season]]
from = "06-01"
hours = ["15:00-18:00", "08:00-12:00"]
[[season]]
from = "10-01"
hours = ["08:30-12:00", "14:00-17:30"]
"""
    found = calendarfile.read({"hours.toml": hours.encode(), "2026.csv": (SHIPPED / "2026.csv").read_bytes()})
    assert found.problems == ()
    assert local(found.calendar.close_of_business(at("2026-05-29 09:00")).value) == "05-29 17:30"
    assert local(found.calendar.close_of_business(at("2026-06-01 09:00")).value) == "06-01 18:00"
    assert local(found.calendar.after_working(at("2026-06-01 00:00"), timedelta(hours=5)).value) == "06-01 16:00"


def test_an_office_may_save_it_from_excel():
    """R-CAL-06: GB 18030, slashes, a byte order mark, quotes, full-width commas."""
    rows = (
        "日期,类型,名称\r\n"
        + "".join(f'2027/1/{day},放假,"元旦"\r\n' for day in range(1, 12))
        + "2027/1/16，上班，调休\r\n"
    )
    for content in (rows.encode("gb18030"), rows.encode("utf-8-sig")):
        found = calendarfile.read({"2027.csv": content})
        assert found.problems == ()
        assert found.calendar.is_working_day(date(2027, 1, 16)) == (True, ())
        assert found.names[date(2027, 1, 1)] == "元旦"


def test_every_mistake_in_a_calendar_is_told():
    """R-CAL-06"""
    good = "".join(f"2027-05-{day:02},放假,节\n" for day in range(1, 13))
    files = {
        "2027.csv": (good + "2027-02-30,放假,x\n2027-05-03,上班,x\n2027-05-13,上班,x\n2027-06-01,放价,x\n").encode(),
        "2028.csv": b"2028-01-01,\xb7\xc5\xbc\xd9,x\n",
        "notes.txt": b"",
        "hours.toml": b'[[season]]\nfrom = "02-29"\nhours = ["08:00-12:00"]\n',
    }
    found = calendarfile.read(files)
    assert [(problem.code, problem.facts.get("line")) for problem in found.problems] == [
        ("calendar.bad-row", 13),
        ("calendar.bad-row", 16),
        ("calendar.contradiction", 14),
        ("calendar.needless-row", 15),
        ("calendar.too-few-days", None),
        ("calendar.bad-file-name", None),
        ("calendar.bad-hours", None),
    ]
    assert found.calendar.years == {2027}
    assert all(problem.text("zh") and problem.text("en") for problem in found.problems)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_file_breaks_the_reading(rows, hours):
    """R-CAL-06"""
    assert calendarfile.read({"2027.csv": rows, "hours.toml": hours}).calendar


def test_hours_are_needed():
    with pytest.raises(ValueError, match="without hours"):
        Calendar({}, frozenset(), ())
