"""The outbox's file: its tables, its format version, and how an older one is brought forward.

A lane's table is as lean as it can be: a row number `n` that never repeats in the file, a checksum, the bytes. The
number on the wire is `n - base`, where `base` belongs to the stream that the row was born in (table `part`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gridwire.events import LANES
from gridwire.problem import Problem

APPLICATION_ID = 0x47574F42  # "GWOB"
Step: TypeAlias = Callable[[sqlite3.Connection], None]


class OutboxNewer(Problem):
    code = "outbox.newer"
    en = "{path} was written by a newer release (format {found}, this one knows {known}): install that release again"
    zh = "{path} 由更新的版本写成（格式 {found}，本版本只认识 {known}），请装回新版本；文件未改动"


class NotAnOutbox(Problem):
    code = "outbox.foreign-file"
    en = "{path} is a database, but no outbox: move it away or set store.dir to another folder"
    zh = "{path} 是数据库文件，但不是待发库：请移走它，或把 store.dir 改到别的目录"


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether a file is an outbox, or empty. Changes nothing. Raises sqlite3.Error."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(application == APPLICATION_ID or not tables)


def check(connection: sqlite3.Connection, path: str) -> int:
    """The format version of a file; 0 when nothing is in it. Changes nothing.

    Raises `OutboxNewer`, `NotAnOutbox`, sqlite3.Error.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if not is_ours(connection):
        raise NotAnOutbox(path=path)
    if version > VERSION:
        raise OutboxNewer(path=path, found=version, known=VERSION)
    return version


def prepare(connection: sqlite3.Connection, path: str, max_pages: int) -> None:
    """Make the tables in a new file, bring an old one forward. Raises `OutboxNewer`, `NotAnOutbox`, sqlite3.Error."""
    migrate(connection, check(connection, path), STEPS)
    connection.execute(f"PRAGMA max_page_count={max_pages}")


def migrate(connection: sqlite3.Connection, version: int, steps: Sequence[Step]) -> None:
    """Take the steps that the file lacks, each in a transaction with its number: a crash leaves a whole format."""
    for number, step in enumerate(steps[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _first_format(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE stream(no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
        "boot TEXT NOT NULL, machine TEXT NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE part(stream INTEGER NOT NULL, lane TEXT NOT NULL, base INTEGER NOT NULL, "
        "PRIMARY KEY(stream, lane)) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE settled(lane TEXT PRIMARY KEY, ranges TEXT NOT NULL, gone TEXT NOT NULL) WITHOUT ROWID"
    )
    for lane in LANES:
        connection.execute(f"CREATE TABLE {lane}(n INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL)")
    connection.execute("CREATE TABLE memory(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
    marks = ", ".join(f"{lane} INTEGER NOT NULL" for lane in LANES)
    connection.execute(f"CREATE TABLE mark(hour INTEGER PRIMARY KEY, {marks})")


STEPS: tuple[Step, ...] = (_first_format,)
"""Step n makes format n of format n-1. Released steps never change.

A step that makes tables must leave a new file and a migrated one with the same tables on the same pages, or teach
`salvage` the difference.
"""
VERSION = len(STEPS)
