"""A file that takes up room, to be thrown overboard: on a truly full disk SQLite cannot even delete. Blocking."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME = "ballast"
BALLAST_BYTES = 2 * 1024 * 1024
_SPARE = 2
"""Taken on board again only when so many times its size is free: else the disk would be full at once."""


class Ballast:
    """The file in the outbox's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def take(self) -> bool:
        """Have it on board if there is room; gives whether it is."""
        if self._path.exists():
            return True
        if shutil.disk_usage(self._path.parent).free < _SPARE * BALLAST_BYTES:
            return False
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        except OSError as error:
            log.debug("no ballast: %s", error)
            with contextlib.suppress(OSError):  # on a disk that is read-only there is nothing to take back
                self._path.unlink(missing_ok=True)
            return False
        return True

    def drop(self) -> bool:
        """Throw it overboard; false when it is gone already."""
        if not self._path.exists():
            return False
        self._path.unlink()
        log.error("the disk under %s is full: dropped the ballast, free some space soon", self._path.parent)
        return True
