"""The hub's database file: durable, and what is newer or foreign is refused untouched."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from countyhub.ingest.truetime import true_time
from countyhub.store import tables
from countyhub.store.engine import open_store
from countyhub.store.problems import DatabaseForeign, DatabaseNewer, DatabaseUnusable


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/hub.db"


async def test_opened_again_everything_is_still_there(tmp_path: Path) -> None:
    for _ in range(2):
        store = await open_store(url(tmp_path))
        await store.close()


async def test_a_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    store = await open_store(url(tmp_path))
    async with store.write() as connection:
        found = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")
        ]
    await store.close()
    assert found == ["wal", 2]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')", DatabaseNewer),
        ("CREATE TABLE somebodys (text TEXT)", DatabaseForeign),
    ],
)
async def test_what_is_not_ours_is_refused_untouched(tmp_path: Path, script: str, problem: type[Exception]) -> None:
    path = tmp_path / "hub.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    before = path.read_bytes()
    with pytest.raises(problem):
        await open_store(url(tmp_path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


async def test_garbage_is_named_unusable(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"not a database, surely, whatever it may be" * 50)
    with pytest.raises(DatabaseUnusable):
        await open_store(url(tmp_path))


async def test_instants_come_back_in_utc_to_the_microsecond(tmp_path: Path) -> None:
    store = await open_store(url(tmp_path))
    moments = [datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    async with store.write() as connection:
        rows = [{"box": str(i), "since": moment} for i, moment in enumerate(moments)]
        await connection.execute(tables.box.insert(), rows)
        found = (await connection.execute(select(tables.box.c.since).order_by(tables.box.c.box))).scalars().all()
    await store.close()
    assert list(found) == moments


def test_the_true_time_of_an_event_of_a_box_without_a_clock() -> None:
    booted = datetime(2026, 5, 1, tzinfo=UTC)
    wrong = datetime(1970, 1, 1, tzinfo=UTC)
    told = {"monotonic_ms": 90_000, "clock": "unsynced"}
    happened, recorded = wrong + timedelta(seconds=58), wrong + timedelta(seconds=60)
    assert true_time(happened, recorded, booted=booted, **told) == booted + timedelta(seconds=88)
    assert true_time(happened, recorded, booted=None, **told) is None
    assert true_time(happened, recorded, booted=booted, monotonic_ms=1, clock="synced") == happened
