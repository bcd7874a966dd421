"""What people ask of the messages by hand: lists of them, sending again, and by which ways a person is reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.engine import Store
from countyhub.store.notifytables import alert, contact, message, parcel, preference
from countyhub.store.upsert import insert, update_with

_AGAIN = ("unknown", "failed")


async def retry(store: Store, ids: Collection[int], now: datetime) -> int:
    """Has parcels sent again that failed or are unknown, under the ids that they had. `ids` empty: all that failed;
    what is unknown must be named, for it may be there already. Returns how many."""
    p = parcel.c
    wanted = (p.id.in_(ids), p.state.in_(_AGAIN)) if ids else (p.state == "failed",)
    again = {"state": "waiting", "due": now, "made": now, "ended": None, "tries": 0}
    async with store.write() as connection:
        return (await connection.execute(update(parcel).where(*wanted).values(**again))).rowcount


async def parcels(connection: AsyncConnection, states: Sequence[str], limit: int) -> Sequence[Row[Any]]:
    """The newest first."""
    query = select(parcel).where(parcel.c.state.in_(states)).order_by(parcel.c.id.desc()).limit(limit)
    return (await connection.execute(query)).all()


async def unpacked(connection: AsyncConnection, limit: int) -> Sequence[Row[Any]]:
    """Messages in no parcel: those that wait for the morning or the budget, and those that reach nobody."""
    query = select(message).where(message.c.state.in_(("waiting", "failed")))
    return (await connection.execute(query.order_by(message.c.id.desc()).limit(limit))).all()


async def calls(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Calls for help that nobody has answered yet."""
    return (await connection.execute(select(alert).where(alert.c.ended.is_(None)).order_by(alert.c.opened))).all()


async def totals(connection: AsyncConnection) -> dict[str, int]:
    """State -> parcels."""
    rows = await connection.execute(select(parcel.c.state, func.count()).group_by(parcel.c.state))
    return {row[0]: row[1] for row in rows}


async def subscribe(store: Store, person: str, channel: str, address: str, now: datetime) -> None:
    """`address` empty: not by this channel. The address was checked by the channel before."""
    async with store.write() as connection:
        new = insert(connection, contact).values(person=person, channel=channel, address=address, changed=now)
        await connection.execute(update_with(new, ("person", "channel"), ("address", "changed")))


async def prefer(store: Store, person: str, *, quiet: str | None = None, language: str | None = None) -> None:
    """Sets one or both, as `quiet.hours` and the languages allow; empty: as the county does."""
    given = {name: value for name, value in (("quiet", quiet), ("language", language)) if value is not None}
    async with store.write() as connection:
        new = insert(connection, preference).values(**({"person": person, "quiet": "", "language": ""} | given))
        await connection.execute(update_with(new, ("person",), tuple(given)))
