"""A folder of backups: a new one under the moment it was made at, and the oldest given up once the new one is good.

Good: on the disk, read again from there, and whole. Whatever goes wrong before that leaves every older one where it is.
Files of other names are nobody's business here.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL

from countyhub.store import archive, backup, filecopy
from countyhub.store.problems import BackupFolderAbsent, BackupUnreadable

_NAMED = re.compile(r"hub-\d{8}T\d{6}Z\.backup")
_PARTS = "hub-*.backup.part"
_CUT_OFF = timedelta(days=1)
"""A part so old is nobody's any more: the power failed in the middle."""


class Made(NamedTuple):
    """`rows` of each table; `given_up`: older backups that are gone."""

    path: Path
    rows: dict[str, int]
    given_up: tuple[Path, ...]


async def make(url: URL, folder: Path, keep: int, now: datetime) -> Made:
    """One more backup, and then no more than `keep` in all (every night: BACKUP_KEEP of the unit). A database
    without events gives up no older one: it may be the wrong database. Raises `BackupFolderAbsent`, and as
    `backup.backup` and `verify`."""
    await asyncio.to_thread(_require, folder)
    path = folder / f"hub-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    rows = await backup.backup(url, path)
    try:
        await asyncio.to_thread(verify, path)
    except BackupUnreadable:
        path.unlink(missing_ok=True)  # else it would count as one of the older the next time
        raise
    kept = keep if rows.get("event", 0) else None
    return Made(path, rows, await asyncio.to_thread(_give_up, folder, path, kept, now))


def verify(path: Path) -> None:
    """Read it whole. Raises `BackupUnreadable`, OSError."""
    if filecopy.kind_of(path) == "archive":
        archive.verify(path)
    else:
        filecopy.verify(path)


def _require(folder: Path) -> None:
    if not folder.is_dir():
        raise BackupFolderAbsent(path=folder)


def _give_up(folder: Path, newest: Path, keep: int | None, now: datetime) -> tuple[Path, ...]:
    """The oldest, so that `keep` stay in all; None: all stay."""
    older = sorted(each for each in folder.iterdir() if _NAMED.fullmatch(each.name) and each != newest)
    surplus = older[: max(0, len(older) + 1 - keep)] if keep is not None else []
    for each in (*surplus, *_cut_off(folder, now)):
        each.unlink(missing_ok=True)
    return tuple(surplus)


def _cut_off(folder: Path, now: datetime) -> list[Path]:
    return [each for each in folder.glob(_PARTS) if now.timestamp() - each.stat().st_mtime > _CUT_OFF.total_seconds()]
