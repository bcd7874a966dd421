"""Who did what at the hub: rows that are added and never changed, each with a hash over itself and the one before."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

audit = Table(
    "audit",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=False, comment="counts from 1 without holes"),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", String(32), nullable=False, comment="what was done, see audit.kinds"),
    Column("who", String(64), nullable=False, index=True, comment="user/NAME, token/NAME, cli/USER or hub"),
    Column("person", String(64), nullable=False, comment="staff number in whose name; empty: none"),
    Column("address", String(64), nullable=False, comment="from where; empty: this machine"),
    Column("object", String(128), nullable=False, comment="what it was done to: case/NUMBER, picture/…, user/NAME …"),
    Column("detail", LargeBinary, nullable=False, comment="JSON object of texts: reason, result; never personal data"),
    Column("previous", LargeBinary(32), nullable=False, comment="hash of the row before; zeros before the first"),
    Column("hash", LargeBinary(32), nullable=False, comment="SHA-256 over all that stands before it"),
    comment="the audit; triggers refuse changes, and deletions above what retention has noted in audit_head",
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1: there is one row"),
    Column("last", RowNumber, nullable=False, comment="id of the newest row"),
    Column("hash", LargeBinary(32), nullable=False, comment="its hash"),
    Column("pruned", RowNumber, nullable=False, default=0, comment="rows up to this id were given up as too old"),
    Column("pruned_hash", LargeBinary(32), nullable=False, comment="hash of that row: there the chain begins now"),
    comment="both ends of the chain",
)
