"""What a follower could not write or read is put aside, one row each, so that it holds up nothing else: visible in
`countyhub check`, counted in the metrics, until a person has seen to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, delete, func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.upsert import insert
from countyhub.store.worktables import aside

REFUSED: Final = (DataError, IntegrityError, OverflowError, ValueError, msgspec.MsgspecError)
"""What one row can do to the work on many: the database refuses it, it cannot be encoded, or it cannot be read. It
would be so at every try, unlike the rest of `engine.UNAVAILABLE`, which contains the first two: catch these first."""
WORKS: Final = ("correlate", "notify", "escalation", "feed-mqtt", "feed-webhook")
MOST_IN_A_ROW: Final = 20
"""When as many were put aside one after the other, it is not they that are at fault."""
MAX_REASON: Final = 500


async def put(connection: AsyncConnection, work: str, key: str, error: object, now: datetime, *, row: int = 0) -> None:
    """In the caller's transaction. `work`: who could not do it; `key`: of what; `row`: number of the event, if it was
    one. What is there already stays."""
    values = {"work": work, "key": key, "row": row, "at": now, "reason": reason(error)}
    await connection.execute(insert(connection, aside).values(**values).on_conflict_do_nothing())


def reason(error: object) -> str:
    """As every database takes it; the statement and its values stand in the log only."""
    if isinstance(error, BaseException):
        error = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"
    return storable(str(error), MAX_REASON)


def storable(text: str, max_length: int) -> str:
    """What both databases take: PostgreSQL stores no NUL, neither of them half characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:max_length]


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """Work -> what was put aside and nobody has seen to."""
    rows = await connection.execute(select(aside.c.work, func.count()).group_by(aside.c.work))
    return {row[0]: row[1] for row in rows}


async def listed(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """All of it, the oldest first."""
    query = select(aside).order_by(aside.c.at, aside.c.work, aside.c.row, aside.c.key)
    return (await connection.execute(query)).all()


async def settle(connection: AsyncConnection, work: str, key: str) -> int:
    """A person has seen to it; how many there were."""
    return (await connection.execute(delete(aside).where(aside.c.work == work, aside.c.key == key))).rowcount
