"""How far each work has come that goes over a table which only grows: moved in the transaction that does the work, so
that nothing is done twice, whatever dies.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.upsert import write_all
from countyhub.store.worktables import cursor


async def position(connection: AsyncConnection, name: str) -> int | None:
    """The last row dealt with; None before the first start."""
    found: int | None = (await connection.execute(select(cursor.c.value).where(cursor.c.name == name))).scalar()
    return found


async def move(connection: AsyncConnection, places: Mapping[str, int]) -> None:
    """Name -> the row up to which everything is dealt with."""
    rows = [{"name": name, "value": value} for name, value in places.items()]
    await write_all(connection, cursor, rows, key=("name",), update=("value",))
