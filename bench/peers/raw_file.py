"""The limit of the disk: append to a file, fdatasync. No checksum, no order, no way to delete."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from bench.peers import stores


class RawFile:
    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "events", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._lock = threading.Lock()

    def append(self, bodies: Sequence[bytes]) -> None:
        with self._lock:
            os.write(self._file, b"\n".join([*bodies, b""]))
            os.fdatasync(self._file)

    def settle(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        os.close(self._file)


if __name__ == "__main__":
    stores.main(RawFile)
