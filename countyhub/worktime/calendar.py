"""The working time of a county's offices: holidays, make-up workdays and office hours. Pure, and holds no clock.

Every answer is a `Told`: the value, and the problems that a person must hear of. A year without a calendar is reckoned
with weekends only and says so in each answer that touches it (R-CAL-02). Tables are made once for each year; an answer
then takes some microseconds. Instants are aware datetimes; what comes back is in UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Final, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from gridwire.problem import Problem

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MINUTE_US: Final = 60_000_000
_US = timedelta(microseconds=1)
T = TypeVar("T")


class YearMissing(Problem):
    code = "calendar.year-missing"
    en = "there is no calendar of {year}: only weekends were left out; add {year}.csv to the calendar folder"
    zh = "没有 {year} 年的工作日历：目前只按周末推算，节假日和调休均未计入；请在日历目录中放入 {year}.csv"


class Told(NamedTuple, Generic[T]):
    """An answer, and what is wrong with its ground; `problems` is empty when every year it touches is known."""

    value: T
    problems: tuple[YearMissing, ...] = ()


Spans = tuple[tuple[int, int], ...]
"""Office hours of a day: begin and end in microseconds after midnight, sorted, apart from each other."""


class Season(NamedTuple):
    """Office hours from this day of every year on, until the next season begins."""

    month: int
    day: int
    spans: Spans


STANDARD_HOURS: Final = (Season(1, 1, ((510 * MINUTE_US, 720 * MINUTE_US), (870 * MINUTE_US, 1080 * MINUTE_US))),)
"""08:30-12:00 and 14:30-18:00 all the year."""


class _Year(NamedTuple):
    """One year, day by day (index 0 is 1 January): `work` and `days` count what lies before each day, and at the end
    all of the year. `problems`: of this year alone.
    """

    first: int
    spans: list[Spans]
    work: list[int]
    days: list[int]
    problems: tuple[YearMissing, ...]


class Calendar:
    """Working time by the days that differ from the week's rule.

    `days`: True for a make-up workday, False for a holiday. `years`: those whose days are known. At least one season
    with hours is needed, else ValueError.
    """

    def __init__(
        self,
        days: Mapping[date, bool],
        years: frozenset[int],
        seasons: tuple[Season, ...] = STANDARD_HOURS,
        zone: ZoneInfo = SHANGHAI,
    ) -> None:
        if not seasons or not all(season.spans for season in seasons):
            raise ValueError("a season without hours")
        self.zone = zone
        self.years = years
        self._days = dict(days)
        self._seasons = tuple(sorted(seasons))
        self._tables: dict[int, _Year] = {}

    def completed_by(self, other: Calendar) -> Calendar:
        """This one, with the other's days for years that it does not know; hours and zone stay its own."""
        more = other.years - self.years
        days = {day: works for day, works in other._days.items() if day.year in more}
        return Calendar(days | self._days, self.years | more, self._seasons, self.zone)

    def is_working_day(self, day: date) -> Told[bool]:
        """Whether offices work on this local day."""
        table = self._year(day.year)
        return Told(bool(table.spans[day.toordinal() - table.first]), table.problems)

    def ahead(self, now: datetime, days: int = 45) -> tuple[YearMissing, ...]:
        """Years within the next `days` without a calendar: to be shown before the first deadline falls into one."""
        local = now.astimezone(self.zone)
        return self._problems(range(local.year, (local + timedelta(days=days)).year + 1))

    def worked(self, begin: datetime, end: datetime) -> Told[timedelta]:
        """Working time between two instants; negative when `end` is the earlier one. Exact and additive."""
        first, last = begin.astimezone(self.zone), end.astimezone(self.zone)
        years = range(min(first.year, last.year), max(first.year, last.year) + 1)
        between = self._position(last) - self._position(first)
        step = 1 if first.year <= last.year else -1
        for year in range(first.year, last.year, step):
            between += step * self._year(year if step > 0 else year - 1).work[-1]
        return Told(timedelta(microseconds=between), self._problems(years))

    def after_working(self, begin: datetime, time: timedelta) -> Told[datetime]:
        """The first instant at which so much working time has passed since `begin`; `begin` itself for none.

        Raises ValueError for a negative time, OverflowError beyond the year 9999.
        """
        wanted = time // _US
        if wanted < 0:
            raise ValueError("working time runs forward")
        if wanted == 0:
            return Told(begin.astimezone(UTC))
        local = begin.astimezone(self.zone)
        year = local.year
        wanted += self._position(local)
        while wanted > self._year(year).work[-1]:
            wanted -= self._year(year).work[-1]
            year += 1
        table = self._year(year)
        index = bisect_left(table.work, wanted) - 1
        instant = self._instant(table.first + index, _into(table.spans[index], wanted - table.work[index]))
        return Told(instant, self._problems(range(local.year, year + 1)))

    def after_working_days(self, begin: datetime, count: int) -> Told[datetime]:
        """Close of business of the `count`-th working day after the day of `begin`, which does not count itself.

        Source: Civil Code of the PRC (民法典), articles 201 and 203: the day of the start is not counted; the last day
        ends when business closes. Raises ValueError below 1.
        """
        if count < 1:
            raise ValueError("at least one working day")
        local = begin.astimezone(self.zone)
        year, table = local.year, self._year(local.year)
        wanted = table.days[local.toordinal() - table.first + 1] + count
        while wanted > self._year(year).days[-1]:
            wanted -= self._year(year).days[-1]
            year += 1
        table = self._year(year)
        index = bisect_left(table.days, wanted) - 1
        instant = self._instant(table.first + index, table.spans[index][-1][1])
        return Told(instant, self._problems(range(local.year, year + 1)))

    def close_of_business(self, instant: datetime) -> Told[datetime]:
        """Close of business on the working day of `instant`, or on the next one after a day off or after closing."""
        local = instant.astimezone(self.zone)
        table = self._year(local.year)
        spans = table.spans[local.toordinal() - table.first]
        if spans and _since_midnight(local) <= spans[-1][1]:
            return Told(self._instant(local.toordinal(), spans[-1][1]), table.problems)
        return self.after_working_days(instant, 1)

    def _problems(self, years: range) -> tuple[YearMissing, ...]:
        if len(years) == 1:
            return self._year(years[0]).problems
        return tuple(problem for year in years for problem in self._year(year).problems)

    def _position(self, local: datetime) -> int:
        """Working time since 1 January of its year."""
        table = self._year(local.year)
        index = local.toordinal() - table.first
        passed = _since_midnight(local)
        done = table.work[index]
        for begin, end in table.spans[index]:
            if passed <= begin:
                break
            done += min(passed, end) - begin
        return done

    def _instant(self, ordinal: int, passed_us: int) -> datetime:
        local = datetime.fromordinal(ordinal) + timedelta(microseconds=passed_us)
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _year(self, year: int) -> _Year:
        table = self._tables.get(year)
        if table is None:
            table = self._tables[year] = self._make(year)
        return table

    def _make(self, year: int) -> _Year:
        spans = list(self._spans(year))
        return _Year(
            date(year, 1, 1).toordinal(),
            spans,
            list(accumulate((sum(end - begin for begin, end in day) for day in spans), initial=0)),
            list(accumulate((1 if day else 0 for day in spans), initial=0)),
            () if year in self.years else (YearMissing(year=year),),
        )

    def _spans(self, year: int) -> Iterator[Spans]:
        season = self._seasons[-1]  # the last one of a year lasts into the next
        starts = {(each.month, each.day): each for each in self._seasons}
        for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            season = starts.get((day.month, day.day), season)
            yield season.spans if self._days.get(day, day.weekday() < 5) else ()


def _since_midnight(local: datetime) -> int:
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond


def _into(spans: Spans, wanted: int) -> int:
    """The time of day at which so much of the day's work is done; 0 < wanted <= all of it."""
    for begin, end in spans:
        if wanted <= end - begin:
            return begin + wanted
        wanted -= end - begin
    raise ValueError("more than the day has")
