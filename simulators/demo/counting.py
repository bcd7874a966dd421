"""Compares what happened before the devices with what the hub has committed. Pure.

Alarms and check-ins are matched by device, kind, state, the camera's own name of the event (or the person), object and
time, and must stand in the order in which they happened. What happened and is nowhere is lost, unless the box has
reported that it saw nothing then; a row that nothing is left for is there twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

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
    """An alarm or check-in in the hub's database. `number`: its stream and its number in there."""

    key: Key
    time: datetime
    number: tuple[str, int]


class Blind(NamedTuple):
    """An interval in which, as the box has told the hub, nobody saw what the device said."""

    device: str
    since: datetime
    until: datetime


@dataclass
class Tally:
    """`emitted`: what a driver could see, or has found out afterwards. `blind`: what nobody could see."""

    emitted: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    blind: int = 0


@dataclass
class Count:
    """The result, in total and by kind. `unseen` are covered by reported blind intervals."""

    total: Tally = field(default_factory=Tally)
    by_kind: dict[str, Tally] = field(default_factory=dict)
    lost: list[Happened] = field(default_factory=list)
    twice: list[Row] = field(default_factory=list)
    unseen: list[Happened] = field(default_factory=list)
    disordered: int = 0
    """Neighbours that stand in the wrong order."""

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.twice or self.disordered)


class _Expected(NamedTuple):
    happened: Happened
    until: datetime
    """It may be found out as late as this."""


def count(happened: Iterable[Happened], rows: Iterable[Row], blinds: Sequence[Blind]) -> Count:
    """Match everything. What was surely seen chooses first; what was perhaps not seen takes what is left."""
    result = Count()
    surely, perhaps, found = _by_key(happened, blinds), _by_key(happened, blinds, blind=True), _rows_by_key(rows)
    matched: list[tuple[Happened, Row]] = []
    for key in surely.keys() | perhaps.keys() | found.keys():
        left = found.get(key, [])
        stored = len(left)
        pairs, lost = _pair(surely.get(key, []), left)
        late_pairs, unseen = _pair(perhaps.get(key, []), left)
        matched += pairs
        result.lost += lost
        result.unseen += unseen
        result.twice += left
        emitted = len(pairs) + len(lost) + len(late_pairs)
        _add(result, key.kind, Tally(emitted, stored, len(lost), len(left), len(unseen)))
    for missed in (result.lost, result.unseen):
        missed.sort(key=lambda one: one.time)
    result.twice.sort(key=lambda row: row.number)
    result.disordered = _disordered(matched)
    return result


def _pair(expected: list[_Expected], left: list[Row]) -> tuple[list[tuple[Happened, Row]], list[Happened]]:
    """Each takes the first row of its time out of `left`. Gives the pairs, and what found none."""
    pairs, missed = [], []
    for one in expected:
        earliest, latest = one.happened.time - EARLY, one.until + LATE
        row = next((row for row in left if earliest <= row.time <= latest), None)
        if row is None:
            missed.append(one.happened)
        else:
            left.remove(row)
            pairs.append((one.happened, row))
    return pairs, missed


def _by_key(
    happened: Iterable[Happened], blinds: Sequence[Blind], *, blind: bool = False
) -> dict[Key, list[_Expected]]:
    """Those that a reported interval covers, or those that none does; in order of time."""
    found = defaultdict(list)
    of_device = defaultdict(list)
    for interval in blinds:
        of_device[interval.device].append(interval)
    for one in sorted(happened, key=lambda one: one.time):
        ends = [each.until for each in of_device[one.key.device] if each.since <= one.time <= each.until]
        if bool(ends) == blind:
            found[one.key].append(_Expected(one, max(ends, default=one.time)))
    return found


def _rows_by_key(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.number):
        found[row.key].append(row)
    return found


def _disordered(matched: list[tuple[Happened, Row]]) -> int:
    """Starts and ends of one device's event that the box has numbered otherwise than they happened."""
    numbers = defaultdict(list)
    for happened, row in sorted(matched, key=lambda pair: pair[0].time):
        numbers[happened.key._replace(state="")].append(row.number)
    return sum(after < before for of_one in numbers.values() for before, after in pairwise(of_one))


def _add(result: Count, kind: str, tally: Tally) -> None:
    for total in (result.total, result.by_kind.setdefault(kind, Tally())):
        total.emitted += tally.emitted
        total.stored += tally.stored
        total.lost += tally.lost
        total.twice += tally.twice
        total.blind += tally.blind
