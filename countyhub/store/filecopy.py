"""Backups as files: made private, complete before they have their name; and SQLite databases copied while in use."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from countyhub.store.problems import BackupExists, BackupUnreadable, DiskFull, HubRunning
from gridwire import wholefile

_SQLITE, _ZIP = b"SQLite format 3\0", b"PK\x03\x04"


def kind_of(path: Path) -> str:
    """`sqlite` or `archive`. Raises `BackupUnreadable`."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise BackupUnreadable(path=path, reason=error) from error
    if not head:
        raise BackupUnreadable(path=path, reason="0 bytes")
    if head == _SQLITE:
        return "sqlite"
    if head.startswith(_ZIP):
        return "archive"
    raise BackupUnreadable(path=path, reason=f"{bytes(head)[:8]!r} …")


def refuse_existing(path: Path) -> None:
    """Yesterday's backup is not overwritten. Raises `BackupExists`."""
    if path.exists():
        raise BackupExists(path=path)


def create_private(path: Path) -> None:
    """An empty file that nobody else may read: people's names and faces will be in it."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def publish(part: Path, path: Path) -> None:
    """Give a finished file its name, durably."""
    _sync(part)
    part.rename(path)
    wholefile.sync_folder(path.parent)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What SQLite says of a damaged file, as `BackupUnreadable`; locked or full is no damage."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise BackupUnreadable(path=path, reason=error) from error


@contextmanager
def room(target: Path) -> Iterator[None]:
    """A disk that is full where a copy is written says nothing about the database that is read. Raises `DiskFull`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise DiskFull(folder=target.parent) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(folder=target.parent) from error


def copy(source: Path, target: Path) -> dict[str, int]:
    """The database as it is at this moment, whoever writes meanwhile. Returns the rows of each table.

    One step and one read transaction: in WAL mode it sees one commit and holds up nobody. Raises `BackupUnreadable`
    when what was copied is damaged, sqlite3.Error.
    """
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as made, readable(source):
        live.backup(made)
        (found,) = made.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise BackupUnreadable(path=source, reason=found)
        names = [name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: made.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608 - read from the file just now


def verify(path: Path) -> None:
    """A database file as it lies there, every page of it. Raises `BackupUnreadable`, sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as made, readable(path):
        (found,) = made.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise BackupUnreadable(path=path, reason=found)


def beside(database: Path) -> tuple[Path, Path]:
    """SQLite's own files next to a database."""
    return database.with_name(database.name + "-wal"), database.with_name(database.name + "-shm")


def replace(part: Path, database: Path) -> None:
    """Put `part` in the place of `database`. Raises `HubRunning` when anybody has that open."""
    if database.exists() and database.stat().st_size:
        _refuse_if_open(database)
    for name in beside(database):
        name.unlink(missing_ok=True)
    folder = database.parent.stat()
    if os.geteuid() == 0:  # the hub, whose folder it is, must be able to open it
        os.chown(part, folder.st_uid, folder.st_gid)
    publish(part, database)


def _refuse_if_open(database: Path) -> None:
    """In WAL mode every connection holds a shared lock for as long as it is open."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise HubRunning(url=database) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
