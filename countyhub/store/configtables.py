"""What the county has ever told a box to have as its part of the configuration. Rows are never changed or removed."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

box_config = Table(
    "box_config",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("revision", RowNumber, primary_key=True, autoincrement=False, comment="rises with every change"),
    Column("payload", LargeBinary, nullable=False, comment="messages.CountyConfig, JSON, signed, as it is sent"),
    Column("made", Instant, nullable=False),
    Column("by", String(64), nullable=False, comment="who ordered it"),
    comment="the county's part of each box's configuration, every revision; the highest is the one that is sent",
)
