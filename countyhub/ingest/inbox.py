"""Commits what has arrived, once, whatever comes twice: only what a commit has made durable is ever answered.

One transaction takes everything that is waiting. Each event is judged for itself: what the database will not take
becomes a dead letter and holds up nothing. A database that is locked, full or gone fails the whole batch, which
`subscriber` tries again: nothing has been acknowledged then.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.downlink import commands
from countyhub.ingest import boxes, deadletters, keys, rows, sorting, streams
from countyhub.ingest.intake import Intake
from countyhub.ingest.keys import LaneKey
from countyhub.ingest.missing import Standing
from countyhub.ingest.sorting import Answer, Entry, Sorted
from countyhub.store.engine import Store
from countyhub.store.problems import CannotStore
from gridwire.codec import Arrived, Refused, digest_of
from gridwire.events import Gap
from gridwire.ranges import RangeSet

log = logging.getLogger(__name__)

POISON = (DataError, IntegrityError, OverflowError, UnicodeError, ValueError)
"""What a single event can do to its batch. All else is the database's own trouble, and passes or needs a person."""


@dataclass
class Outcome:
    """What a commit has done. `reused`: (box, stream) to be told to begin a new stream; `born`: boxes whose birth came;
    `reported`: boxes that told their numbers; `last_id`: the newest event, if `stored` is not 0."""

    answers: list[Answer] = field(default_factory=list)
    reused: set[tuple[str, str]] = field(default_factory=set)
    born: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)
    stored: int = 0
    repeats: int = 0
    dead: int = 0
    last_id: int = 0

    def add(self, other: Outcome) -> None:
        self.answers += other.answers
        self.reused |= other.reused
        self.born |= other.born
        self.reported |= other.reported
        self.stored += other.stored
        self.repeats += other.repeats
        self.dead += other.dead
        self.last_id = max(self.last_id, other.last_id)


class Inbox:
    """The way into the database for everything that boxes send."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def commit(self, batch: Sequence[Intake]) -> Outcome:
        """Make the batch durable. Raises `engine.UNAVAILABLE` when the database cannot write at present."""
        try:
            return await self._commit(batch)
        except POISON as error:
            log.warning("a batch of %d messages is stored one by one: %s", len(batch), error)
        outcome = Outcome()
        for atom in _atoms(batch):
            outcome.add(await self._commit_alone(atom))
        return outcome

    async def _commit_alone(self, atom: Intake) -> Outcome:
        try:
            return await self._commit([atom], thorough=True)
        except POISON as error:
            reason = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"[:300]
        try:
            return await self._commit([_unstorable(atom, reason)], thorough=True)
        except POISON:
            log.exception("not even a dead letter can be stored of a message on %s", atom.topic)
            return Outcome()

    async def _commit(self, batch: Sequence[Intake], *, thorough: bool = False) -> Outcome:
        """`thorough`: look every number up, even where its lane says that it is new."""
        found = list(sorting.entries(batch))
        outcome = Outcome(answers=sorting.answers(found))
        async with self._store.write() as connection:
            if found:
                await _store_entries(connection, found, outcome, thorough=thorough)
            for intake, refused in sorting.unnumbered(batch):
                await deadletters.bury(connection, intake, refused)
                outcome.dead += 1
            changes = await boxes.apply(connection, batch)
        outcome.born, outcome.reported = changes.born, changes.reported
        return outcome


async def _store_entries(connection: AsyncConnection, found: list[Entry], outcome: Outcome, *, thorough: bool) -> None:
    standings = await keys.load(connection, _lanes(found))
    looked_up = [entry.key for entry in found] if thorough else sorting.suspects(found, standings)
    ordered = sorting.sort_out(found, await keys.known(connection, looked_up))
    outcome.stored, outcome.last_id = await rows.write_new(connection, ordered.new)
    if ordered.readable:
        more, last_id = await rows.write_readable(connection, ordered.readable, datetime.now(UTC))
        outcome.stored, outcome.last_id = outcome.stored + more, max(outcome.last_id, last_id)
    fresh = await rows.write_reused(connection, ordered.reused)
    await rows.write_gaps(connection, _gaps(ordered))
    await keys.save(connection, _settle(standings, ordered))
    await streams.note_new(connection, ordered.new, standings)
    outcome.reused = await _tell_new_streams(connection, fresh)
    outcome.repeats = ordered.repeats
    outcome.dead = sum(entry.state == "dead" for entry in ordered.new)


async def _tell_new_streams(connection: AsyncConnection, fresh: Iterable[Entry]) -> set[tuple[str, str]]:
    """In the same transaction, so that no crash can leave a box with numbers that are taken."""
    reused = {(entry.key.box, entry.key.stream) for entry in fresh}
    for box, stream in sorted(reused):
        log.error("box %s has used numbers of stream %s twice: a cloned or restored disk", box, stream)
        await commands.record(
            connection,
            box,
            "new_stream",
            {"stream": stream},
            by=commands.HUB,
            now=datetime.now(UTC),
            expires_s=commands.NEW_STREAM_EXPIRES_S,
        )
    return reused


def _lanes(found: Iterable[Entry]) -> set[LaneKey]:
    """Every lane that the batch settles numbers of, those that gaps speak of included."""
    lanes = {entry.lane for entry in found}
    return lanes | {LaneKey(entry.key.box, gap.stream, gap.lane) for entry, gap in _gap_events(found)}


def _gap_events(found: Iterable[Entry]) -> Iterator[tuple[Entry, Gap]]:
    for entry in found:
        if isinstance(entry.item, Arrived) and isinstance(entry.item.event.data, Gap):
            yield entry, entry.item.event.data


def _gaps(ordered: Sorted) -> list[tuple[Entry, Gap]]:
    return list(_gap_events([*ordered.new, *ordered.readable]))


def _settle(standings: dict[LaneKey, Standing], ordered: Sorted) -> dict[LaneKey, Standing]:
    """The lanes that the new entries change, with their numbers and the declared gaps settled."""
    settled: dict[LaneKey, RangeSet] = defaultdict(RangeSet)
    for entry in ordered.new:
        settled[entry.lane].add(entry.key.seq)
    for entry, gap in _gaps(ordered):
        settled[LaneKey(entry.key.box, gap.stream, gap.lane)].merge(
            RangeSet((min(run), max(run)) for run in gap.ranges)
        )
    return {key: standings.get(key, Standing()).with_settled(more) for key, more in settled.items()}


def _atoms(batch: Iterable[Intake]) -> Iterator[Intake]:
    """The batch in pieces that hold one event, one refusal, one picture or one message each."""
    for intake in batch:
        bare = intake._replace(arrived=(), refused=(), picture=None, message=None, payload=b"")
        yield from (bare._replace(arrived=(arrived,)) for arrived in intake.arrived)
        yield from (bare._replace(refused=(refused,)) for refused in intake.refused)
        if intake.picture is not None:
            yield bare._replace(picture=intake.picture)
        if intake.message is not None:
            yield bare._replace(message=intake.message, payload=intake.payload)


def _unstorable(atom: Intake, reason: str) -> Intake:
    """The same, as a dead letter."""
    problem = CannotStore(reason=reason)
    if atom.picture is not None:
        refused = Refused(atom.picture.jpeg, problem, atom.picture.key, atom.picture.digest)
    elif atom.arrived or atom.refused:
        item = atom.arrived[0] if atom.arrived else atom.refused[0]
        refused = Refused(item.raw, problem, item.key, item.digest)
    else:
        refused = Refused(atom.payload, problem, None, digest_of(atom.payload))
    return atom._replace(arrived=(), refused=(refused,), picture=None, message=None, payload=b"")
