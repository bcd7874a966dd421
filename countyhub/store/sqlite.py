"""SQLite as the hub uses it: WAL with synchronous=FULL, one writer at a time, readers that never wait for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from countyhub.store import upgrade

BUSY_TIMEOUT_S = 10.0
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=8388608",
)


def check_file(path: Path) -> str | None:
    """The revision of the database in a file, None for an empty or absent one; raises as `upgrade.check_revision`.

    Opening it by SQLAlchemy would switch the file to WAL mode: a newer one is not even touched so far.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = connection.execute("SELECT version_num FROM alembic_version") if upgrade.TABLE in names else ()
        return upgrade.check_revision(str(path), names, [revision for (revision,) in found])


class LockFree(sqlite3.Connection):
    """Closed, it holds no lock: SQLite keeps a closed connection and its transaction for as long as a cursor lives, and
    one of an interrupted task may live until the next garbage collection."""

    def close(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was closed before
            if self.in_transaction:
                self.rollback()
        super().close()


def engine(url: URL, *, readers: int) -> AsyncEngine:
    """`readers=0`: the writer."""
    made = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=readers or 1,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"factory": LockFree},
    )

    @event.listens_for(made.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # Python must not begin transactions on its own: `begun` does
        cursor = connection.cursor()
        for pragma in (f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}", *_PRAGMAS):
            cursor.execute(pragma)
        if readers:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(made.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer that begins as a reader can be refused half way, however long it is willing to wait.
        connection.exec_driver_sql("BEGIN" if readers else "BEGIN IMMEDIATE")

    return made
