"""What is old enough is given up, kind by kind, in small pieces so that ingest never waits long.

How many days each kind is kept: `config.store.RetentionSettings`. Run daily by `upkeep`, by hand by `countyhub prune`.

Never given up: `event_key` and the lanes' standings (they make an event count once, for ever), what is missing, dead
letters that nobody could read yet, numbers used twice that nobody has dealt with, orders still to be answered, open
cases, and the events that they stand on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Table, delete, exists, false, func, or_, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import RetentionSettings
from countyhub.store import caseretention, hooktables, mattertables, partitions
from countyhub.store import tables as t
from countyhub.store.casetables import attachment, case_evidence, cases
from countyhub.store.engine import Store
from countyhub.store.partitions import DEFAULT, Month
from gridwire.instants import microseconds

log = logging.getLogger(__name__)

PIECE = 2000
PIECE_OF_PICTURES = 100
BREATH_S = 0.05
"""Between two pieces: another process that waits for the database gets its turn."""


_IN_HAND = exists().where(
    case_evidence.c.event_id == t.event.c.id, cases.c.number == case_evidence.c.number, cases.c.open
)
"""Of an event: a case that is not done with stands on it."""
_IN_HAND_SQL = (
    "EXISTS (SELECT 1 FROM case_evidence JOIN cases ON cases.number = case_evidence.number "
    "WHERE case_evidence.event_id = {table}.id AND cases.open)"
)


class Pruned(NamedTuple):
    """How many rows of a kind went, or would go: those of before `before`."""

    kind: str
    before: datetime
    rows: int


async def prune(store: Store, settings: RetentionSettings, now: datetime, *, dry_run: bool = False) -> list[Pruned]:
    """Give up what is older than each kind's days; of `dry_run` only the counts. Raises `engine.UNAVAILABLE`.

    On PostgreSQL the inbox goes by whole months, so its events stay up to a month longer.
    """
    done: list[Pruned] = []
    for kind, days in settings.days().items():
        if not days:
            continue
        before = now - timedelta(days=days)
        if kind == "cases":
            rows = await caseretention.prune(store, before, dry_run=dry_run)
        elif kind == "events":
            rows = await (_months if store.is_postgres else _oldest_events)(store, before, dry_run)
        else:
            rows = await _rows(store, kind, before, dry_run)
        done.append(Pruned(kind, before, rows))
    return done


def _due(kind: str, before: datetime) -> tuple[Table, ColumnElement[bool]]:
    """The table of a kind, and which of its rows are old and done with."""
    c, letter, reused = t.command.c, t.dead_letter.c, t.number_reused.c
    order = (c.created < before) & or_(c.replied < before, c.expires < before)
    delivery = hooktables.webhook_delivery
    m, link, suppressed = mattertables.matter, mattertables.link, mattertables.suppressed
    in_hand = exists().where(cases.c.number == m.c.number, cases.c.open)
    order_stays = exists().where(c.id == t.command_reply.c.id, ~func.coalesce(order, false()))
    return {
        "pictures": (t.media, t.media.c.received < before),
        "letters": (t.dead_letter, letter.stored < before),
        "reused": (t.number_reused, reused.handled < before),
        "gaps": (t.gap, t.gap.c.at < before),
        "orders": (t.command, order),
        "replies": (t.command_reply, (t.command_reply.c.received < before) & ~order_stays),
        "matters": (m, (m.c.end_us < microseconds(before)) & ~m.c.open & ~in_hand),
        "links": (link, link.c.at < before),
        "suppressed": (suppressed, suppressed.c.day < before.date()),
        "deliveries": (delivery, delivery.c.finished < before),
        "attachments": (attachment, caseretention.attachments(before)),
    }[kind]


async def _rows(store: Store, kind: str, before: datetime, dry_run: bool) -> int:
    table, due = _due(kind, before)
    if dry_run:
        async with store.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(table).where(due))).scalar_one())
    key = list(table.primary_key)
    piece = select(*key).where(due).limit(PIECE_OF_PICTURES if table in (t.media, attachment) else PIECE)
    total = 0
    while True:
        async with store.write() as connection:
            gone = (await connection.execute(delete(table).where(tuple_(*key).in_(piece)))).rowcount
        total += gone
        if not gone:
            return total
        await asyncio.sleep(BREATH_S)


async def _oldest_events(store: Store, before: datetime, dry_run: bool) -> int:
    """By number, which rises with `received` but for letters that were read later: no index is needed for it. Ends at
    the first piece in which nothing is old."""
    e, total, after = t.event.c, 0, 0
    while True:
        async with store.read() as connection:
            query = select(e.id, e.received).where(e.id > after).order_by(e.id).limit(PIECE)
            piece = (await connection.execute(query)).all()
        old = [row.id for row in piece if row.received < before]
        if not old:
            return total
        after = piece[-1].id
        gone = (e.id.between(old[0], old[-1]), e.received < before, ~_IN_HAND)
        if dry_run:
            total += await _number(store, select(func.count()).select_from(t.event).where(*gone))
            continue
        async with store.write() as connection:
            total += (await connection.execute(delete(t.event).where(*gone))).rowcount
        await asyncio.sleep(BREATH_S)


async def _number(store: Store, query: Select[int]) -> int:
    async with store.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def _months(store: Store, before: datetime, dry_run: bool) -> int:
    """Whole months at once; and row by row what no month has taken. What stays of a month that goes, because a case
    stands on it, is moved to where the rows without a month are."""
    async with store.read() as connection:
        months = [month for month in await connection.run_sync(partitions.existing) if month.end <= before]
        counts = {month: await _count(connection, month.table) for month in months}
        stray = f"{_IN_HAND_SQL.format(table=DEFAULT)} IS FALSE AND received < :before"
        count_strays = text(f"SELECT count(*) FROM {DEFAULT} WHERE {stray}")  # noqa: S608 - our own name
        strays = int((await connection.execute(count_strays, _micro(before))).scalar_one())
    if dry_run:
        return sum(counts.values()) + strays
    gone = [month for month in months if await _drop(store, month)]
    async with store.write() as connection:
        delete_strays = text(f"DELETE FROM {DEFAULT} WHERE {stray}")  # noqa: S608 - our own name
        strays = (await connection.execute(delete_strays, _micro(before))).rowcount
    return sum(counts[month] for month in gone) + strays


async def _count(connection: AsyncConnection, table: str) -> int:
    """The rows of a part that would go with it."""
    kept = _IN_HAND_SQL.format(table=table)
    query = text(f"SELECT count(*) FROM {table} WHERE NOT {kept}")  # noqa: S608 - our own name
    return int((await connection.execute(query)).scalar_one())


def _micro(before: datetime) -> dict[str, int]:
    return {"before": microseconds(before)}


async def _drop(store: Store, month: Month) -> bool:
    """Whether it went; not while somebody reads the whole inbox, such as a backup: then the next day."""
    try:
        async with store.write() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '1s'"))
            await connection.run_sync(partitions.drop, [month], _IN_HAND_SQL.format(table=month.table))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != partitions.LOCK_NOT_AVAILABLE:
            raise
        log.warning("the events of %d-%02d stay for now: somebody reads them", *month)
        return False
    return True


async def make_months(store: Store, now: datetime, events_days: int = 0) -> Sequence[Month]:
    """The parts of the inbox for the months to come, and for what found none. Returns those made; none on SQLite.

    `events_days`: what is older than that needs no month any more, it is there because a case stands on it.
    """
    if not store.is_postgres:
        return []
    async with store.write() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        before = now - timedelta(days=events_days) if events_days else datetime.min.replace(tzinfo=UTC)
        strays = [month for month in await connection.run_sync(partitions.strays) if month.end > before]
        wanted = [*partitions.ahead(now), *strays]
        return await connection.run_sync(partitions.make, dict.fromkeys(wanted))
