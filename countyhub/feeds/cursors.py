"""How far a feed has come, in the table `cursor`, moved when what stands before it is through; and what it left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store import aside
from countyhub.store.upsert import insert
from countyhub.store.worktables import cursor


async def load(connection: AsyncConnection, name: str) -> int | None:
    """The last row dealt with; None before the first start."""
    found: int | None = (await connection.execute(select(cursor.c.value).where(cursor.c.name == name))).scalar()
    return found


async def move(connection: AsyncConnection, name: str, value: int) -> None:
    statement = insert(connection, cursor).values(name=name, value=value)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def put_aside(connection: AsyncConnection, feed: str, unreadable: Mapping[int, str]) -> None:
    """Events that a feed leaves out for good; in the transaction that moves the cursor over them."""
    for event_id, why in unreadable.items():
        await aside.put(connection, feed, f"event {event_id}", why, datetime.now(UTC), row=event_id)
