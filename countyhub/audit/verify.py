"""Whether the chain of the audit is whole. Only reads.

The chain tells of any row that was changed, taken out or put in. That the end was cut off, or all of it reckoned anew,
the anchors tell: numbers and hashes that were noted elsewhere each day (`anchors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit.chain import START, Anchor, hash_of
from countyhub.audit.reading import every
from countyhub.store.audittables import audit_head

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
