"""Armed hours: what technicians may write, what is suggested, and whether a moment lies in them, in any time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.rules.hours import EVERY_DAY, Point, Span, mend, parse, read
from edgeagent.rules.sun import Place, sun_times

SHANGHAI, NEW_YORK, OSLO = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Oslo")
VILLAGE, MANHATTAN, TROMSO = Place(25.6, 111.9), Place(40.7128, -74.0060), Place(69.6492, 18.9553)


def covers(hours: str, moment: str, zone: ZoneInfo = SHANGHAI, place: Place | None = VILLAGE, fold: int = 0) -> bool:
    local = datetime.fromisoformat(moment).replace(tzinfo=zone, fold=fold)
    return parse(hours).covers(local.astimezone(UTC), zone, place)


@pytest.mark.parametrize(
    ("text", "days", "begin", "end"),
    [
        ("22:00-06:00", EVERY_DAY, Point(1320), Point(360)),
        ("Sat,Sun 00:00-24:00", {5, 6}, Point(0), Point(1440)),
        ("Mon-Fri sunset-sunrise", {0, 1, 2, 3, 4}, Point(0, "sunset"), Point(0, "sunrise")),
        ("sunset-30min-sunrise+30min", EVERY_DAY, Point(-30, "sunset"), Point(30, "sunrise")),
        ("周一-周五,周日 日落-30分钟-日出", {0, 1, 2, 3, 4, 6}, Point(-30, "sunset"), Point(0, "sunrise")),
        ("fri-MON 08:00-sunset", {4, 5, 6, 0}, Point(480), Point(0, "sunset")),
        ("周三 08:00-12:00", {2}, Point(480), Point(720)),
    ],
)
def test_what_may_be_written(text, days, begin, end):
    assert parse(text) == Span(frozenset(days), begin, end)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("20:00 - 22:00", "20:00-22:00"),
        ("8:00-18:00", "08:00-18:00"),
        ("星期一至星期五 8:00-18:00", "周一-周五 08:00-18:00"),
        ("Monday-Friday 20:00-6:00", "Mon-Fri 20:00-06:00"),
        ("周一-周五20:00-06:00", "周一-周五 20:00-06:00"),
        ("20:00~06:00", "20:00-06:00"),
        ("20:00到6:00", "20:00-06:00"),
        ("Mon to Fri 22:00 to 06:00", "Mon-Fri 22:00-06:00"),
        ("sunset -30 minutes - sunrise + 30 min", "sunset-30min-sunrise+30min"),
        ("Sat, Sun 08:00-09:00", "Sat,Sun 08:00-09:00"),
        ("日落-30分-日出", "日落-30分钟-日出"),
        ("Thursday 20:00-21:00", "Thu 20:00-21:00"),
        ("25:00-26:00", None),
        ("夜间", None),
        ("sunset-500min-sunrise", None),
        ("24:00-06:00", None),
    ],
)
def test_what_may_not_gets_a_suggestion(text, better):
    assert parse(text) is None
    assert mend(text) == better


@pytest.mark.parametrize("text", ["08:00-08:00", "sunset-sunset", "Mon 00:00-00:00"])
def test_hours_that_begin_when_they_end_are_none_but_can_be_read(text):
    assert read(text) is not None
    assert parse(text) is None


@given(st.text(max_size=40) | st.text(alphabet="Mon-Fri,Sat 0123456789:sunset+min周一日落出", max_size=40))
def test_whatever_is_written_means_something_or_nothing(text):
    span, better = parse(text), mend(text)
    assert span is None or span.begin != span.end
    assert better is None or parse(better) is not None


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("08:00-18:00", ["08:00", "17:59"], ["07:59", "18:00"]),
        ("22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "21:59"]),
        ("00:00-24:00", ["00:00", "23:59"], []),
        ("22:00-24:00", ["22:00", "23:59"], ["00:00", "21:59"]),
    ],
)
def test_hours_by_the_clock(hours, inside, outside):
    assert all(covers(hours, f"2026-03-01T{time}") for time in inside)
    assert not any(covers(hours, f"2026-03-01T{time}") for time in outside)


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin():
    friday, saturday, sunday = "2026-05-01T", "2026-05-02T", "2026-05-03T"
    assert covers("Fri 22:00-06:00", friday + "23:00")
    assert covers("Fri 22:00-06:00", saturday + "05:59")
    assert not covers("Fri 22:00-06:00", friday + "05:59")
    assert not covers("Fri 22:00-06:00", saturday + "22:00")
    assert covers("周六,周日 00:00-24:00", sunday + "23:59")
    assert not covers("周六,周日 00:00-24:00", friday + "23:59")


def test_hours_that_follow_the_sun():
    times = sun_times(date(2026, 5, 1), VILLAGE)
    night, wider = parse("sunset-sunrise"), parse("sunset-30min-sunrise+30min")
    second = timedelta(seconds=1)
    for span, minutes in ((night, 0), (wider, 30)):
        edge = timedelta(minutes=minutes)
        assert span.covers(times.rise + edge - second, SHANGHAI, VILLAGE)
        assert not span.covers(times.rise + edge, SHANGHAI, VILLAGE)
        assert not span.covers(times.set - edge - second, SHANGHAI, VILLAGE)
        assert span.covers(times.set - edge, SHANGHAI, VILLAGE)
    assert covers("Fri sunset-sunrise", "2026-05-02T03:00")
    assert not covers("Sat sunset-sunrise", "2026-05-02T03:00")


def test_sun_and_clock_may_be_mixed():
    assert covers("sunset-23:00", "2026-05-01T22:59")
    assert not covers("sunset-23:00", "2026-05-01T12:00")
    assert covers("sunset-06:30", "2026-05-02T06:00")
    assert not covers("17:00-sunset", "2026-12-21T23:00")
    assert not covers("sunset+60min-18:00", "2026-12-21T17:59")  # in winter that evening is over before it begins
    assert covers("00:00-sunrise", "2026-05-01T03:00")


def test_without_a_place_hours_of_the_sun_are_always_armed():
    assert covers("sunset-sunrise", "2026-05-01T12:00", place=None)
    assert not covers("22:00-06:00", "2026-05-01T12:00", place=None)


def test_in_a_polar_night_it_is_dark_all_day_and_in_a_polar_day_never():
    for hour in range(24):
        assert covers("sunset-sunrise", f"2026-12-21T{hour:02}:00", OSLO, TROMSO)
        assert not covers("sunrise-sunset", f"2026-12-21T{hour:02}:30", OSLO, TROMSO)
        assert covers("sunrise-sunset", f"2026-06-21T{hour:02}:30", OSLO, TROMSO)
        assert not covers("sunset-sunrise", f"2026-06-21T{hour:02}:30", OSLO, TROMSO)


def test_where_the_clock_is_put_back_an_hour_that_comes_twice_is_armed_twice():
    for fold in (0, 1):
        assert covers("01:00-01:30", "2026-11-01T01:15", NEW_YORK, fold=fold)
        assert covers("22:00-01:30", "2026-11-01T01:15", NEW_YORK, fold=fold)
    assert not covers("01:00-01:30", "2026-11-01T01:30", NEW_YORK, fold=1)
    assert covers("Sun 00:00-24:00", "2026-11-01T23:59", NEW_YORK)
    assert not covers("Sun 00:00-24:00", "2026-11-02T00:00", NEW_YORK)


def test_where_the_clock_is_put_forward_hours_that_do_not_exist_leave_no_hole():
    for hours in ("02:30-06:00", "02:00-06:00", "22:00-02:30"):
        begin_or_end = "2026-03-08T03:05" if hours.endswith("06:00") else "2026-03-08T01:59"
        assert covers(hours, begin_or_end, NEW_YORK)
    assert covers("22:00-06:00", "2026-03-08T05:59", NEW_YORK)
    assert not covers("22:00-06:00", "2026-03-08T06:00", NEW_YORK)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
minutes = st.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02}:{m % 60:02}")


@given(moments, minutes, minutes, st.sampled_from([SHANGHAI, NEW_YORK, OSLO]))
def test_hours_and_their_complement_leave_no_moment_out(moment, begin, end, zone):
    if begin != end:
        spans = parse(f"{begin}-{end}"), parse(f"{end}-{begin}")
        assert any(span.covers(moment, zone, None) for span in spans)


@given(moments, st.sampled_from([(SHANGHAI, VILLAGE), (NEW_YORK, MANHATTAN)]))
def test_it_is_either_day_or_night(moment, where):
    day, night = parse("sunrise-sunset"), parse("sunset-sunrise")
    assert day.covers(moment, *where) != night.covers(moment, *where)
