"""The inbox in monthly parts on PostgreSQL: made ahead and at need, given up whole. SQLite has one table and no parts.

Rows for which no month exists (a clock gone mad, a part that could not be made just then) are taken by `event_default`
and moved when their month is made. A month is UTC, of `received`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from gridwire.instants import microseconds

DEFAULT = "event_default"
LOCK_NOT_AVAILABLE = "55P03"
"""SQLSTATE of a part that cannot be made or given up because somebody reads."""
_NAME = re.compile(r"event_y(\d{4})m(\d{2})")
LISTED = (
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
    "WHERE inhparent = to_regclass('event') ORDER BY child.relname"
)


class Month(NamedTuple):
    """A calendar month in UTC."""

    year: int
    month: int

    @property
    def begin(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it; raises ValueError for December 9999."""
        return self.next.begin

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def table(self) -> str:
        """The partition's name."""
        return f"event_y{self.year:04}m{self.month:02}"


def month_of(moment: datetime) -> Month:
    at = moment.astimezone(UTC)
    return Month(at.year, at.month)


def ahead(now: datetime, months: int = 2) -> list[Month]:
    """The running month and those after it."""
    wanted = [month_of(now)]
    for _ in range(months):
        wanted.append(wanted[-1].next)
    return wanted


def month_named(table: str) -> Month | None:
    """The month of a part; None for `event_default`."""
    match = _NAME.fullmatch(table)
    return Month(int(match[1]), int(match[2])) if match else None


def existing(connection: Connection) -> list[Month]:
    """The months that have a part, in order."""
    found = (month_named(str(row[0])) for row in connection.exec_driver_sql(LISTED))
    return [month for month in found if month]


def make(connection: Connection, wanted: Iterable[Month]) -> list[Month]:
    """Make the parts that are not there, with what `event_default` holds of them. Returns those made.

    Made apart and attached: readers and writers of other months go on meanwhile.
    """
    there = set(existing(connection))
    made = [month for month in wanted if month not in there and month.year < 9999]
    for month in made:
        first, last = microseconds(month.begin), microseconds(month.end)
        connection.exec_driver_sql(f"CREATE TABLE {month.table} (LIKE event INCLUDING DEFAULTS)")
        connection.exec_driver_sql(
            f"WITH moved AS (DELETE FROM {DEFAULT} WHERE received >= {first} AND received < {last} RETURNING *) "  # noqa: S608 - our own names and numbers
            f"INSERT INTO {month.table} SELECT * FROM moved"
        )
        connection.exec_driver_sql(
            f"ALTER TABLE event ATTACH PARTITION {month.table} FOR VALUES FROM ({first}) TO ({last})"
        )
    return made


def strays(connection: Connection) -> list[Month]:
    """Months of rows that `event_default` holds."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT date_trunc('month', to_timestamp(received / 1000000) AT TIME ZONE 'UTC') "  # noqa: S608 - our own name and number
        f"FROM {DEFAULT} WHERE received BETWEEN 0 AND {microseconds(datetime(9998, 1, 1, tzinfo=UTC))}"
    )
    return sorted(Month(row[0].year, row[0].month) for row in rows)


def drop(connection: Connection, months: Iterable[Month], kept: str = "FALSE") -> None:
    """Give up whole months, but for the rows for which the condition `kept` holds: `event_default` takes them."""
    for month in months:
        connection.exec_driver_sql(f"ALTER TABLE event DETACH PARTITION {month.table}")
        connection.exec_driver_sql(f"INSERT INTO event SELECT * FROM {month.table} WHERE {kept}")  # noqa: S608 - ours
        connection.exec_driver_sql(f"DROP TABLE {month.table}")
