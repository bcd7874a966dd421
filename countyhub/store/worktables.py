"""Who is at work, and how far: the tables by which several hub processes on one database share the work."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

cursor = Table(
    "cursor",
    metadata,
    Column("name", String(64), primary_key=True, comment="who reads: correlate, notify, feed …"),
    Column("value", RowNumber, nullable=False, comment="the last row number that it has dealt with"),
    comment="how far each reader of a growing table has come; moved in the transaction that does the work",
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True, comment="the work that only one process may do at a time"),
    Column("holder", String(64), nullable=False, comment="the process that does it, a name of this run alone"),
    Column("until", Instant, nullable=False, comment="after this another process may take it, by its own clock"),
    comment="work for one process at a time; the holder proves itself again in each transaction",
)
