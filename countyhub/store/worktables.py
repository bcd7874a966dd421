"""Who is at work, and how far: the tables by which several hub processes on one database share the work."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

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

aside = Table(
    "aside",
    metadata,
    Column("work", String(64), primary_key=True, comment="who could not do it: correlate, notify, escalation, feed …"),
    Column("key", String(64), primary_key=True, comment="of what: event 17, line 4, case …"),
    Column("row", RowNumber, nullable=False, comment="event.id; 0: it is none"),
    Column("at", Instant, nullable=False),
    Column("reason", String(500), nullable=False, comment="what the database, or the reader of it, said"),
    Index(None, "work", "row"),
    comment="what could not be written or read and was passed over, to hold up nothing; for a person to see to",
)
