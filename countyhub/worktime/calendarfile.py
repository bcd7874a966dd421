"""Calendar files as a county office makes them, read into a `Calendar`. Pure: bytes come in as an argument.

One CSV file for each year, named after it, a day in each row; and `hours.toml` for the office hours. UTF-8 or GB 18030
(as Excel saves it in China). Every mistake is told, with file and line, and the rest is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from countyhub.worktime.calendar import MINUTE_US, SHANGHAI, STANDARD_HOURS, Calendar, Season
from gridwire.problem import Problem

_YEAR_FILE = re.compile(r"([12][0-9]{3})\.csv")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_KINDS: Final = {
    "放假": False,
    "休": False,
    "休息": False,
    "holiday": False,
    "off": False,
    "上班": True,
    "班": True,
    "调休上班": True,
    "workday": True,
    "work": True,
}
_HEADS: Final = {"日期", "date"}
HOURS_FILE: Final = "hours.toml"


class BadRow(Problem):
    code = "calendar.bad-row"
    en = "{file} line {line}: “{text}” is no day: write 2026-10-01,off,National Day or 2026-10-10,work,in exchange"
    zh = "{file} 第 {line} 行：“{text}”无法识别：请写作 2026-10-01,放假,国庆节 或 2026-10-10,上班,国庆节调休"


class Contradiction(Problem):
    code = "calendar.contradiction"
    en = "{file} line {line}: {day} is both a holiday and a workday; the first one counts"
    zh = "{file} 第 {line} 行：{day} 既写放假又写上班，以先出现的为准"


class NeedlessRow(Problem):
    code = "calendar.needless-row"
    en = "{file} line {line}: {day} is a weekday and needs no make-up; is the date right?"
    zh = "{file} 第 {line} 行：{day} 本来就是工作日，无须调休上班；日期是否写错？"


class TooFewDays(Problem):
    code = "calendar.too-few-days"
    en = "{file} names {found} holidays, a year has at least 11: the year counts as not known"
    zh = "{file} 只有 {found} 天放假，全年至少 11 天：该年按“没有日历”处理"


class BadFileName(Problem):
    code = "calendar.bad-file-name"
    en = "{file} is not read: name a calendar after its year, e.g. 2027.csv"
    zh = "{file} 未读取：日历文件请以年份命名，例如 2027.csv"


class BadHours(Problem):
    code = "calendar.bad-hours"
    en = "hours.toml cannot be used, 08:30-12:00 and 14:30-18:00 count instead: {why}"
    zh = "hours.toml 无法使用，暂按 08:30-12:00、14:30-18:00 计算：{why}"


class _SeasonRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    since: Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
    hours: Annotated[tuple[str, ...], Meta(min_length=1)]


class _Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    season: Annotated[tuple[_SeasonRow, ...], Meta(min_length=1)]
    timezone: str = "Asia/Shanghai"


class ReadCalendar(NamedTuple):
    """What the files give, and everything that is wrong with them. `names`: day -> what the office calls it."""

    calendar: Calendar
    names: Mapping[date, str]
    problems: tuple[Problem, ...]


class _Row(NamedTuple):
    line: int
    day: date
    works: bool
    name: str


def read(files: Mapping[str, bytes]) -> ReadCalendar:
    """A calendar from file name -> content. Never raises: mistakes are listed, and a doubtful year is not known."""
    problems: list[Problem] = []
    days: dict[date, bool] = {}
    names: dict[date, str] = {}
    years: set[int] = set()
    for file in sorted(files):
        if file == HOURS_FILE:
            continue
        named = _YEAR_FILE.fullmatch(file)
        if named is None:
            problems.append(BadFileName(file=file))
            continue
        rows = list(_rows(file, files[file], problems))
        holidays = sum(not row.works for row in rows if row.day.year == int(named[1]))
        if holidays < 11:
            problems.append(TooFewDays(file=file, found=holidays))
            continue
        years.add(int(named[1]))
        _merge(file, rows, days, names, problems)
    seasons, zone = _hours(files.get(HOURS_FILE), problems)
    return ReadCalendar(Calendar(days, frozenset(years), seasons, zone), names, tuple(problems))


def _merge(
    file: str, rows: list[_Row], days: dict[date, bool], names: dict[date, str], problems: list[Problem]
) -> None:
    for row in rows:
        if days.setdefault(row.day, row.works) != row.works:
            problems.append(Contradiction(file=file, line=row.line, day=row.day))
        elif row.works and row.day.weekday() < 5:
            problems.append(NeedlessRow(file=file, line=row.line, day=row.day))
        names.setdefault(row.day, row.name)


def _rows(file: str, content: bytes, problems: list[Problem]) -> Iterator[_Row]:
    for line, cells in enumerate(_text(content).splitlines(), 1):
        words = [cell.strip(' \t"') for cell in cells.replace("，", ",").split(",")]
        if not any(words) or words[0].startswith("#") or words[0].lower() in _HEADS:
            continue
        day = _day(words[0])
        works = _KINDS.get(words[1].lower()) if len(words) > 1 else None
        if day is None or works is None:
            problems.append(BadRow(file=file, line=line, text=",".join(words)[:60]))
        else:
            yield _Row(line, day, works, words[2] if len(words) > 2 else "")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _day(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def _hours(content: bytes | None, problems: list[Problem]) -> tuple[tuple[Season, ...], ZoneInfo]:
    if content is None:
        return STANDARD_HOURS, SHANGHAI
    try:
        read_hours = msgspec.toml.decode(_text(content), type=_Hours)
        return tuple(_season(row) for row in read_hours.season), ZoneInfo(read_hours.timezone)
    except (msgspec.DecodeError, ValueError, ZoneInfoNotFoundError) as error:
        problems.append(BadHours(why=error))
        return STANDARD_HOURS, SHANGHAI


def _season(row: _SeasonRow) -> Season:
    month, day = map(int, row.since.split("-"))
    date(2023, month, day)  # raises ValueError for 02-30, and for 02-29, which most years do not have
    spans = tuple(sorted(_span(text) for text in row.hours))
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        raise ValueError(f"{row.since}: hours overlap")
    return Season(month, day, spans)


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"“{text}”: HH:MM-HH:MM")
    hours = [int(word) for word in found.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not begin < end <= 24 * 60:
        raise ValueError(f"“{text}”: HH:MM-HH:MM")
    return begin * MINUTE_US, end * MINUTE_US
