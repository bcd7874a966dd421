"""Opens the outbox's file. A damaged one is read out into a fresh one, and put aside until the next rescue."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from edgeagent.outbox import transactions
from edgeagent.outbox.connection import Connection, connect
from edgeagent.outbox.mark import MarkFile
from edgeagent.outbox.numbers import LaneBook
from edgeagent.outbox.salvage import PAGE_BYTES, Salvaged, salvage
from edgeagent.outbox.schema import prepare
from gridwire.events import Lane
from gridwire.identifiers import new_ulid
from gridwire.wholefile import sync_folder

log = logging.getLogger(__name__)

FILE_NAME = "outbox.db"
_SUFFIXES = ("", "-wal", "-shm", ".page1")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TOO_SHORT = sqlite3.SQLITE_IOERR_SHORT_READ
"""The log ends within what its index says: somebody has cut it."""


class Opened(NamedTuple):
    """An open file and its state. `salvaged`: what was saved of a damaged one, what was lost; None if it was well."""

    connection: Connection
    loaded: transactions.Loaded
    salvaged: Salvaged | None


class OutboxFile:
    """Where the outbox lives, and what it needs to know to open."""

    def __init__(self, path: Path, max_mb: int, boot: str, machine: str) -> None:
        self.path = path
        self._max_pages = max_mb * 1024 * 1024 // PAGE_BYTES
        self._boot, self._machine = boot, machine
        self.mark = MarkFile(path.parent)

    async def open(self) -> Opened:
        """Open, create or rescue it. Raises `OutboxNewer`, `NotAnOutbox`, sqlite3.Error, OSError."""
        await asyncio.to_thread(self._tidy)
        if self.path.exists() and self.path.stat().st_size == 0:
            return await self.rescue(None)
        try:
            return Opened(*await self._open(), None)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            log.error("outbox %s is damaged: %s", self.path, error)
        return await self.rescue(None)

    async def rescue(self, known: Mapping[Lane, LaneBook] | None) -> Opened:
        """Read the damaged file out into a fresh one and go on with that. Nobody may have the file open."""
        salvaged = await asyncio.to_thread(self._rescue, known)
        lost = {lane: sum(last - first + 1 for first, last in runs) for lane, runs in salvaged.lost.items()}
        log.error("outbox damaged: %s rows saved, %s lost; the damaged file is kept beside it", salvaged.rows, lost)
        return Opened(*await self._open(), salvaged)

    async def _open(self) -> tuple[Connection, transactions.Loaded]:
        connection = await connect(self.path)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(connection.close)
            await connection.call(lambda db: prepare(db, str(self.path), self._max_pages))
            mark = await asyncio.to_thread(self.mark.read)
            loaded = await connection.call(transactions.load(self._boot, self._machine, mark))
            await asyncio.to_thread(self.mark.streams, loaded.book.streams, loaded.book.lanes)
            undo.pop_all()
        return connection, loaded

    def _tidy(self) -> None:
        """Make the folder; finish or forget a rescue that a crash has interrupted."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._fresh()
        if not fresh.exists():
            return
        if self.path.exists():
            self._remove(fresh)
        else:
            fresh.rename(self.path)

    def _rescue(self, known: Mapping[Lane, LaneBook] | None) -> Salvaged:
        """Fresh file first, complete and closed; only then the names change, in an order that survives a crash."""
        fresh = self._fresh()
        self._remove(fresh)
        for old in self.path.parent.glob(f"{FILE_NAME}.damaged-*"):  # of an earlier rescue: the flash is small
            old.unlink()
        salvaged = salvage(self.path, fresh, self._max_pages, known, self.mark.read())
        aside = self.path.with_name(f"{FILE_NAME}.damaged-{new_ulid()}")
        for suffix in reversed(_SUFFIXES):
            file = self.path.with_name(FILE_NAME + suffix)
            if file.exists():
                file.rename(aside.with_name(aside.name + suffix))
        fresh.rename(self.path)
        sync_folder(self.path.parent)
        return salvaged

    def _fresh(self) -> Path:
        return self.path.with_name(f"{FILE_NAME}.new")

    def _remove(self, file: Path) -> None:
        for suffix in _SUFFIXES:
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file itself is no good. Extended codes are folded to their primary one."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _DAMAGED or code == _TOO_SHORT
