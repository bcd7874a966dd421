"""What correlation found, what it has suppressed, and what it remembers; and when each box's link came and went."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, text

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

KEY_LENGTH = 400

matter = Table(
    "matter",
    metadata,
    Column("key", String(KEY_LENGTH), primary_key=True, comment="alarm/…, offline/…, site/…: see correlate.matter"),
    Column("begin_us", RowNumber, primary_key=True, autoincrement=False, comment="microseconds since 1970, UTC"),
    Column("end_us", RowNumber, nullable=False, comment="its last sign so far"),
    Column("open", Boolean(create_constraint=False), nullable=False),
    Column("size", Integer, nullable=False, comment="raw alarms, or outages, in it"),
    Column("history", Boolean(create_constraint=False), nullable=False, comment="it was a day old when it arrived"),
    Column("parent_key", String(KEY_LENGTH), comment="the matter that it is a part of"),
    Column("parent_begin_us", RowNumber),
    Column("raised_us", RowNumber, nullable=False, server_default="0", comment="when something last began in it"),
    Column("number", String(32), comment="the case that was opened for it, or that it joined"),
    Index("ix_matter_end_us", "end_us"),
    Index("ix_matter_open", "open", sqlite_where=text("open"), postgresql_where=text("open")),
    comment="what raw alarms mean together, as the correlator tells it; children name their parent",
)

link = Table(
    "link",
    metadata,
    Column("id", RowNumber, primary_key=True, comment="rises in the order of commits"),
    Column("box", String(16), nullable=False),
    Column("connected", Boolean(create_constraint=False), nullable=False),
    Column("connection", RowNumber, nullable=False, comment="connection counter of that boot"),
    Column("boot", String(64), nullable=False),
    Column("at", Instant, nullable=False, comment="by the hub's clock"),
    comment="each change of a box's link, written with its status; correlation reads it like the inbox",
    sqlite_autoincrement=True,
)

suppressed = Table(
    "suppressed",
    metadata,
    Column("day", Date, primary_key=True, comment="the county's day on which it was counted"),
    Column("reason", String(300), primary_key=True, comment="window/UID, offline-in-window, held-down or repeated"),
    Column("count", RowNumber, nullable=False),
    comment="signals that made no matter of their own, counted",
)

memory = Table(
    "memory",
    metadata,
    Column("name", String(64), primary_key=True, comment="whose: correlate"),
    Column("at", Instant, nullable=False),
    Column("event_id", RowNumber, nullable=False, comment="the last event that is in it"),
    Column("link_id", RowNumber, nullable=False, comment="the last row of `link` that is in it"),
    Column("state", LargeBinary, nullable=False, comment="as Correlator.dump gives it, compressed; empty: nothing yet"),
    comment="what a follower remembers, to be taken up after a restart; what came since is read again",
)

dated = Table(
    "dated",
    metadata,
    Column("event_id", RowNumber, primary_key=True, autoincrement=False, comment="event.id"),
    Column("at", Instant, comment="as when it was counted; null: it waits for the box to learn its clock"),
    comment="events of boxes without a right clock: whoever reads them again must count them as at the same moment",
)

loose_rating = Table(
    "loose_rating",
    metadata,
    Column("event_id", RowNumber, primary_key=True, autoincrement=False, comment="event.id"),
    Column("box", String(16), nullable=False),
    Column("receipt", String(32), nullable=False),
    Index(None, "box", "receipt"),
    comment="ratings that came before the request that they belong to",
)
