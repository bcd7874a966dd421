"""Reads and writes the rows of cases: a change with all its lines, by one conditional UPDATE, or not at all.

Whoever was overtaken by another gets `Overtaken`, and must roll its transaction back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.cases import duedates
from countyhub.cases.book import Book
from countyhub.lifecycle.state import HUB, Actor, Case, Entry, Office, Stage
from countyhub.lifecycle.step import Done
from countyhub.store.aside import storable
from countyhub.store.casetables import case_entry, case_evidence, case_office, cases
from countyhub.store.upsert import insert as insert_or
from countyhub.store.upsert import portions

CLOSED: frozenset[Stage] = frozenset({"closed", "archived", "void"})
NOT_AUDITED = frozenset({"machine", "resident"})
"""Whose lines are in the timeline alone: the hub's own, and those of whoever holds a receipt."""
_state = msgspec.json.Decoder(Case)
_KEPT = (cases.c.number, cases.c.key, cases.c.edition, cases.c.told, cases.c.changed, cases.c.open, cases.c.state)


class Overtaken(Exception):
    """Another one has changed the case since it was read."""


class Kept(NamedTuple):
    """A case as it was read."""

    case: Case
    key: str
    edition: int
    told: str
    changed: datetime
    open: bool


class Line(NamedTuple):
    """A line of the timeline that is no step of the lifecycle, about a case as it is."""

    act: str
    at: datetime
    actor: Actor
    text: str = ""


class Change:
    """A case that is being changed: steps are taken, lights told, then all of it is saved at once.

    Who had to wait for another's change brings an older `now`: what he does is dated no earlier than that change, and
    whoever steps through the lifecycle uses this `now` for it (`instant` of all that change together)."""

    def __init__(self, kept: Kept, now: datetime) -> None:
        self.kept = kept
        self.case = kept.case
        self.told = kept.told
        self.now = max(now, kept.changed)
        self.entries: list[Entry] = []
        self.turn()

    def turn(self) -> None:
        """Tells of lights that have turned by now."""
        since = self.entries[-1].at if self.entries else self.kept.changed
        found = duedates.turned(self.case, self.told, self.now, since)
        self.told = found.told
        for turn in found.turns:
            self.line(Line(turn.act, turn.at, HUB, turn.clock.name))

    def take(self, done: Done) -> None:
        """A step of the lifecycle."""
        self.case = done.case
        self.entries.append(replace(done.entry, at=max(done.entry.at, self.kept.changed)))
        self.turn()

    def line(self, line: Line) -> None:
        self.entries.append(entry_of(self.case, line._replace(at=max(line.at, self.kept.changed))))


def instant(now: datetime, found: Iterable[Kept]) -> datetime:
    """When a change of these counts: one moment for the timeline, the lights and the clocks that end by it, and not
    before what is written already. Else a limit told as over would still be met by who had pressed a second earlier."""
    return max((now, *(kept.changed for kept in found)))


def entry_of(case: Case, line: Line) -> Entry:
    """A line of a case that stays as it is."""
    return Entry(
        number=case.number,
        version=case.version,
        act=line.act,
        at=line.at,
        actor=line.actor.id,
        role=line.actor.role,
        before=case.stage,
        after=case.stage,
        owner_before=case.owner,
        owner=case.owner,
        text=line.text,
    )


async def load(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, Kept]:
    """Those of the cases that are there."""
    found: dict[str, Kept] = {}
    for some in portions(list(numbers)):
        rows = await connection.execute(select(*_KEPT).where(cases.c.number.in_(some)))
        for row in rows:
            kept = Kept(_state.decode(row.state), row.key, row.edition, row.told, row.changed, row.open)
            found[row.number] = kept
    return found


async def open_with_key(connection: AsyncConnection, key: str) -> str | None:
    """The number of the open case about this."""
    query = select(cases.c.number).where(cases.c.key == key, cases.c.open)
    return (await connection.execute(query)).scalar()


async def closed(connection: AsyncConnection, numbers: Iterable[str]) -> dict[str, datetime]:
    """When these were closed, of those that are."""
    found: dict[str, datetime] = {}
    for some in portions(list(numbers)):
        query = select(cases.c.number, cases.c.closed).where(cases.c.number.in_(some), cases.c.closed.is_not(None))
        found |= {row.number: row.closed for row in await connection.execute(query)}
    return found


