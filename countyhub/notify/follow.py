"""Makes messages of the timelines of cases, in the transaction that moves the cursor `notify` over them.

So each line is told once, whatever dies, and however many processes follow: only one writes at a time.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.lifecycle.state import Case, Office
from countyhub.notify import alerts, audience, people
from countyhub.notify.telling import FACTS, Reason, World, facts, tell
from countyhub.store import aside, cursors
from countyhub.store.casetables import case_entry, cases

log = logging.getLogger(__name__)

CURSOR = "notify"
AT_ONCE = 50
"""Ingest waits for the writer meanwhile."""
_case = msgspec.json.Decoder(Case)
_OF_CASE = (cases.c.open, cases.c.stage, cases.c.state)


async def waiting(connection: AsyncConnection) -> bool:
    """Whether there are lines that were not looked at yet."""
    last = await cursors.position(connection, CURSOR) or 0
    return (
        await connection.execute(select(case_entry.c.id).where(case_entry.c.id > last).limit(1))
    ).first() is not None


async def follow(connection: AsyncConnection, world: World, at_once: int = AT_ONCE) -> int:
    """Within a transaction that writes. How many lines were looked at; 0 at the end."""
    last = await cursors.position(connection, CURSOR) or 0
    query = select(case_entry, *FACTS, *_OF_CASE).join(cases, cases.c.number == case_entry.c.number, isouter=True)
    rows = (
        await connection.execute(query.where(case_entry.c.id > last).order_by(case_entry.c.id).limit(at_once))
    ).all()
    for row in rows:
        if row.urgent and alerts.answers(row):  # also by what ends the case
            await alerts.end(connection, row.number, row.actor, world.now)
        if row.state is not None and row.open and "merged" not in (row.stage, row.after):
            await _one(connection, world, row)
    if rows:
        await cursors.move(connection, {CURSOR: rows[-1].id})
    return len(rows)


async def pass_over(connection: AsyncConnection, world: World, error: BaseException) -> None:
    """Within a transaction that writes: the next line alone is refused again and again, nobody is told of it."""
    last = await cursors.position(connection, CURSOR) or 0
    query = select(case_entry.c.id, case_entry.c.number).where(case_entry.c.id > last).order_by(case_entry.c.id)
    row = (await connection.execute(query.limit(1))).one()
    log.error("nobody is told of line %d of case %s, it is put aside: %s", row.id, row.number, error)
    await aside.put(connection, CURSOR, f"case {row.number} line {row.id}", error, world.now)
    await cursors.move(connection, {CURSOR: row.id})


async def _one(connection: AsyncConnection, world: World, row: Row[Any]) -> None:
    case = _case.decode(row.state)
    if row.urgent and row.act in audience.CALLS:
        await alerts.begin(connection, row, case, world.now)
        return
    owner = Office(row.level, row.owner) if row.owner else None
    offices = audience.offices(row.act, owner, case)
    told = {person.code: person for office in offices for person in people.at_office(world.registry, office, world.now)}
    told.pop(row.actor, None)
    if case.drill and row.role not in audience.STAFF:
        part = await _taking_part(connection, row)
        told = {code: person for code, person in told.items() if code in part}
    reason = Reason(row.id, 0, row.number, row.act, drill=case.drill)
    await tell(connection, world, reason, list(told.values()), facts(world, row))


async def _taking_part(connection: AsyncConnection, row: Row[Any]) -> set[str]:
    """Whoever has done something with a drill's case by this line: what the hub does itself concerns nobody else."""
    e = case_entry.c
    query = select(e.actor).where(e.number == row.number, e.id <= row.id, e.role.in_(audience.STAFF)).distinct()
    return set((await connection.execute(query)).scalars())
