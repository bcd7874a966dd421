"""Opens the outbox's file; a damaged one is put aside, never deleted, and a new one begun."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from edgeagent.outbox import transactions
from edgeagent.outbox.connection import Connection, connect
from edgeagent.outbox.schema import prepare
from gridwire.codes import new_ulid

log = logging.getLogger(__name__)

FILE_NAME = "outbox.db"
PAGE_BYTES = 4096
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


async def open_or_quarantine(
    path: Path, max_mb: int, boot: str, machine: str
) -> tuple[Connection, transactions.Loaded]:
    """Open the file and read its state. Raises `OutboxNewer`, `NotAnOutbox`, and sqlite3.Error of other kinds."""
    try:
        return await _open(path, max_mb, boot, machine)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in DAMAGED:
            raise
        log.error("outbox %s is damaged (%s): put aside, beginning a new one", path, error)
    quarantine(path)
    return await _open(path, max_mb, boot, machine)


def quarantine(path: Path) -> Path:
    """Rename file, WAL and index to one new name; gives it."""
    aside = path.with_name(f"{path.name}.damaged-{new_ulid()}")
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside


async def _open(path: Path, max_mb: int, boot: str, machine: str) -> tuple[Connection, transactions.Loaded]:
    path.parent.mkdir(parents=True, exist_ok=True)  # once, at start
    connection = await connect(path)
    try:
        await connection.call(lambda db: prepare(db, str(path), max_mb * 1024 * 1024 // PAGE_BYTES))
        loaded = await connection.call(transactions.load(boot, machine))
    except BaseException:
        await connection.close()
        raise
    return connection, loaded
