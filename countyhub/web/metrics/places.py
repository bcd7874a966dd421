"""What the metrics say of the machine's files: room on the disk, ends of certificates and lists, the last backup."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from countyhub.ca import renewal
from countyhub.ca.authority import CaBroken, NoCa
from countyhub.ca.files import KeyOpen
from countyhub.ca.renewal import Ends
from countyhub.config import Config
from countyhub.store import backupstamp


class Places(NamedTuple):
    """None: there is none, or it cannot be read; `keeper` and `check` say why."""

    free_bytes: int | None = None
    size_bytes: int | None = None
    ends: Ends | None = None
    backup: datetime | None = None


def look(config: Config, now: datetime) -> Places:
    """A few system calls and small files; to be called in a thread."""
    free, size = _disk(Path(config.data_dir))
    return Places(free, size, _ends(config, now), backupstamp.read(Path(config.data_dir)))


def _disk(folder: Path) -> tuple[int | None, int | None]:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None, None
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


def _ends(config: Config, now: datetime) -> Ends | None:
    try:
        return renewal.ends(config, now)
    except (OSError, ValueError, NoCa, CaBroken, KeyOpen):
        return None
