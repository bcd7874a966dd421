"""Cases that are over for long are given up, with their timelines, evidence and attachments; never an open one, nor one
that is merged with what is not over as long.

Numbers are not given out again: those of a day are counted in `counter`, which stays. Nor are row numbers of timelines
and attachments, by which readers remember how far they are: the case with the newest of each stays.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, delete, exists, func, or_, select

from countyhub.store.casetables import attachment, case_entry, case_evidence, case_office, cases
from countyhub.store.engine import Store

PIECE = 200
BREATH_S = 0.05


def attachments(before: datetime) -> ColumnElement[bool]:
    """Those of cases that are over since then."""
    over = exists().where(cases.c.number == attachment.c.number, ~cases.c.open, cases.c.changed < before)
    return over & (attachment.c.id < select(func.max(attachment.c.id)).scalar_subquery())


def due(before: datetime) -> ColumnElement[bool]:
    """Of a case: it, what it was merged into and all that was merged into that are over since then."""
    c, other = cases.c, cases.alias()
    head = case((c.parent != "", c.parent), else_=c.number)
    newest = [select(table.c.number).order_by(table.c.id.desc()).limit(1) for table in (case_entry, attachment)]
    stays = or_(other.c.open, other.c.changed >= before, *(other.c.number.in_(query) for query in newest))
    lasts = exists().where(or_(other.c.number == head, other.c.parent == head), stays)
    return ~c.open & (c.changed < before) & ~lasts


async def prune(store: Store, before: datetime, *, dry_run: bool = False) -> int:
    """How many cases went, or would go. Raises one of `store.engine.UNAVAILABLE`."""
    if dry_run:
        async with store.read() as connection:
            return (await connection.execute(_count(before))).scalar_one()
    total = 0
    while True:
        async with store.write() as connection:
            some = select(cases.c.number).where(due(before)).order_by(cases.c.number).limit(PIECE)
            numbers = list((await connection.execute(some)).scalars())
            for table in (attachment, case_evidence, case_office, case_entry, cases):
                await connection.execute(delete(table).where(table.c.number.in_(numbers)))
        total += len(numbers)
        if not numbers:
            return total
        await asyncio.sleep(BREATH_S)


def _count(before: datetime) -> Select[int]:
    return select(func.count()).select_from(cases).where(due(before))
