"""The limit for stores on SQLite: sqlite3 alone, WAL, synchronous=FULL, a transaction for each append."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from bench.peers import stores


class RawSqlite:
    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "raw.db", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE event(n INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        self._lock = threading.Lock()

    def append(self, bodies: Sequence[bytes]) -> None:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO event(body) VALUES (?)", [(body,) for body in bodies])
            self._db.execute("COMMIT")

    def settle(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        self._db.close()


if __name__ == "__main__":
    stores.main(RawSqlite)
