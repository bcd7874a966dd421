"""Many rows at once, on SQLite and PostgreSQL: `INSERT … ON CONFLICT`, which both write alike and SQLAlchemy offers for
each of them apart, and on PostgreSQL one statement for all rows of a table, as arrays by `unnest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
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


async def write_all(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: tuple[str, ...] = (),
    update: tuple[str, ...] = (),
) -> None:
    """Insert every row; all have the same columns. With a `key`, a row whose key is there already is left as it is, or
    its columns `update` are set: then none may come twice."""
    names = tuple(rows[0])
    dialect = connection.dialect.name
    statement = _insert(dialect, table, names, key, update)
    if dialect == "postgresql":
        await connection.execute(statement, _arrays(names, [[row[name] for row in rows] for name in names]))
    else:
        await connection.execute(statement, list(rows))


@lru_cache(maxsize=100)
def _insert(
    dialect: str, table: Table, names: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...]
) -> sqlite.Insert:
    """Made once: SQLAlchemy takes longer to put a statement together than the database to execute it for one row."""
    made = cast(sqlite.Insert, postgresql.insert(table)) if dialect == "postgresql" else sqlite.insert(table)
    if dialect == "postgresql":
        made = made.from_select(names, _unnested(tuple(table.c[name] for name in names)))
    if update:
        return update_with(made, key, update)
    return made.on_conflict_do_nothing(index_elements=list(key)) if key else made


def among(dialect: str, columns: tuple[Column[Any], ...]) -> ColumnElement[bool]:
    """Whether the columns are one of the keys that `given` names (at most `MAX_KEYS`). On PostgreSQL the text is the
    same however many there are, so that it is planned once."""
    if dialect == "postgresql":
        return tuple_(*columns).in_(_unnested(columns))
    return tuple_(*columns).in_(bindparam("keys", expanding=True))


def given(dialect: str, columns: tuple[Column[Any], ...], keys: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """The parameters of a statement with `among`."""
    if dialect == "postgresql":
        return _arrays([each.name for each in columns], list(zip(*keys, strict=True)))
    return {"keys": keys}


def _unnested(columns: tuple[Column[Any], ...]) -> Select[Any]:
    """Rows of these columns out of one array each, which are the parameters of `_arrays`."""
    arrays = [bindparam(f"all_{each.name}", type_=postgresql.ARRAY(each.type, dimensions=1)) for each in columns]
    rows = func.unnest(*arrays).table_valued(*(column(each.name, each.type) for each in columns))
    return select(*rows.render_derived(name="given").c)


def _arrays(names: Sequence[str], values: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {f"all_{name}": list(some) for name, some in zip(names, values, strict=True)}


def portions(items: Sequence[T], size: int = MAX_KEYS) -> Iterator[Sequence[T]]:
    """The items in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
