"""The end of the chain, noted each day outside of the database: a file in the data folder, and the log.

Whoever can change the database can reckon a new chain; he would have to change the log of every day as well, and
wherever that is sent to.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import reading
from countyhub.audit.chain import Anchor

log = logging.getLogger(__name__)
FILE = "audit-anchors.log"
_LINE = re.compile(r"(\S+) ([0-9]{1,19}) ([0-9a-f]{64})")


async def note(connection: AsyncConnection, folder: Path, now: datetime) -> Anchor:
    """Writes the end of the chain into log and file. Raises OSError for a file that cannot be written."""
    found = await reading.end(connection)
    if found.id:
        log.info("the audit ends with row %d, %s", found.id, found.hash.hex())
        handle = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{now.isoformat(timespec='seconds')} {found.id} {found.hash.hex()}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    return found


def read(path: Path) -> list[Anchor]:
    """Those in a file; lines that are none are left out. Raises OSError but for a file that is not there."""
    return [Anchor(int(found[2]), bytes.fromhex(found[3])) for found in _lines(path)]


def last_noted(path: Path) -> datetime | None:
    """When the newest one in a file was noted; None for none. Raises as `read`."""
    for found in reversed(_lines(path)):
        with contextlib.suppress(ValueError):
            at = datetime.fromisoformat(found[1])
            return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return None


def _lines(path: Path) -> list[re.Match[str]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [found for line in lines if (found := _LINE.fullmatch(line))]
