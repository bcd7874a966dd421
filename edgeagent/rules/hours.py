"""The hours in which a rule is armed: `[DAYS ]FROM-TO`, read from text and asked whether a moment lies in them. Pure.

DAYS are weekdays (`Mon-Fri`, `Sat,Sun`, `周一-周五`), none means every day. FROM and TO are `HH:MM`, `sunrise` or
`sunset` (`日出`, `日落`), those with `+30min` or `-30min`. Hours over midnight belong to the day on which they begin.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from edgeagent.rules.sun import Place, sun_times

MAX_OFFSET_MINUTES: Final = 240
_DAYS: Final = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_DAYS_ZH: Final = {f"周{day}": number for number, day in enumerate("一二三四五六日")}
_SUN: Final[dict[str, Literal["sunrise", "sunset"]]] = {
    "sunrise": "sunrise",
    "sunset": "sunset",
    "日出": "sunrise",
    "日落": "sunset",
}
_DAY = rf"(?:{'|'.join((*_DAYS, *_DAYS_ZH))})"
_POINT = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00|(?:sunrise|sunset|日出|日落)(?:[+-][0-9]{1,3}(?:min|分钟))?)"
_SPAN = re.compile(
    rf"(?:(?P<days>{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) )?(?P<begin>{_POINT})-(?P<end>{_POINT})",
    re.IGNORECASE | re.ASCII,
)
EVERY_DAY: Final = frozenset(range(7))


class Point(NamedTuple):
    """A time of day: minutes since midnight, or minutes after (before) the sun's event."""

    minutes: int
    sun: Literal["sunrise", "sunset"] | None = None

    @property
    def after_noon(self) -> bool:
        """Sunset counts as after noon, sunrise as before: that decides on which day hours end."""
        return self.sun == "sunset" if self.sun else self.minutes >= 12 * 60


class Span(NamedTuple):
    """Hours on weekdays (0 is Monday). `over_midnight`: they end on the day after the one on which they begin."""

    days: frozenset[int]
    begin: Point
    end: Point

    @property
    def over_midnight(self) -> bool:
        """Of hours by the clock, as the clock says; else a morning after an evening is the next one."""
        if self.begin.sun == self.end.sun:
            return self.end.minutes <= self.begin.minutes
        return self.begin.after_noon and not self.end.after_noon

    @property
    def needs_place(self) -> bool:
        return self.begin.sun is not None or self.end.sun is not None

    def covers(self, now: datetime, zone: ZoneInfo, place: Place | None) -> bool:
        """Whether `now` (aware) lies in it; the end does not. Without a place hours of the sun are always armed.

        Where the clock is put forward or back, the hours are rather longer than shorter.
        """
        if place is None and self.needs_place:
            return True
        today = now.astimezone(zone).date()
        return any(self._covers(today + timedelta(days=ago), now, zone, place) for ago in (0, -1, 1, -2))

    def _covers(self, day: date, now: datetime, zone: ZoneInfo, place: Place | None) -> bool:
        if day.weekday() not in self.days:
            return False
        last = day + timedelta(days=1) if self.over_midnight else day
        return (
            _moment(self.begin, day, zone, place, earliest=True)
            <= now
            < _moment(self.end, last, zone, place, earliest=False)
        )


def _moment(point: Point, day: date, zone: ZoneInfo, place: Place | None, *, earliest: bool) -> datetime:
    """In UTC. A local time that a day has twice, or not at all, means the earlier or later of its two readings."""
    if point.sun is not None:
        assert place is not None
        times = sun_times(day, place)
        return (times.rise if point.sun == "sunrise" else times.set) + timedelta(minutes=point.minutes)
    days, minutes = divmod(point.minutes, 24 * 60)
    local = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)
    readings = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return min(readings) if earliest else max(readings)


def parse(text: str) -> Span | None:
    """What a text means; None when it is none, also when it begins and ends at the same time."""
    span = read(text)
    return None if span is None or span.begin == span.end else span


@lru_cache(maxsize=256)
def read(text: str) -> Span | None:
    """As `parse`, and also hours that begin and end at the same time."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    begin, end = _point(found["begin"]), _point(found["end"])
    if begin.sun is None and begin.minutes == 24 * 60:
        return None
    if any(point.sun and abs(point.minutes) > MAX_OFFSET_MINUTES for point in (begin, end)):
        return None
    return Span(_days(found["days"]) if found["days"] else EVERY_DAY, begin, end)


def _point(text: str) -> Point:
    name = next((name for name in _SUN if text.lower().startswith(name)), None)
    if name is None:
        return Point(int(text[:2]) * 60 + int(text[3:]))
    offset = re.search(r"[+-][0-9]+", text, re.ASCII)
    return Point(int(offset[0]) if offset else 0, _SUN[name])


def _days(text: str) -> frozenset[int]:
    numbers = {**_DAYS, **_DAYS_ZH}
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        begin = numbers[first]
        days |= {(begin + step) % 7 for step in range((numbers[last or first] - begin) % 7 + 1)}
    return frozenset(days)


_SLIPS: Final = (
    (r"\s*([-,:+])\s*", r"\1"),
    (r"星期天|星期日|周天", "周日"),
    (r"星期", "周"),
    (r"分(?!钟)", "分钟"),
    (r"(?<=[0-9])\s*(?:minutes?|mins?)\b", "min"),
    (r"(?<=[0-9])\s*m\b", "min"),
    (r"(?<=[0-9])h\b", ":00"),
    (r"\b(mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day|s|nes|rs|r|es|ur)?\b", r"\1"),
    (r"(?<=\S)\s*(?:~|\bto\b|\buntil\b|至|到|—|–)\s*(?=\S)", "-"),
    (r"(?<![0-9:+-])([0-9]):", r"0\1:"),
    (r"-([0-9]):", r"-0\1:"),
    (r"(?<=[a-z一-日])(?=(?:[0-9]{2}:|日[出落]))", " "),
)


def mend(text: str) -> str | None:
    """What somebody may have meant by a text that is none; `text` in ASCII as far as it has a choice."""
    text = text.strip().lower()
    for pattern, better in _SLIPS:
        text = re.sub(pattern, better, text)
    text = re.sub(r"\b(mon|tue|wed|thu|fri|sat|sun)\b", lambda day: day[0].capitalize(), re.sub(r"\s+", " ", text))
    return text if parse(text) is not None else None
