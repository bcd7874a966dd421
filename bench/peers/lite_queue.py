"""litequeue, as it comes: WAL, synchronous=NORMAL. Its `transaction()` makes a batch of several puts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import litequeue  # type: ignore[import-not-found]  # in the peers' environment only

from bench.peers import stores


class LiteQueue:
    def __init__(self, folder: Path) -> None:
        self._queue = litequeue.LiteQueue(str(folder / "queue.db"))
        self._lock = threading.Lock()

    def append(self, bodies: Sequence[bytes]) -> None:
        with self._lock:
            if len(bodies) == 1:
                self._queue.put(bodies[0].decode())
                return
            with self._queue.transaction():
                for body in bodies:
                    self._queue.put(body.decode())

    def settle(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        self._queue.conn.close()


if __name__ == "__main__":
    stores.main(LiteQueue)
