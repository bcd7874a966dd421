"""Backups: made while the hub runs, of one moment; restored whole or not at all.

Of SQLite it is a database file, which PostgreSQL can take over too; of PostgreSQL an archive (`archive.py`). Restored,
the hub asks the boxes for what came after the backup. Event ids go on well above those that were given out since:
nobody who follows them takes a new event for one seen already.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import URL, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store import archive, engine, filecopy, filerows
from countyhub.store.problems import BackupUnreadable, DatabaseAbsent, DatabaseNotEmpty
from countyhub.store.tables import counter, event

SKIPPED_IDS = 1_000_000
"""More than a county's hub gives out in the days between two backups."""
SKIPPED_CASES = 1000
"""More cases than a county has in a day."""


async def backup(url: URL, path: Path) -> dict[str, int]:
    """Write the database as it is at this moment; returns the rows of each table.

    Raises `BackupExists`, `DiskFull`, `DatabaseAbsent`, `DatabaseNewer`, `DatabaseForeign`,
    `DatabaseUnusable`, OSError.
    """
    filecopy.refuse_existing(path)
    if await engine.check(url) is None:
        raise DatabaseAbsent(url=url.render_as_string())
    part = path.with_name(path.name + ".part")
    filecopy.create_private(part)
    try:
        with engine.told(url), filecopy.room(path):
            if engine.is_postgres(url):
                rows = await archive.write(url, part)
            else:
                rows = await asyncio.to_thread(filecopy.copy, Path(url.database or ""), part)
        filecopy.publish(part, path)
    finally:
        part.unlink(missing_ok=True)
    return rows


async def restore(url: URL, path: Path, *, force: bool = False) -> dict[str, int]:
    """Make the database what it was; returns the rows of each table. `force`: also in place of another hub database.

    Raises `BackupUnreadable`, `DatabaseNewer` (the backup is), `DatabaseNotEmpty`, `HubRunning`, `DiskFull`, and as
    `open_store`; then the database is as before.
    """
    kind = filecopy.kind_of(path)
    if kind == "archive" and not engine.is_postgres(url):
        raise BackupUnreadable(path=path, reason="PostgreSQL -> SQLite")
    if kind == "sqlite":
        filerows.revision(path)
    if await engine.check(url) is not None and not force and await _has_rows(url):
        raise DatabaseNotEmpty(url=url.render_as_string())
    with engine.told(url):
        if engine.is_postgres(url):
            return await archive.read(url, path, skip_ahead)
        return await _restore_file(path, Path(url.database or ""))


async def _restore_file(path: Path, database: Path) -> dict[str, int]:
    """Beside the old one first, brought up to date there; then in its place."""
    database.parent.mkdir(parents=True, exist_ok=True)
    part = database.with_name(database.name + ".part")
    filecopy.create_private(part)
    try:
        with filecopy.room(part):
            rows = await asyncio.to_thread(filecopy.copy, path, part)
        store = await engine.open_store(f"sqlite:///{part}")
        try:
            async with store.write() as connection:
                await skip_ahead(connection)
        finally:
            await store.close()
        await asyncio.to_thread(filecopy.replace, part, database)
    finally:
        for name in (part, *filecopy.beside(part)):
            name.unlink(missing_ok=True)
    return rows


async def skip_ahead(connection: AsyncConnection) -> None:
    """No event id and no case number comes again that was given out after the backup."""
    highest = select(func.coalesce(func.max(event.c.id), 0)).scalar_subquery()
    above = func.coalesce(counter.c.value, highest) + SKIPPED_IDS
    await connection.execute(update(counter).where(counter.c.name == "event").values(value=above))
    days = update(counter).where(counter.c.name.startswith("case-"))
    await connection.execute(days.values(value=counter.c.value + SKIPPED_CASES))


async def _has_rows(url: URL) -> bool:
    """Whether a hub has ever taken anything into it."""
    store = engine.Store(url)
    try:
        with engine.told(url):
            async with store.read() as connection:
                query = "SELECT 1 FROM event_key UNION ALL SELECT 1 FROM box LIMIT 1"
                return (await connection.exec_driver_sql(query)).first() is not None
    finally:
        await store.close()
