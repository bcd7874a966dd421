"""What came after a case was fed back: signals that somebody has to look into before it is closed. Only reads.

A signal that joins an open case changes nothing of it, so that who closes would not notice: feedback and new alarm may
be seconds apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases.finding import TimelineEntry, Whole
from countyhub.matters.evidence import MANY
from countyhub.overview.arrivals import EventView
from countyhub.store.mattertables import matter
from gridwire.events import Alarm, DeviceState, Sos
from gridwire.instants import instant, microseconds

SHOWN: Final = 5
_SAME: Final = timedelta(seconds=90)
"""So soon after an event the line of the timeline that tells of it is written."""


@dataclass(frozen=True, slots=True)
class NewSignals:
    """`count`: signals that are known one by one; `marks`: lines for the timeline, of those that have none there."""

    since: datetime
    count: int
    last: datetime
    marks: tuple[TimelineEntry, ...]

    @property
    def token(self) -> str:
        """Names the newest of them: who closes says up to which one he has looked."""
        return str(microseconds(self.last))


def fed_back(stage: str, entries: Sequence[TimelineEntry]) -> datetime | None:
    """When the handler fed back what now waits to be closed; None when nothing does."""
    found: datetime | None = None
    for entry in reversed(entries) if stage == "feedback" else ():
        if entry.after != "feedback":
            break
        if entry.act == "feed_back":
            found = entry.at
    return found


async def new_signals(
    connection: AsyncConnection,
    whole: Whole,
    entries: Sequence[TimelineEntry],
    events: Sequence[EventView],
    told: Callable[[EventView], str],
) -> NewSignals | None:
    """None when nothing came. `told`: what an event is, in words."""
    since = fed_back(whole.listed.stage, entries)
    if since is None:
        return None
    joined = [entry.at for entry in entries if entry.act == "joined" and entry.at > since]
    fresh = [view for view in events if view.received > since and _is_new(view)]
    alone = [view for view in fresh if not any(timedelta() <= at - view.received < _SAME for at in joined)]
    marks = tuple(_mark(whole, view, told(view)) for view in sorted(alone, key=lambda each: each.received)[-SHOWN:])
    ongoing = await _ongoing(connection, whole, since)
    times = [*joined, *(view.received for view in fresh), *([ongoing] if ongoing else [])]
    if not times:
        return None
    return NewSignals(since, max(len(joined) + len(alone), 1), max(times), marks)


def _is_new(view: EventView) -> bool:
    """Something happens; that it is over is no news."""
    match view.data:
        case Alarm():
            return view.data.state != "end"
        case DeviceState():
            return view.data.state == "down"
        case Sos():
            return view.data.state == "start"
        case _:
            return False


def _mark(whole: Whole, view: EventView, title: str) -> TimelineEntry:
    row = whole.listed
    return TimelineEntry(
        id=0, number=row.number, version=row.version, act="joined", at=view.received, actor="hub", role="machine",
        before=row.stage, after=row.stage, level_before=row.level, owner_before=row.owner, level=row.level,
        owner=row.owner, text=title,
    )  # fmt: skip


async def _ongoing(connection: AsyncConnection, whole: Whole, since: datetime) -> datetime | None:
    """The last sign of a matter of so many that not every one of them is kept with its case."""
    c, row = matter.c, whole.listed
    wanted = (c.key == row.key, c.number == row.number, c.size > MANY, c.end_us > microseconds(since))
    end_us = (await connection.execute(select(func.max(c.end_us)).where(*wanted))).scalar()
    return instant(end_us) if end_us is not None else None
