"""The rows of a SQLite database into PostgreSQL: for a county that has outgrown the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from countyhub.store import filecopy, sqlite
from countyhub.store.problems import BackupUnreadable

_OF_TYPE: dict[str, Callable[[Any], object]] = {"boolean": bool, "date": date.fromisoformat, "bytea": bytes}
"""SQLite has no type of its own for these."""
_PIECE = 5000


def revision(path: Path) -> str:
    """Raises `BackupUnreadable`, `DatabaseNewer`, `DatabaseForeign`."""
    with filecopy.readable(path):
        found = sqlite.check_file(path)
    if found is None:
        raise BackupUnreadable(path=path, reason="0 tables")
    return found


async def read(raw: Any, path: Path) -> dict[str, int]:
    """Copy every table into the open transaction of `raw`, whose tables have the file's format. Returns the rows."""
    rows: dict[str, int] = {}
    with closing(_open(path)) as source, filecopy.readable(path):
        source.execute("BEGIN")
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        for (table,) in list(source.execute(query)):
            if table != "alembic_version":
                await raw.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a migration may have put rows there
                rows[table] = await _copy(raw, source, table)
    return rows


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


async def _copy(raw: Any, source: sqlite3.Connection, table: str) -> int:
    types = await raw.fetch(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
        table,
    )
    names = [name for name, _ in types]
    converters = [_OF_TYPE.get(kind) for _, kind in types]
    listed = ", ".join(f'"{name}"' for name in names)
    cursor = source.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608 - names of the catalogue
    total = 0
    while piece := cursor.fetchmany(_PIECE):
        await raw.copy_records_to_table(table, records=_converted(piece, converters), columns=names)
        total += len(piece)
    return total


def _converted(piece: list[Any], converters: list[Callable[[Any], object] | None]) -> Iterator[tuple[object, ...]]:
    for row in piece:
        yield tuple(
            value if convert is None or value is None else convert(value)
            for value, convert in zip(row, converters, strict=True)
        )
