"""Tries dead letters again, e.g. after an upgrade: what can be read now goes the way of every event, by its number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Row, select

from countyhub.ingest import deadletters, intake
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import Intake
from countyhub.store.engine import Store
from countyhub.store.tables import dead_letter
from gridwire import messages


class Retried(NamedTuple):
    """What became of one letter. `problem` is empty when it is stored."""

    id: int
    stored: bool
    problem: str = ""


async def find(store: Store, ids: Sequence[int] = ()) -> AsyncIterator[Row[tuple[object, ...]]]:
    """Letters not stored yet, the oldest first; or those named."""
    last = 0
    while True:
        async with store.read() as connection:
            wanted = [number for number in sorted(set(ids)) if number > last][:200]
            if not ids:
                wanted = await deadletters.open_ids(connection, after=last)
            query = select(dead_letter).where(dead_letter.c.id.in_(wanted)).order_by(dead_letter.c.id)
            rows = (await connection.execute(query)).all()
        for row in rows:
            yield row
        if not wanted:
            return
        last = wanted[-1]


async def retry(store: Store, row: Row[tuple[object, ...]]) -> Retried:
    """Read one letter again, and store what can be read."""
    now = datetime.now(UTC)
    # Not news: it must not change when the box was last seen.
    found = intake.read(row.topic, row.payload, received=row.received, retained=True)
    if found.refused and not found.arrived:
        async with store.write() as connection:
            await deadletters.still_unreadable(connection, row.id, found.refused[0], now)
        return Retried(row.id, False, found.refused[0].problem.text("en"))
    await Inbox(store).commit([_without_state(found)])
    async with store.write() as connection:
        await deadletters.done(connection, row.id, now)
    return Retried(row.id, True)


def _without_state(found: Intake) -> Intake:
    """A status, birth or health of old must not overwrite what the box has said since: only a reply is still news."""
    if isinstance(found.message, messages.Reply):
        return found
    return found._replace(message=None, payload=b"")
