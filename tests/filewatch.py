"""What happens to a file or in a folder, told by the kernel the moment it happens (inotify(7))."""

from __future__ import annotations

import ctypes
import os
import select
from pathlib import Path
from typing import Self

_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE = 0x2, 0x80, 0x100
_IN_CLOEXEC_NONBLOCK = os.O_CLOEXEC | os.O_NONBLOCK


class _Watch:
    """What the kernel tells of a file or a folder, open inside."""

    def __init__(self, path: Path, events: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = libc.inotify_init1(_IN_CLOEXEC_NONBLOCK)
        if self._descriptor < 0 or libc.inotify_add_watch(self._descriptor, bytes(path), events) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._descriptor)


class Writes(_Watch):
    """Writes to one file, as they happen."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, _IN_MODIFY)

    def wait(self, timeout_s: float) -> bool:
        """Until the next write from now on; false when there was none. Blocking."""
        while select.select([self._descriptor], [], [], 0)[0]:
            os.read(self._descriptor, 65536)
        return bool(select.select([self._descriptor], [], [], timeout_s)[0])


class Arrivals(_Watch):
    """Files that come into a folder, made there or moved to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _IN_MOVED_TO | _IN_CREATE)

    def wait(self, file: Path, timeout_s: float) -> bool:
        """Until this file is there; false when nothing at all has come for so long. Blocking."""
        while not file.exists():
            if not select.select([self._descriptor], [], [], timeout_s)[0]:
                return False
            os.read(self._descriptor, 65536)
        return True
