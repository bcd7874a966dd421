"""The ledger of check-ins: one row for each in the inbox, in the order in which people ask for them, by day and box.

Who it was stays in the event: here is what is counted. Places are not kept: a box counts where it stood at that time.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, String, Table, text

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

_WAITS = text("waits")

checkin = Table(
    "checkin",
    metadata,
    Column("day", Date, primary_key=True, comment="of `at`, in the county's time zone"),
    Column("box", String(16), primary_key=True),
    Column("event_id", RowNumber, primary_key=True, autoincrement=False, comment="event.id"),
    Column("at", Instant, nullable=False, comment="when it happened; when it was received, where nobody can know"),
    Column("received", Instant, nullable=False, comment="event.received: by it its part of the inbox is found"),
    Column("grid", String(15), nullable=False, comment="empty: not said"),
    Column("slot", String(16), nullable=False, comment="of the patrol: morning, afternoon …; empty: in none"),
    Column("verified", Boolean(create_constraint=False), nullable=False, comment="the box knew the person"),
    Column("late", Boolean(create_constraint=False), nullable=False, comment="came more than a minute after it"),
    Column("known", Boolean(create_constraint=False), nullable=False, comment="`at` is when it happened"),
    Column("waits", Boolean(create_constraint=False), nullable=False, comment="for its box to tell the time"),
    Column("drill", Boolean(create_constraint=False), nullable=False, comment="an exercise: shown, never counted"),
    Index("ix_checkin_waits", "event_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    sqlite_with_rowid=False,
    comment="check-ins at the terminals, in the order of the ledger; goes with the events",
)
