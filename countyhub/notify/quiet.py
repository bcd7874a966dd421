"""When a person may be disturbed, and how often. Pure: time comes in, the answer is when it is allowed.

Asked by `packing` (`_allowed`) for every message but a call for help, which never waits (`_at_once`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gridwire.problem import Problem

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_HOURS = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])")
NONE = "none"


class BadHours(Problem):
    code = "notify.bad-hours"
    en = "“{given}” are no hours; e.g. 21:30-06:30, none, or county"
    zh = "“{given}”不是时段；例如 21:30-06:30、none（不设）或 county（按县里的设置）"


class Hours(NamedTuple):
    """From `since` until `until`, usually over midnight."""

    since: time
    until: time

    def end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When they are over, if it is quiet now."""
        local = now.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        over_midnight = self.since > self.until
        if not (clock >= self.since or clock < self.until if over_midnight else self.since <= clock < self.until):
            return None
        day = local.date() + DAY if over_midnight and clock >= self.since else local.date()
        return datetime.combine(day, self.until, zone).astimezone(now.tzinfo)


def hours(text: str) -> Hours | None:
    """`22:00-07:00`; None for `none`, nothing, and hours without length. Raises `BadHours`."""
    if text in ("", NONE):
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        raise BadHours(given=text)
    since, until = (time.fromisoformat(part) for part in found.groups())
    return Hours(since, until) if since != until else None


def room(sent: Sequence[datetime], per_hour: int, per_day: int, now: datetime) -> datetime:
    """When the next message is within both budgets; `now` when it is so already. `sent`: the times of earlier ones."""
    allowed = now
    for span, limit in ((HOUR, per_hour), (DAY, per_day)):
        recent = sorted((each for each in sent if each > now - span), reverse=True)
        if len(recent) >= limit:
            allowed = max(allowed, recent[limit - 1] + span)
    return allowed
