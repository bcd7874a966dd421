"""Windows in which alarms are expected: maintenance, a drill, a festival; read from iCalendar files. Pure.

A VEVENT is a window. SUMMARY: the reason. LOCATION: where, separated by commas: a box id, `box/device`, a village, a
township, or `*` for all of the county; it must be said. CATEGORIES: alarm kinds, `offline` for devices, `site` for the
link; none means all. Repetition by RRULE, RDATE, EXDATE. Source: RFC 5545. What is suppressed is always counted.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from countyhub.correlate.matter import DAY_US
from countyhub.worktime.calendar import SHANGHAI
from gridwire.instants import instant, microseconds
from gridwire.problem import Problem

MAX_WINDOW: Final = timedelta(days=31)
_MAX_DAYS: Final = 400
_COARSE: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
EVERYWHERE: Final = "*"
# Events are Any below: icalendar types each property as the union of all kinds of properties.


class NotCalendar(Problem):
    code = "window.not-icalendar"
    en = "{file} is no iCalendar file: {why}"
    zh = "{file} 不是 iCalendar 文件：{why}"


class BadWindow(Problem):
    code = "window.bad"
    en = "the window “{summary}” in {file} is not used: {why_en}"
    zh = "{file} 中的时段“{summary}”未采用：{why_zh}"


class Window(NamedTuple):
    """One occurrence. `kinds` is empty for all kinds."""

    begin_us: int
    end_us: int
    uid: str
    summary: str
    places: frozenset[str]
    kinds: frozenset[str]


class Windows:
    """All windows, found by the day: asking costs next to nothing on a day without any."""

    def __init__(self, sources: tuple[icalendar.Calendar, ...] = (), zone: ZoneInfo = SHANGHAI) -> None:
        self._sources = sources
        self._queries = [recurring_ical_events.of(source, skip_bad_series=True) for source in sources]
        self._zone = zone
        self._days: dict[int, dict[str, list[Window]]] = {}

    @property
    def given(self) -> bool:
        """Whether there is any file with windows."""
        return bool(self._queries)

    def names(self) -> dict[str, str]:
        """UID -> SUMMARY of every window, for people who see the UID counted."""
        events = [event for source in self._sources for event in source.walk("VEVENT")]
        return {str(event.get("UID", "")): str(event.get("SUMMARY", "")) for event in events}

    def covering(self, at_us: int, places: tuple[str, ...], kind: str) -> Window | None:
        """The window that covers a moment at one of these places; of several the one that lasts longest."""
        if not self._queries:
            return None
        day = self._days.get(at_us // DAY_US)
        if day is None:
            day = self._read(at_us // DAY_US)
        if not day:
            return None
        found = [
            window
            for place in (EVERYWHERE, *places)
            for window in day.get(place, ())
            if window.begin_us <= at_us < window.end_us and (not window.kinds or kind in window.kinds)
        ]
        return max(found, key=lambda window: (window.end_us, window.uid), default=None)

    def _read(self, number: int) -> dict[str, list[Window]]:
        if len(self._days) >= _MAX_DAYS:
            self._days.clear()
        # A day more on both sides, for what has no time zone is taken for UTC by the library, and for local time by us.
        begin, end = instant((number - 1) * DAY_US), instant((number + 2) * DAY_US)
        day: defaultdict[str, list[Window]] = defaultdict(list)
        for query in self._queries:
            for event in query.between(begin, end):
                window = _window(event, self._zone)
                if window.end_us <= number * DAY_US or window.begin_us >= (number + 1) * DAY_US:
                    continue
                for place in window.places:
                    day[place].append(window)
        self._days[number] = dict(day)
        return self._days[number]


def read(files: dict[str, bytes], zone: ZoneInfo = SHANGHAI) -> tuple[Windows, tuple[Problem, ...]]:
    """The windows of iCalendar files, and what is wrong with those that are left out. Never raises."""
    problems: list[Problem] = []
    calendars = []
    for file, content in sorted(files.items()):
        try:
            source = icalendar.Calendar.from_ical(content)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:  # as the parser fails
            problems.append(NotCalendar(file=file, why=str(error)[:200]))
            continue
        kept = icalendar.Calendar()
        for component in source.subcomponents:
            wrong = _wrong(component, file, zone) if component.name == "VEVENT" else None
            if wrong is not None:
                problems.append(wrong)
            elif component.name in ("VEVENT", "VTIMEZONE"):
                kept.add_component(component)
        calendars.append(kept)
    return Windows(tuple(calendars), zone), tuple(problems)


def _wrong(event: Any, file: str, zone: ZoneInfo) -> BadWindow | None:
    """Tried by reading its first occurrences, as it will be read later."""
    summary = str(event.get("SUMMARY", ""))[:80]

    def bad(zh: str, en: str) -> BadWindow:
        return BadWindow(file=file, summary=summary, why_zh=zh, why_en=en)

    if not str(event.get("LOCATION", "")).strip():
        return bad("没有写明地点（LOCATION）；全县请写 *", "it has no LOCATION; write * for all of the county")
    rule = event.get("RRULE")
    rules = rule if isinstance(rule, list) else [rule] if rule else []
    if any(each.get("FREQ", [""])[0].upper() not in _COARSE for each in rules):
        return bad("重复规则须为每日、每周、每月或每年", "it repeats more often than daily")
    alone = icalendar.Calendar()
    alone.add_component(event)
    try:
        begin = _at(event["DTSTART"].dt, zone)
        lasts = _window(event, zone).end_us - microseconds(begin)
        recurring_ical_events.of(alone).between(begin, begin + timedelta(days=1))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        return bad(f"时间无法识别（{error}）", f"its times cannot be read ({error})")
    if not 0 < lasts <= MAX_WINDOW // timedelta(microseconds=1):
        return bad("须有结束时间，且不超过 31 天", "it must end, after 31 days at most")
    return None


def _window(event: Any, zone: ZoneInfo) -> Window:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = start + event["DURATION"].dt
    else:
        end = start if isinstance(start, datetime) else start + timedelta(days=1)
    return Window(
        microseconds(_at(start, zone)),
        microseconds(_at(end, zone)),
        str(event.get("UID", "")),
        str(event.get("SUMMARY", "")),
        frozenset(
            part.strip() for part in str(event.get("LOCATION", "")).replace("，", ",").split(",") if part.strip()
        ),
        frozenset(_categories(event)),
    )


def _categories(event: Any) -> list[str]:
    found = event.get("CATEGORIES")
    several = found if isinstance(found, list) else [found] if found else []
    return [str(category).strip() for each in several for category in each.cats if str(category).strip()]


def _at(moment: date, zone: ZoneInfo) -> datetime:
    """A day means local midnight, a time without zone means local time."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
