"""How far a feed has come, in the table `cursor`."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.upsert import insert
from countyhub.store.worktables import cursor


async def load(connection: AsyncConnection, name: str) -> int | None:
    """The last row dealt with; None before the first start."""
    found: int | None = (await connection.execute(select(cursor.c.value).where(cursor.c.name == name))).scalar()
    return found


async def move(connection: AsyncConnection, name: str, value: int) -> None:
    statement = insert(connection, cursor).values(name=name, value=value)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
