"""Many rows at once, on SQLite and PostgreSQL: `INSERT … ON CONFLICT`, which both write alike and SQLAlchemy offers for
each of them apart, and on PostgreSQL one statement for all rows of a table, as arrays by `unnest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Select, Table, bindparam, column, func, select, tuple_
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


async def write_all(connection: AsyncConnection, statement: sqlite.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute the insert for every row; all rows have the same columns, and none comes twice where it may update."""
    if connection.dialect.name != "postgresql":
        await connection.execute(statement, list(rows))
        return
    names = list(rows[0])
    table = cast(Table, statement.table)
    arrays = _unnested([table.c[name] for name in names], [[row[name] for row in rows] for name in names])
    await connection.execute(statement.from_select(names, arrays))


def among(
    connection: AsyncConnection, columns: Sequence[Column[Any]], keys: Sequence[tuple[Any, ...]]
) -> ColumnElement[bool]:
    """Whether the columns are one of the keys (at most `MAX_KEYS`). The same text however many there are, where the
    database keeps what it has planned."""
    if connection.dialect.name != "postgresql":
        return tuple_(*columns).in_(keys)
    return tuple_(*columns).in_(_unnested(columns, list(zip(*keys, strict=True))))


def _unnested(columns: Sequence[Column[Any]], values: Sequence[Sequence[Any]]) -> Select[Any]:
    """Rows of these columns out of one array each."""
    arrays = [
        bindparam(None, list(some), type_=postgresql.ARRAY(given.type, dimensions=1))
        for given, some in zip(columns, values, strict=True)
    ]
    rows = func.unnest(*arrays).table_valued(*(column(given.name, given.type) for given in columns))
    return select(*rows.render_derived(name="given").c)


def portions(items: Sequence[T], size: int = MAX_KEYS) -> Iterator[Sequence[T]]:
    """The items in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
