"""Reads rows of the audit: lists, all of them in order, the newest and the oldest. Only reads.

Whether the chain is whole says `verify`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, desc, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit.chain import START, Anchor, Row
from countyhub.store.audittables import audit, audit_head

PIECE = 2000
_COLUMNS = tuple(audit.c[name] for name in Row._fields)


class Wanted(NamedTuple):
    """Whose rows, or about what: one of these holds. `names`: of `who`, whole; `persons`: staff numbers; `objects`:
    whole; `part`: one step of an object's path, or anything in the address of an export."""

    names: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    part: str = ""

    def where(self) -> ColumnElement[bool]:
        a, part = audit.c, self.part
        of_path = [
            a.object.iendswith(f"/{part}", autoescape=True),
            a.object.icontains(f"/{part}/", autoescape=True),
            a.object.icontains(part, autoescape=True) & (a.kind == "export"),
        ]
        plain = (a.who.in_(self.names), a.person.in_(self.persons), a.object.in_(self.objects))
        return or_(*plain, *(of_path if part else ()))


async def newest(
    connection: AsyncConnection, *, since: datetime | None = None, until: datetime | None = None, before: int = 0,
    limit: int = 100, kind: str = "", who: str = "", wanted: Sequence[Wanted] = (),
) -> list[Row]:  # fmt: skip
    """Rows, the newest first, from `since` on and before `until`; `before`: of smaller number. `who` is whole; of
    `wanted` each must hold."""
    a = audit.c
    query = select(*_COLUMNS).order_by(desc(a.id)).limit(limit)
    if since is not None:
        query = query.where(a.at >= since)
    if until is not None:
        query = query.where(a.at < until)
    if before:
        query = query.where(a.id < before)
    for column, said in ((a.kind, kind), (a.who, who)):
        if said:
            query = query.where(column == said)
    return [Row(*row) for row in await connection.execute(query.where(*(each.where() for each in wanted)))]


async def every(connection: AsyncConnection, since: datetime | None = None) -> AsyncIterator[Row]:
    """All rows in order."""
    after = 0
    while True:
        query = select(*_COLUMNS).where(audit.c.id > after).order_by(audit.c.id).limit(PIECE)
        if since is not None:
            query = query.where(audit.c.at >= since)
        rows = [Row(*row) for row in await connection.execute(query)]
        for row in rows:
            yield row
        if len(rows) < PIECE:
            return
        after = rows[-1].id


async def end(connection: AsyncConnection) -> Anchor:
    """The newest row as the head has it; number 0 while there is none."""
    head = (await connection.execute(select(audit_head.c.last, audit_head.c.hash))).first()
    return Anchor(head.last, head.hash) if head else Anchor(0, START)


async def oldest(connection: AsyncConnection) -> datetime | None:
    """When the oldest row that is there was written."""
    first = select(audit.c.at).order_by(audit.c.id).limit(1)
    found: datetime | None = (await connection.execute(first)).scalar()
    return found
