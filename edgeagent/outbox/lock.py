"""One agent at a time for a store: two of them would give the same numbers to different events."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gridwire.problem import Problem

FILE_NAME = "lock"


class OutboxInUse(Problem):
    code = "outbox.in-use"
    en = "{folder} is in use by another agent (process {pid}): stop that one, or set another store.dir"
    zh = "{folder} 正被另一个代理进程（{pid}）使用：请先停止该进程，或另设 store.dir"


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep the folder for this process; the kernel lets go of it however the process ends.

    Raises `OutboxInUse`, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise OutboxInUse(folder=folder, pid=pid or "?") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
