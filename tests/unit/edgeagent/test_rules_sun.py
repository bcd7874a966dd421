"""Sunrise and sunset against published values, within two minutes; days on which the sun does not rise or set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edgeagent.rules.sun import Place, sun_times

BEIJING, CHANGSHA = Place(39.9042, 116.4074), Place(28.2282, 112.9388)
NEW_YORK, LONDON, SYDNEY = Place(40.7128, -74.0060), Place(51.5074, -0.1278), Place(-33.8688, 151.2093)
TROMSO = Place(69.6492, 18.9553)

ALMANAC = [
    # Reda, Andreas: Solar Position Algorithm, NREL/TP-560-34302, the example of its program: Golden, Colorado.
    (Place(39.742476, -105.1786), "America/Phoenix", date(2003, 10, 17), "06:12", None),
    (Place(39.742476, -105.1786), "America/Phoenix", date(2003, 10, 16), None, "17:20"),
    # Almanac for Computers, US Naval Observatory 1990: Wayne, New Jersey.
    (Place(40.9, -74.3), "America/New_York", date(1990, 6, 25), "05:26", None),
    # City almanacs, as newspapers print them.
    (BEIJING, "Asia/Shanghai", date(2026, 6, 21), "04:46", "19:46"),
    (BEIJING, "Asia/Shanghai", date(2026, 12, 22), "07:33", "16:53"),
    (NEW_YORK, "America/New_York", date(2026, 6, 21), "05:25", "20:31"),
    (NEW_YORK, "America/New_York", date(2026, 12, 21), "07:17", "16:32"),
    (LONDON, "Europe/London", date(2026, 6, 21), "04:43", "21:22"),
    (LONDON, "Europe/London", date(2026, 12, 21), "08:04", "15:53"),
    (SYDNEY, "Australia/Sydney", date(2026, 6, 21), "07:00", "16:54"),
]


@pytest.mark.parametrize(("place", "zone", "day", "rise", "sets"), ALMANAC)
def test_as_the_almanac_says(place, zone, day, rise, sets):
    times = sun_times(day, place)
    for text, found in ((rise, times.rise), (sets, times.set)):
        if text is not None:
            wanted = datetime.fromisoformat(f"{day} {text}:30").replace(tzinfo=ZoneInfo(zone))
            assert abs(found - wanted) <= timedelta(minutes=2), found.astimezone(ZoneInfo(zone))


def test_at_the_equinox_day_and_night_are_nearly_equal_everywhere():
    for place in (BEIJING, CHANGSHA, NEW_YORK, LONDON, SYDNEY, TROMSO):
        times = sun_times(date(2026, 3, 20), place)
        assert timedelta(hours=11, minutes=55) < times.set - times.rise < timedelta(hours=12, minutes=35)


def test_in_a_polar_night_the_sun_is_up_for_no_time_at_noon():
    times = sun_times(date(2026, 12, 21), TROMSO)
    assert times.rise == times.set
    assert times.rise.hour in (10, 11)  # 18.96 degrees east of Greenwich


def test_in_a_polar_day_it_is_up_from_midnight_to_midnight():
    times = sun_times(date(2026, 6, 21), TROMSO)
    assert timedelta(hours=23, minutes=59) < times.set - times.rise < timedelta(hours=24, minutes=1)


@pytest.mark.parametrize("latitude", [90, -90, 89.9999999, 66.56])
@pytest.mark.parametrize("longitude", [-180, 0, 180])
def test_every_place_on_earth_has_an_answer(latitude, longitude):
    for month in range(1, 13):
        times = sun_times(date(2026, month, 21), Place(latitude, longitude))
        assert timedelta(0) <= times.set - times.rise <= timedelta(hours=24, minutes=2)
        assert times.rise.tzinfo is UTC