async def save(connection: AsyncConnection, book: Book, changes: Sequence[Change], **also: Any) -> None:
    """Writes what has changed; `also`: further columns of each. Raises `Overtaken`."""
    entries: list[Entry] = []
    for change in changes:
        await _update(connection, book, change, also)
        entries += change.entries
    await add_entries(connection, entries)
    await _note_offices(connection, [change.case for change in changes], entries)


async def add(connection: AsyncConnection, book: Book, change: Change, facts: Mapping[str, Any]) -> bool:
    """Writes a new case, `facts` being what it never changes; False when there is an open one with its key."""
    row = {**facts, "key": change.kept.key, "edition": 1, **_columns(change, book)}
    new = insert_or(connection, cases).values(**row).on_conflict_do_nothing()
    if (await connection.execute(new)).rowcount != 1:
        return False
    await add_entries(connection, change.entries)
    await _note_offices(connection, [change.case], change.entries)
    return True


async def add_evidence(connection: AsyncConnection, number: str, events: Iterable[int]) -> None:
    """The events that a case stands on; those that are known stay."""
    rows = [{"number": number, "event_id": event} for event in dict.fromkeys(events)]
    if rows:
        await connection.execute(insert_or(connection, case_evidence).on_conflict_do_nothing(), rows)


async def add_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Lines of timelines, whose ids rise in this order."""
    if entries:
        await connection.execute(insert(case_entry), [_entry_row(entry) for entry in entries])
    for entry in entries:
        if entry.role not in NOT_AUDITED:
            await trail.note(connection, "case.act", f"case/{entry.number}", person=entry.actor, act=entry.act)


async def _update(connection: AsyncConnection, book: Book, change: Change, also: Mapping[str, Any]) -> None:
    before = change.kept
    where = (
        cases.c.number == before.case.number,
        cases.c.version == before.case.version,
        cases.c.edition == before.edition,
    )
    values = {"edition": before.edition + 1, **_columns(change, book), **also}
    if (await connection.execute(update(cases).where(*where).values(**values))).rowcount != 1:
        raise Overtaken(before.case.number)


def _columns(change: Change, book: Book) -> dict[str, Any]:
    """What is copied out of the state, for lists."""
    case, now = change.case, change.now
    next_instant = duedates.next_instant(case, change.told, now, escalates=book.escalates, waits=book.registers_after)
    return {
        "number": case.number,
        "open": case.stage not in CLOSED,
        "version": case.version,
        "stage": case.stage,
        "origin": case.origin,
        "light": duedates.light(case, now),
        "handling": case.handling,
        "mode": case.mode,
        **_office(case.owner, "level", "owner"),
        **_office(case.first_owner, "first_level", "first_owner"),
        "category": case.category,
        "drill": case.drill,
        "history": case.history,
        "guessed": duedates.is_guessed(case),
        "happened": case.happened,
        "arrived": case.arrived,
        "registered": case.registered,
        "closed": case.closed_at,
        "first_due": case.first_due,
        "due": duedates.due(case),
        "next_instant": next_instant,
        "told": change.told,
        "supervised": case.supervised,
        "returned": case.returned,
        "reworked": case.reworked,
        "escalated": case.escalated,
        "parent": case.parent,
        "changed": now,
        "state": msgspec.json.encode(case),
    }


def _entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "version": entry.version,
        "act": entry.act,
        "at": entry.at,
        "actor": clean(entry.actor, 64),
        "role": entry.role,
        "before": entry.before,
        "after": entry.after,
        **_office(entry.owner_before, "level_before", "owner_before"),
        **_office(entry.owner, "level", "owner"),
        "text": clean(entry.text),
    }


def _office(office: Office | None, level: str, name: str) -> dict[str, str]:
    return {level: office.level if office else "", name: office.id if office else ""}


async def _note_offices(connection: AsyncConnection, known: Sequence[Case], entries: Sequence[Entry]) -> None:
    """Who has a case now, or had it between two of its lines, may see it from now on."""
    arrived = {case.number: case.arrived for case in known}
    had = {(entry.number, *entry.owner): None for entry in entries if entry.owner is not None}
    rows = [
        {"number": number, "level": level, "office": office, "arrived": arrived[number]}
        for number, level, office in had
    ]
    if rows:
        await connection.execute(insert_or(connection, case_office).on_conflict_do_nothing(), rows)


def clean(text: str, max_length: int = 4000) -> str:
    """As both databases take it."""
    return storable(text, max_length)
