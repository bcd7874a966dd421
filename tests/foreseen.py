"""When a case changes by itself next, reckoned from its clocks alone: what the hub keeps is compared with this."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from countyhub.lifecycle.guards import REWORK
from countyhub.lifecycle.state import Case
from countyhub.worktime.deadlines import Clock


def next_instant(case: Case, now: datetime) -> datetime | None:
    """A light, or the end of the days in which it can be opened again."""
    rework_over = case.closed_at + REWORK if case.stage == "closed" and case.closed_at is not None else None
    return due_next(case.clocks, now, rework_over)


def due_next(clocks: Iterable[Clock], now: datetime, *others: datetime | None) -> datetime | None:
    """The next instant after `now` at which a light, or one of the `others`, changes."""
    coming = [each for each in others if each is not None and each > now]
    for clock in clocks:
        if clock.ended is None and not clock.suspended:
            coming += [each for each in (clock.yellow, clock.due) if each > now]
    return min(coming, default=None)
