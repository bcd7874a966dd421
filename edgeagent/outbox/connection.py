"""aiosqlite with one addition: a whole transaction in one visit of its thread, not a visit for each statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from edgeagent.outbox.schema import is_ours

T = TypeVar("T")

_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=8388608",
    "PRAGMA busy_timeout=5000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-2000",
)


class Connection(aiosqlite.Connection):
    """A connection in autocommit mode whose transactions are functions that run on its thread."""

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work(connection)` on the thread and give its result. Raises what it raises (sqlite3.Error)."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


def open_at(path: Path) -> sqlite3.Connection:
    """A plain connection with our pragmas, in autocommit mode. Creates the file. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if is_ours(connection):  # the mode is written into the file, and somebody else's is left untouched
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


async def connect(path: Path) -> Connection:
    """Open the file on a thread of its own. Raises sqlite3.Error."""
    connection = Connection(lambda: open_at(path), 64)
    await connection
    return connection


def transaction(work: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    """`work` between BEGIN IMMEDIATE and COMMIT; rolled back when it raises."""

    def run(connection: sqlite3.Connection) -> T:
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return result

    return run
