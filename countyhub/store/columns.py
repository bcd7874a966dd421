"""Column types that mean the same on SQLite and PostgreSQL: instants, and row numbers of 64 bits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

from gridwire.instants import instant, microseconds

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit row number: SQLite gives out numbers by itself only for a column declared INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 in UTC: exact, sortable, without a time zone to get wrong."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(value)
