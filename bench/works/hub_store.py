"""Work j: the hub's inbox on both databases: events made durable a second, and arrays beside executemany."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.plan import Plan
from countyhub.ingest import intake, keys, rows
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import Intake
from countyhub.store import upsert
from countyhub.store.engine import open_store
from gridwire.codec import encode_batch, encode_event
from gridwire.events import Alarm
from tests import postgres
from tests.instances import SOURCE, event

Names = tuple[str, ...]
Rows = Sequence[Mapping[str, Any]]
NAME = "hub-store"
EVENTS = 20_000
WAYS = {"500 a commit": 500, "50 a commit": 50, "one by one": 1}
"""Events of one transaction: what has gathered under load, a message of a box that drains, a live event."""
SHARE = {500: 1.0, 50: 0.5, 1: 0.02}


def run(plan: Plan) -> None:
    if postgres.unavailable():
        print(f"  without PostgreSQL: {postgres.unavailable()}")
    for _ in range(plan.rounds):
        folder = plan.folder / NAME
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for title, many in WAYS.items():
            count = plan.events(round(EVENTS * SHARE[many]))
            for contender, url, way in _contenders(folder, many):
                with way:
                    rate = asyncio.run(_rate(url, count, many))
                plan.results.add(NAME, f"{title}, events/s", contender, rate)
                print(f"  {contender}, {title}: {rate:,.0f}/s")


def _contenders(folder: Path, many: int) -> Iterator[tuple[str, str, contextlib.AbstractContextManager[object]]]:
    yield "SQLite", f"sqlite:///{folder}/{many}.db", contextlib.nullcontext()
    if postgres.unavailable():
        return
    with postgres.Postgres(durable=True) as server:
        yield "PostgreSQL", server.empty(), contextlib.nullcontext()
        yield "PostgreSQL, executemany", server.empty(), _row_by_row()


@contextlib.contextmanager
def _row_by_row() -> Iterator[None]:
    """As SQLAlchemy does it by itself."""

    async def write_all(
        connection: AsyncConnection, table: Table, found: Rows, *, key: Names = (), update: Names = ()
    ) -> None:
        made = upsert.insert(connection, table)
        await connection.execute(upsert.update_with(made, key, update) if update else made, list(found))

    with patch.object(rows, "write_all", write_all), patch.object(keys, "write_all", write_all):
        yield


async def _rate(url: str, count: int, many: int) -> float:
    """From what was read off the wire to the last commit."""
    store = await open_store(url)
    try:
        batches = [_read(first, many) for first in range(1, count + 1, many)]
        inbox = Inbox(store)
        began = time.perf_counter()
        stored = sum([(await inbox.commit(batch)).stored for batch in batches])
        took_s = time.perf_counter() - began
    finally:
        await store.close()
    if stored != len(batches) * many:
        raise RuntimeError(f"{stored} of {len(batches) * many} events stored")
    return stored / took_s


def _read(first: int, many: int) -> list[Intake]:
    """So many alarms in messages of 50, as a box packs them."""
    raws = [encode_event(event(Alarm(kind="motion", state="start"), seq)) for seq in range(first, first + many)]
    packed = [encode_batch(raws[start : start + 50]) for start in range(0, many, 50)]
    return [intake.read(f"{SOURCE}/up/batch", one, received=datetime.now(UTC)) for one in packed]
