"""Sorts the events and pictures of a batch into new ones, repeats, and numbers used twice; and what boxes are to be
told of them: every number that is durable, a repeat as well. Pure.

What cannot be read, such as an event of an unknown type, comes here as `Refused` by `gridwire.codec`, and goes to
`deadletters`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, cast

from countyhub.ingest.intake import Intake, Picture
from countyhub.ingest.keys import EventKey, Known, LaneKey
from countyhub.ingest.missing import Standing
from gridwire.codec import Arrived, Refused
from gridwire.events import Lane
from gridwire.ranges import RangeSet

Item: TypeAlias = Arrived | Refused | Picture
_STATE = {Arrived: "stored", Refused: "dead", Picture: "media"}


class Entry(NamedTuple):
    """Something with a number, and the message of the broker that it came in."""

    key: EventKey
    digest: bytes
    item: Item
    intake: Intake

    @property
    def lane(self) -> LaneKey:
        return LaneKey(*self.key[:3])

    @property
    def state(self) -> str:
        """What `event_key.state` will say."""
        return _STATE[type(self.item)]


class Answer(NamedTuple):
    """What a box is to be told by `down/ack`."""

    box: str
    stream: str
    lane: Lane
    ranges: RangeSet


@dataclass
class Sorted:
    """The outcome. `readable`: dead letters of old that can be read now; `reused`: with the digest known so far."""

    new: list[Entry] = field(default_factory=list)
    readable: list[Entry] = field(default_factory=list)
    reused: list[tuple[Entry, bytes]] = field(default_factory=list)
    repeats: int = 0


def entries(batch: Iterable[Intake]) -> Iterator[Entry]:
    """Everything in the batch that has a number, in order of arrival."""
    for intake in batch:
        items: list[Item] = [*intake.arrived, *intake.refused]
        if intake.picture is not None:
            items.append(intake.picture)
        for item in items:
            if item.key is not None:
                yield Entry(EventKey(intake.box, *item.key), item.digest, item, intake)


def unnumbered(batch: Iterable[Intake]) -> Iterator[tuple[Intake, Refused]]:
    """What could not be read at all."""
    for intake in batch:
        for refused in intake.refused:
            if refused.key is None:
                yield intake, refused


def suspects(found: Iterable[Entry], standings: Mapping[LaneKey, Standing]) -> list[EventKey]:
    """The keys that may have been taken before: those that are settled in their lanes."""
    new = Standing()
    return [entry.key for entry in found if entry.key.seq in standings.get(entry.lane, new).settled]


def sort_out(found: Iterable[Entry], taken: Mapping[EventKey, Known]) -> Sorted:
    """Each entry against what is taken, and against those before it in the batch."""
    seen = dict(taken)
    result = Sorted()
    for entry in found:
        before = seen.get(entry.key)
        if before is None:
            result.new.append(entry)
        elif before.digest != entry.digest:
            result.reused.append((entry, before.digest))
            continue
        elif before.state == "dead" and entry.state != "dead":
            result.readable.append(entry)
        else:
            result.repeats += 1
            continue
        seen[entry.key] = Known(entry.digest, entry.state)
    return result


def answers(found: Iterable[Entry]) -> list[Answer]:
    """One answer for each box, stream and lane, its ranges merged."""
    numbers: dict[LaneKey, RangeSet] = defaultdict(RangeSet)
    for entry in found:
        numbers[entry.lane].add(entry.key.seq)
    return [Answer(lane.box, lane.stream, cast(Lane, lane.lane), ranges) for lane, ranges in numbers.items()]
