"""persist-queue's SQLiteAckQueue, as it comes: WAL, SQLite's default synchronous=FULL, a commit for each put.

It has no put of several, so that a batch is as many commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import persistqueue  # type: ignore[import-not-found]  # in the peers' environment only

from bench.peers import stores


class PersistQueue:
    def __init__(self, folder: Path) -> None:
        self._queue = persistqueue.SQLiteAckQueue(str(folder), multithreading=True)

    def append(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._queue.put(body)

    def settle(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        self._queue.close()


if __name__ == "__main__":
    stores.main(PersistQueue)
