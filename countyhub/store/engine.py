"""Opens the hub's database, older ones brought up to date, newer or foreign ones refused untouched.

SQLite runs in WAL mode with synchronous=FULL: what `write()` has committed survives a power cut. There is one writer
connection; whoever writes waits for its turn.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, inspect, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from countyhub.store import upgrade
from countyhub.store.problems import DatabaseAbsent, DatabaseOlder, DatabaseUnusable

BUSY_TIMEOUT_S = 10.0
UNAVAILABLE = (DBAPIError, PoolTimeout, OSError)
"""What a database raises that is locked, full, or cannot be reached: to be tried again."""
READERS = 8
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=8388608",
)


class Store:
    """The open database: `write()` for a transaction that changes something, `read()` for one that does not."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = _engine(url, readers=0)
        self._readers = _engine(url, readers=READERS)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on the only writer connection: committed at the end, rolled back by any exception."""
        async with self._turn, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; never waits for the writer."""
        async with self._readers.connect() as connection:
            yield connection

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()


async def open_store(url: str) -> Store:
    """The database at an SQLAlchemy URL, created or upgraded. Raises `DatabaseNewer`, `DatabaseForeign`,
    `DatabaseUnusable`; then nothing in it has been changed."""
    parsed = make_url(url)
    try:
        await check(parsed)
        if parsed.database and parsed.get_backend_name() == "sqlite":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        store = Store(_async_url(parsed))
        async with store.write() as connection:
            await connection.run_sync(upgrade.to_head)
    except (*UNAVAILABLE, sqlite3.Error) as error:
        raise DatabaseUnusable(
            url=parsed.render_as_string(), reason=str(getattr(error, "orig", None) or error)
        ) from error
    return store


async def open_reader(url: str) -> Store:
    """A database that is there, to be read beside the running hub: nothing is created or upgraded.

    Raises `DatabaseAbsent`, `DatabaseOlder`, `DatabaseNewer`, `DatabaseForeign`, `DatabaseUnusable`.
    """
    parsed = make_url(url)
    shown, newest = parsed.render_as_string(), upgrade.revisions()[0]
    try:
        revision = await check(parsed)
    except (*UNAVAILABLE, sqlite3.Error) as error:
        raise DatabaseUnusable(url=shown, reason=str(getattr(error, "orig", None) or error)) from error
    if revision is None:
        raise DatabaseAbsent(url=shown)
    if revision != newest:
        raise DatabaseOlder(url=shown, revision=revision, newest=newest)
    return Store(_async_url(parsed))


async def check(url: URL) -> str | None:
    """The revision of the database, None for an empty or absent one. Changes nothing; raises as `open_store`."""
    if url.get_backend_name() == "sqlite":
        return await asyncio.to_thread(_check_file, Path(url.database or ""))
    engine = create_async_engine(_async_url(url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_check_tables)
    finally:
        await engine.dispose()


def _check_file(path: Path) -> str | None:
    # Opening by SQLAlchemy would switch the file to WAL mode: a newer one is not even touched so far.
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = connection.execute("SELECT version_num FROM alembic_version") if upgrade.TABLE in names else ()
        return upgrade.check_revision(str(path), names, [revision for (revision,) in found])


def _check_tables(connection: Connection) -> str | None:
    names = set(inspect(connection).get_table_names())
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version") if upgrade.TABLE in names else ()
    return upgrade.check_revision(connection.engine.url.render_as_string(), names, [str(row[0]) for row in found])


def _async_url(url: URL) -> URL:
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return url.set(drivername=driver.get(url.get_backend_name(), url.drivername))


def _engine(url: URL, *, readers: int) -> AsyncEngine:
    """`readers=0`: the writer."""
    engine = create_async_engine(url, pool_size=readers or 1, max_overflow=0)
    if url.get_backend_name() != "sqlite":
        return engine

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # Python must not begin transactions on its own: `begun` does
        cursor = connection.cursor()
        for pragma in (f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}", *_PRAGMAS):
            cursor.execute(pragma)
        if readers:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer that begins as a reader can be refused half way, however long it is willing to wait.
        connection.exec_driver_sql("BEGIN" if readers else "BEGIN IMMEDIATE")

    return engine
