"""Files that are found whole or as they were, never half: written beside, flushed, then put in place in one step.

Raises OSError only: what a command or a service says of it is a problem of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """Whose a file is to be. Only root can say so."""

    uid: int
    gid: int


def replace(
    path: Path,
    data: bytes,
    *,
    mode: int | None = None,
    owner: Owner | None = None,
    on_disk: bool = True,
    last_look: Callable[[], None] | None = None,
) -> None:
    """Put the bytes there, in place of what is there. Raises OSError, with the old file untouched.

    `mode`: whatever the umask; None: as the umask says. `on_disk`: a power cut right after it finds the new one; else
    the old one or the new. `last_look` is called when all is written: what it raises leaves the old file too.
    """
    fresh = _beside(path)
    try:
        _written(fresh, data, mode, owner, on_disk=on_disk)
        if last_look is not None:
            last_look()
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)  # there only when it did not become the file
    if on_disk:
        sync_folder(path.parent)


def create(path: Path, data: bytes, *, mode: int) -> None:
    """The same for a file that is not there yet. Raises FileExistsError, with that file untouched; OSError."""
    fresh = _beside(path)
    try:
        _written(fresh, data, mode, None, on_disk=True)
        os.link(fresh, path)  # unlike a rename this never replaces one that is there
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What was put into the folder, renamed or removed there, is so after a power cut too. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def owner_like(path: Path) -> Owner | None:
    """Root sets up, another user runs: what root makes belongs to the owner of what is around it. None: not root."""
    if os.geteuid() != 0:
        return None
    status = path.stat()
    return Owner(status.st_uid, status.st_gid)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _written(fresh: Path, data: bytes, mode: int | None, owner: Owner | None, *, on_disk: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(fresh, flags, 0o666 if mode is None else mode & 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if owner is not None:
            os.fchown(descriptor, *owner)
        if mode is not None:
            os.fchmod(descriptor, mode)
        file.flush()
        if on_disk:
            os.fsync(descriptor)
