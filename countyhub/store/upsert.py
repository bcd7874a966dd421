"""`INSERT … ON CONFLICT`, which SQLite and PostgreSQL write alike and SQLAlchemy offers for each of them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

MAX_KEYS = 2000
"""Keys of one `IN (…)`: four values each stay below SQLite's 32,766 variables a statement."""


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert:
    """An insert with `on_conflict_do_nothing` and `on_conflict_do_update`, whose arguments are the same for both."""
    if connection.dialect.name == "postgresql":
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)


def update_with(statement: sqlite.Insert, key: Sequence[str], columns: Sequence[str]) -> sqlite.Insert:
    """The insert, or where `key` exists already an update of `columns` with the values given."""
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={column: statement.excluded[column] for column in columns}
    )


def portions(items: Sequence[T], size: int = MAX_KEYS) -> Iterator[Sequence[T]]:
    """The items in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
