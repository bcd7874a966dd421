"""Boxes that are not what they seem: two machines under one id, or a storage that was set back. Found, told, no more.

Nothing is lost or doubled by either, since every start of an agent begins new streams; but a person has to look: it is
kept in `identity_fault`, and shown by `overview.attention`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.tables import box_boot, identity_fault
from countyhub.store.upsert import insert

MAX_BOOTS = 50
"""Boot ids remembered of a box: the newest ones."""


async def note_boot(connection: AsyncConnection, box: str, boot: str, now: datetime) -> None:
    """A box says that it is online.

    A boot id is made anew at every boot and never comes back, so one that does, after another was seen, belongs
    to a second machine: a cloned disk, or a certificate installed twice.
    """
    c = box_boot.c
    query = select(c.boot).where(c.box == box).order_by(c.first_seen, c.boot)
    boots = list((await connection.execute(query)).scalars())
    if boot in boots[:-1]:
        await note_fault(connection, box, "twin", boot, now)
    statement = insert(connection, box_boot).values(box=box, boot=boot, first_seen=now, last_seen=now)
    statement = statement.on_conflict_do_update(index_elements=["box", "boot"], set_={"last_seen": now})
    await connection.execute(statement)
    old = boots[: max(len(boots) - MAX_BOOTS, 0)]
    if old:
        await connection.execute(delete(box_boot).where(c.box == box, c.boot.in_(old)))


async def note_rolled_back(connection: AsyncConnection, box: str, streams: Iterable[str], now: datetime) -> None:
    """The hub has, or was told of, numbers of these streams that the box says it never gave: its storage is older."""
    for stream in streams:
        await note_fault(connection, box, "rolled_back", stream, now)


async def note_fault(connection: AsyncConnection, box: str, kind: str, about: str, now: datetime) -> None:
    statement = insert(connection, identity_fault).values(
        box=box, kind=kind, about=about, first_seen=now, last_seen=now, count=1
    )
    statement = statement.on_conflict_do_update(
        index_elements=["box", "kind", "about"],
        set_={"last_seen": now, "count": func.coalesce(identity_fault.c.count, 0) + 1},
    )
    await connection.execute(statement)
