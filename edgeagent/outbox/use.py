"""How much of its room the outbox uses, and what is left on the disk beneath it. Blocking: in a thread."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edgeagent.outbox import transactions


class StoreUse(msgspec.Struct, frozen=True, kw_only=True):
    """The disk. An outbox at its quota is usual: acknowledged events stay until their room is needed."""

    outbox_bytes: Annotated[int, Meta(description="outbox: bytes in use, free pages left out")]
    outbox_max_bytes: Annotated[int, Meta(description="its quota, bytes")]
    pictures_bytes: Annotated[int, Meta(description="pictures, bytes")]
    pictures_max_bytes: Annotated[int, Meta(description="their quota, bytes")]
    full: Annotated[bool, Meta(description="the last event found no room and was refused")]
    unwritable: Annotated[str, Meta(description="why the last event was refused when it was not for want of room")] = ""
    disk_free_bytes: Annotated[int, Meta(description="free on the disk beneath, bytes")] = 0
    disk_size_bytes: Annotated[int, Meta(description="size of that disk, bytes; 0: unknown")] = 0


def is_full(error: sqlite3.Error | OSError) -> bool:
    """Whether it was room that was missing: of the quota, or of the disk. All else a larger quota does not mend."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return error.sqlite_errorcode == sqlite3.SQLITE_FULL


def bytes_in_use(path: Path) -> int:
    """Of the outbox's file, its WAL included and free pages left out: what stat() says of either is neither.

    Raises sqlite3.Error.
    """
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        used, _, page_bytes = transactions.pages(connection)
    return used * page_bytes


def disk(folder: Path) -> tuple[int, int]:
    """Bytes free for us, and of all; 0 and 0 where the file system does not say."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0, 0
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
