"""What was answered to a POST with an `Idempotency-Key`, for a day: the same request again does nothing, and hears the
same. A request that was cut off in between may be sent again after a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.problems import InProgress, KeyReused
from countyhub.store.tokentables import api_answer as table
from countyhub.store.upsert import insert

KEPT = timedelta(hours=24)
LOST = timedelta(seconds=60)
"""Nothing takes so long: whoever was answering is gone."""
KEY_PATTERN = r"^[!-~]{1,64}$(?!\n)"


class Answered(NamedTuple):
    """An answer as it goes over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class Asked(NamedTuple):
    """A request that may come again: whose it is, its key, and what was asked."""

    token: int
    key: str
    digest: bytes


def asked(token: int, key: str, method: str, target: str, body: bytes) -> Asked:
    """`target`: path and query."""
    return Asked(token, key, hashlib.sha256(f"{method} {target}\n".encode() + body).digest())


async def begin(connection: AsyncConnection, ask: Asked, now: datetime) -> Answered | None:
    """The answer that was given; None when it is ours to answer. Raises `KeyReused`, `InProgress`."""
    await connection.execute(delete(table).where(table.c.at < now - KEPT))
    fresh = {"token": ask.token, "key": ask.key, "request": ask.digest, "at": now}
    new = insert(connection, table).values(**fresh).on_conflict_do_nothing(index_elements=["token", "key"])
    if (await connection.execute(new)).rowcount == 1:
        return None
    row = (await connection.execute(select(table).where(_is(ask)))).one()
    if row.request != ask.digest:
        raise KeyReused
    if row.status is not None:
        headers = msgspec.json.decode(row.headers, type=dict[str, str])
        return Answered(row.status, headers, row.body)
    mine = update(table).where(_is(ask), table.c.status.is_(None), table.c.at < now - LOST).values(at=now)
    if (await connection.execute(mine)).rowcount != 1:
        raise InProgress(headers={"retry-after": "2"})
    return None


async def keep(connection: AsyncConnection, ask: Asked, answer: Answered) -> None:
    """Best in the transaction that does what was asked: then it is done once, whatever dies."""
    headers: Mapping[str, str] = answer.headers
    values = {"status": answer.status, "headers": msgspec.json.encode(headers), "body": answer.body}
    await connection.execute(update(table).where(_is(ask)).values(**values))


async def forget(connection: AsyncConnection, ask: Asked) -> None:
    """It was refused, so nothing was done: it may be asked again."""
    await connection.execute(delete(table).where(_is(ask), table.c.status.is_(None)))


def _is(ask: Asked) -> ColumnElement[bool]:
    return and_(table.c.token == ask.token, table.c.key == ask.key)
