"""A time as people write it: a date, a time, or so long ago; and what is said of events whose time nobody knows."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from edgeagent.cli.say import say
from gridwire import instants
from gridwire.problem import Language, Problem

_AGO = re.compile(r"^([0-9]{1,6})([mhd])$")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class BadTime(Problem):
    code = "outbox.bad-time"
    en = "“{text}” is no time: write 2026-05-01, 2026-05-01T08:30 or 90m, 6h, 3d"
    zh = "“{text}”不是时间：请写作 2026-05-01、2026-05-01T08:30 或 90m、6h、3d"


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A time as people write it; without a zone it is the box's. Raises `BadTime`."""
    if ago := _AGO.match(text):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        return instants.typed(text, zone)
    except ValueError as error:
        raise BadTime(text=text[:64]) from error


def tell_unsure(count: object, language: Language) -> None:
    """To standard error: how many of what was asked for count in although their time is unknown."""
    if count:
        print(
            say(
                language,
                en=f"among them {count} of which nobody knows the time: the clock was not synchronised",
                zh=f"其中 {count} 行时间不明（当时时钟未同步），一并计入",
            ),
            file=sys.stderr,
        )
