"""Reads the audit: lists, and whether the chain is whole. Only reads.

A chain tells of any row that was changed, taken out or put in. That the end was cut off, or all of it reckoned anew,
the anchors tell: numbers and hashes that were noted elsewhere each day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, desc, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit.chain import START, Row, hash_of
from countyhub.store.audittables import audit, audit_head

PIECE = 2000
_COLUMNS = tuple(audit.c[name] for name in Row._fields)

Fault = Literal["changed", "missing", "linked", "head", "cut", "anchor"]

FAULTS: Final[dict[Fault, tuple[str, str]]] = {
    "changed": ("内容被改动", "its content was changed"),
    "missing": ("缺失", "it is missing"),
    "linked": ("与前一条不衔接", "it does not follow the one before"),
    "head": ("链尾与记录不符（末尾被删除）", "the end is not where it was (rows were cut off)"),
    "cut": ("末尾被截断：另处保存的链尾更长", "the end was cut off: an anchor kept elsewhere lies beyond it"),
    "anchor": (
        "与另处保存的链尾不符（整条链被重算）",
        "not as an anchor has it (all was reckoned anew)",
    ),
}
"""What is wrong, in Chinese and English."""


class Anchor(NamedTuple):
    """A row's number and hash, as they were noted elsewhere."""

    id: int
    hash: bytes


class Broken(NamedTuple):
    """The first row that is not as it must be, and how."""

    id: int
    fault: Fault


class Verdict(NamedTuple):
    """`first`, `last`: the rows that are there, 0 for none; `anchors`: how many of those given were compared."""

    first: int
    last: int
    hash: bytes
    anchors: int
    broken: Broken | None


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


async def verify(connection: AsyncConnection, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Reckons the whole chain anew, and compares it with its head and with the anchors."""
    h = audit_head.c
    head = (await connection.execute(select(h.last, h.hash, h.pruned, h.pruned_hash))).first()
    number, before = (head.pruned, head.pruned_hash) if head else (0, START)
    wanted = {anchor.id: anchor.hash for anchor in anchors}
    first, compared = 0, 0
    async for row in every(connection):
        first = first or row.id
        fault: Fault | None = None
        if row.id != number + 1:
            fault = "missing"
        elif row.previous != before:
            fault = "linked"
        elif row.hash != hash_of(row):
            fault = "changed"
        elif row.id in wanted and wanted[row.id] != row.hash:
            fault = "anchor"
        if fault is not None:
            at = number + 1 if fault == "missing" else row.id
            return Verdict(first, row.id, row.hash, compared, Broken(at, fault))
        compared += row.id in wanted
        number, before = row.id, row.hash
    last = head.last if head else 0
    if (number, before) != (last, head.hash if head else START):
        return Verdict(first, number, before, compared, Broken(number + 1, "head"))
    beyond = min((each for each in wanted if each > number), default=0)
    broken = Broken(number + 1, "cut") if beyond else None
    return Verdict(first, number, before, compared, broken)
