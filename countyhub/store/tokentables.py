"""Who may use the HTTP interface, and for what; and what was answered to requests that may come twice."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

token = Table(
    "token",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("name", String(64), nullable=False, unique=True, comment="who uses it; never given to another one"),
    Column("prefix", String(16), nullable=False, comment="how it begins, to recognise it by"),
    Column("sha256", LargeBinary(32), nullable=False, unique=True, comment="of the token, which is kept nowhere"),
    Column("scopes", LargeBinary, nullable=False, comment="JSON array of texts: what it is for"),
    Column("person", String(32), nullable=False, default="", comment="in whose name it acts; empty: a machine's own"),
    Column("area", String(32), nullable=False, default="", comment="what it sees; empty: as its person, or all"),
    Column("created", Instant, nullable=False),
    Column("by", String(64), nullable=False, comment="who made it"),
    Column("expires", Instant),
    Column("revoked", Instant),
    Column("used", Instant, comment="last use, to the minute"),
    comment="keys of the HTTP interface; rows are revoked, never deleted",
)

api_answer = Table(
    "api_answer",
    metadata,
    Column("token", RowNumber, primary_key=True, autoincrement=False),
    Column("key", String(64), primary_key=True, comment="the request's Idempotency-Key"),
    Column("request", LargeBinary(32), nullable=False, comment="SHA-256 of method, path and body"),
    Column("at", Instant, nullable=False, index=True, comment="when it was first asked; forgotten a day later"),
    Column("status", Integer, comment="null while it is being answered"),
    Column("headers", LargeBinary, comment="JSON object of texts"),
    Column("body", LargeBinary),
    comment="what was answered to POST requests, so that one that comes again does nothing and hears the same",
)
