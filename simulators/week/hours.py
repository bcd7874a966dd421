"""When people do things: by day, in office hours, after a while. Pure; chance comes in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Final

from simulators.week.county import ZONE

_OPEN: Final = time(8, 30)
_CLOSE: Final = time(17, 30)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def after(random: Random, at: datetime, low: timedelta, high: timedelta) -> datetime:
    """Some time between `low` and `high` later."""
    return at + timedelta(seconds=round(random.uniform(low.total_seconds(), high.total_seconds())))


def in_office(random: Random, at: datetime) -> datetime:
    """The same time, or a little after the office next opens. Village offices know no weekend."""
    local = at.astimezone(ZONE)
    if _OPEN <= local.time() <= _CLOSE:
        return at
    day = local.date() if local.time() < _OPEN else local.date() + DAY
    return datetime.combine(day, _OPEN, ZONE) + timedelta(minutes=random.randint(2, 50))


def by_day(now: datetime, oldest: timedelta, newest: timedelta) -> datetime:
    """The time so long ago that is the nearest to eleven in the morning: when people report things."""
    steps = int((oldest - newest) / (10 * MINUTE))
    times = [now - oldest + each * 10 * MINUTE for each in range(steps + 1)]
    return min(times, key=_from_eleven)


def local(day: datetime, hour: int, minute: int = 0) -> datetime:
    """That time of the clock on the county's day of `day`."""
    return datetime.combine(day.astimezone(ZONE).date(), time(hour, minute), ZONE)


def _from_eleven(at: datetime) -> timedelta:
    clock = at.astimezone(ZONE)
    return abs(clock - clock.replace(hour=11, minute=0, second=0, microsecond=0))


__all__ = ["DAY", "HOUR", "MINUTE", "UTC", "after", "by_day", "in_office", "local"]
