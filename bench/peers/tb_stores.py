"""ThingsBoard Gateway's own storage classes, fed as its service feeds them: text, from one thread at a time.

SQLite: `put` queues in memory and says stored; a thread writes, synchronous=NORMAL. Settings are those of its code.
File: `put` writes base64 and closes the file, without fsync. Settings are those of its shipped tb_gateway.json.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from thingsboard_gateway.storage.file.file_event_storage import (  # type: ignore[import-not-found]
    FileEventStorage,
)
from thingsboard_gateway.storage.sqlite.sqlite_event_storage import (  # type: ignore[import-not-found]
    SQLiteEventStorage,
)
from thingsboard_gateway.tb_utility.tb_logger import TbLogger  # type: ignore[import-not-found]

from bench.peers import stores

FILE_SETTINGS = {"max_file_count": 10, "max_records_per_file": 10000, "max_read_records_count": 10}


def logger() -> logging.Logger:
    """Its storages log at a level of their own, which plain loggers do not know."""
    logging.setLoggerClass(TbLogger)
    log = logging.getLogger("storage")
    log.setLevel(logging.WARNING)
    return log


class TbSqlite:
    def __init__(self, folder: Path) -> None:
        self.events = SQLiteEventStorage({"data_file_path": f"{folder}/"}, logger(), threading.Event())
        self._count = 0
        self._lock = threading.Lock()

    def append(self, bodies: Sequence[bytes]) -> None:
        with self._lock:
            for body in bodies:
                if not self.events.put(body.decode()):
                    raise RuntimeError("the storage refuses")
            self._count += len(bodies)

    def settle(self) -> None:
        while self.events.write_queue.qsize() or self.events.len() < self._count:
            time.sleep(0.005)

    def close(self) -> None:
        self.events.stop()


class TbFile:
    def __init__(self, folder: Path) -> None:
        settings = {"data_folder_path": f"{folder}/", **FILE_SETTINGS}
        self.events = FileEventStorage(settings, logger(), threading.Event())
        self._lock = threading.Lock()

    def append(self, bodies: Sequence[bytes]) -> None:
        with self._lock:
            for body in bodies:
                if not self.events.put(body.decode()):
                    raise RuntimeError("the storage refuses")

    def settle(self) -> None:
        """Nothing is left that it would do."""

    def close(self) -> None:
        self.events.stop()


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    stores.main(TbSqlite if kind == "sqlite" else TbFile)
