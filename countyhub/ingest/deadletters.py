"""Dead letters: what could not be read, kept whole with the reason, once for the same bytes on the same topic.

An event's number, where it can be told, counts as taken with it (`rows`): the box is answered and keeps it no longer.
`rereading` tries later whether it can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest.intake import MAX_KEPT_BYTES, Intake
from countyhub.ingest.keys import EventKey
from countyhub.store.tables import dead_letter
from countyhub.store.upsert import insert
from gridwire.codec import Refused

MAX_TEXT = 2000


async def bury(connection: AsyncConnection, intake: Intake, refused: Refused) -> int:
    """Keep it; the same bytes again only count. Returns the row's id."""
    statement = insert(connection, dead_letter).values(_columns(intake, refused))
    statement = statement.on_conflict_do_update(
        index_elements=["topic", "digest"],
        set_={
            "count": dead_letter.c.count + 1,
            "last_received": statement.excluded.last_received,
            "stream": func.coalesce(dead_letter.c.stream, statement.excluded.stream),
            "lane": func.coalesce(dead_letter.c.lane, statement.excluded.lane),
            "seq": func.coalesce(dead_letter.c.seq, statement.excluded.seq),
        },
    )
    row = await connection.execute(statement.returning(dead_letter.c.id))
    return int(row.scalar_one())


def _columns(intake: Intake, refused: Refused) -> dict[str, object]:
    stream, lane, seq = refused.key or (None, None, None)
    return {
        "box": intake.box,
        "topic": intake.topic,
        "payload": refused.raw[:MAX_KEPT_BYTES],
        "size": len(refused.raw),
        "code": refused.problem.code,
        **_texts(refused),
        "received": intake.received,
        "last_received": intake.received,
        "count": 1,
        "digest": refused.digest,
        "stream": stream,
        "lane": lane,
        "seq": seq,
    }


def _texts(refused: Refused) -> dict[str, str]:
    """The reason; facts quoted in it come from outside, and what no database takes must not spoil a dead letter."""
    zh, en = (
        text.encode(errors="replace").decode().replace("\0", "�")[:MAX_TEXT]
        for text in (refused.problem.text("zh"), refused.problem.text("en"))
    )
    return {"text_zh": zh, "text_en": en}


async def dig_up(connection: AsyncConnection, keys: Sequence[EventKey], now: datetime) -> None:
    """These can be read now and are stored."""
    c = dead_letter.c
    for key in keys:
        same = and_(c.box == key.box, c.stream == key.stream, c.lane == key.lane, c.seq == key.seq)
        await connection.execute(update(dead_letter).where(same).values(stored=now))


async def still_unreadable(connection: AsyncConnection, letter: int, refused: Refused, now: datetime) -> None:
    """Tried again in vain; the reason may be another one now."""
    await connection.execute(
        update(dead_letter)
        .where(dead_letter.c.id == letter)
        .values(
            retried=now,
            code=refused.problem.code,
            **_texts(refused),
        )
    )


async def done(connection: AsyncConnection, letter: int, now: datetime) -> None:
    """Everything in it could be read, or has been filed anew."""
    await connection.execute(update(dead_letter).where(dead_letter.c.id == letter).values(retried=now, stored=now))


async def open_ids(connection: AsyncConnection, after: int = 0, limit: int = 200) -> list[int]:
    """Letters that are not stored yet, the oldest first."""
    c = dead_letter.c
    query = select(c.id).where(c.stored.is_(None), c.id > after).order_by(c.id).limit(limit)
    return list((await connection.execute(query)).scalars())
