"""Compares what happened before the devices with what the hub has committed. Pure.

Alarms and check-ins are matched by device, kind, state, the camera's own name of the event (or the person), object,
time and order. What happened and is nowhere is lost, unless the box has reported that it saw nothing then; a row that
nothing is left for is there twice. What stands in the wrong place is thus both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from simulators.demo.matching import Pairs

# A camera tells whole seconds, and its clock was read as whole seconds.
EARLY = timedelta(seconds=3)
# When the camera did not tell the time well, the event has the time at which it was stored.
LATE = timedelta(seconds=30)
CHECKIN = "checkin"


class Key(NamedTuple):
    """What makes two the same. `mark`: the camera's topic, or the keyed hash of the person; a check-in has no state."""

    device: str
    kind: str
    state: str
    mark: str
    object: str = ""


class Happened(NamedTuple):
    """Something a simulated device did, at its true time."""

    key: Key
    time: datetime


class Row(NamedTuple):
    """An alarm or check-in in the hub's database, or still on the box. `number`: its stream and its number in there."""

    key: Key
    time: datetime
    number: tuple[str, int]
    at_hub: bool = True


class Blind(NamedTuple):
    """An interval in which nobody saw what the device said: as the box has told the hub, or, when the demo ends before
    the device is back (`open`) or at once (`end`: the last seconds), as the box will tell it."""

    device: str
    since: datetime
    until: datetime
    state: Literal["told", "open", "end"] = "told"


@dataclass
class Tally:
    """`emitted`: what a driver could see, or has found out afterwards. `blind`: what nobody could see. `waiting`:
    stored on the box, and not yet at the hub."""

    emitted: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    blind: int = 0
    waiting: int = 0


@dataclass
class Count:
    """The result, in total and by kind. `unseen` are covered by reported blind intervals."""

    total: Tally = field(default_factory=Tally)
    by_kind: dict[str, Tally] = field(default_factory=dict)
    lost: list[Happened] = field(default_factory=list)
    twice: list[Row] = field(default_factory=list)
    unseen: list[Happened] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not self.lost and not self.twice


class _Story(NamedTuple):
    """One state of one device (or one person at a terminal): all that happened to it, and all rows of it."""

    happened: list[Happened]
    rows: list[Row]


def count(happened: Iterable[Happened], rows: Iterable[Row], blinds: Sequence[Blind]) -> Count:
    """Match everything. What was surely seen is matched before what was perhaps not."""
    result = Count()
    intervals: dict[str, list[Blind]] = defaultdict(list)
    for blind in blinds:
        intervals[blind.device].append(blind)
    for key, story in _stories(happened, rows).items():
        _compare(story, key.kind, intervals[key.device], result)
    for missed in (result.lost, result.unseen):
        missed.sort(key=lambda one: one.time)
    result.twice.sort(key=lambda row: row.number)
    return result


def _stories(happened: Iterable[Happened], rows: Iterable[Row]) -> dict[Key, _Story]:
    stories: dict[Key, _Story] = defaultdict(lambda: _Story([], []))
    for one in sorted(happened, key=lambda one: one.time):
        stories[one.key._replace(state="")].happened.append(one)
    for row in sorted(rows, key=lambda row: row.number):
        stories[row.key._replace(state="")].rows.append(row)
    return stories


def _compare(story: _Story, kind: str, blinds: list[Blind], result: Count) -> None:
    happened, rows = story
    blind_until = [_blind_until(one, blinds) for one in happened]
    paired = _pair(happened, rows, blind_until)
    missed = [number for number in range(len(happened)) if number not in paired]
    lost = [happened[number] for number in missed if blind_until[number] is None]
    unseen = [happened[number] for number in missed if blind_until[number] is not None]
    taken = set(paired.values())
    twice = [row for number, row in enumerate(rows) if number not in taken]
    result.lost += lost
    result.unseen += unseen
    result.twice += twice
    stored = sum(row.at_hub for row in rows)
    seen, waiting = len(happened) - len(unseen), len(rows) - stored
    _add(result, kind, Tally(seen, stored, len(lost), len(twice), len(unseen), waiting))


def _pair(happened: list[Happened], rows: list[Row], blind_until: list[datetime | None]) -> dict[int, int]:
    """Numbers of what happened -> numbers of rows: same state, about the same time, and in the same order."""
    pairs = Pairs(len(rows))
    by_time = sorted((row.time, number) for number, row in enumerate(rows))
    for left, (one, until) in enumerate(zip(happened, blind_until, strict=True)):
        first = bisect_left(by_time, (one.time - EARLY, 0))
        last = bisect_right(by_time, ((until or one.time) + LATE, len(rows)))
        fitting = [right for _, right in by_time[first:last] if rows[right].key.state == one.key.state]
        pairs.add(left, fitting, (0, 1) if until else (1, 0))
    return dict(pairs.best())


def _blind_until(one: Happened, blinds: list[Blind]) -> datetime | None:
    """The end of the reported interval in which it happened; None: it was seen."""
    return max((blind.until for blind in blinds if blind.since <= one.time <= blind.until), default=None)


def _add(result: Count, kind: str, tally: Tally) -> None:
    for total in (result.total, result.by_kind.setdefault(kind, Tally())):
        total.emitted += tally.emitted
        total.stored += tally.stored
        total.lost += tally.lost
        total.twice += tally.twice
        total.blind += tally.blind
        total.waiting += tally.waiting
