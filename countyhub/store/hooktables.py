"""Where events are sent on, and what is not yet delivered."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(26), primary_key=True, comment="ULID"),
    Column("name", String(64), nullable=False, comment="for people"),
    Column("url", String(2000), nullable=False),
    Column("secret", String(120), nullable=False, comment="whsec_ and base64: what deliveries are signed with"),
    Column("old_secret", String(120), nullable=False, comment="signs too until `old_until`; empty: none"),
    Column("old_until", Instant),
    Column("types", LargeBinary, nullable=False, comment="JSON list: alarm, sos, case …"),
    Column("kinds", LargeBinary, nullable=False, comment="JSON list: of alarms only these kinds; empty: all"),
    Column("areas", LargeBinary, nullable=False, comment="JSON list: codes of townships or villages; empty: all"),
    Column("state", String(8), nullable=False, comment="active, paused, or gone: it answered 410"),
    Column("reason", String(500), nullable=False, comment="why it is not active"),
    Column("by", String(64), nullable=False, comment="who added it"),
    Column("created", Instant, nullable=False),
    Column("event_cursor", RowNumber, nullable=False, comment="up to this event.id all is in the outbox or not wanted"),
    Column("entry_cursor", RowNumber, nullable=False, comment="the same of case_entry.id"),
    Column("failing_since", Instant, comment="null: the last attempt was taken"),
    comment="systems that want to be told, each with a secret and a place in the order of events of its own",
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", RowNumber, primary_key=True, comment="the order in which a webhook is to get them"),
    Column("webhook", String(26), nullable=False),
    Column("message", String(64), nullable=False, comment="the header webhook-id: the same at every attempt"),
    Column("source", String(8), nullable=False, comment="event or case"),
    Column("source_id", RowNumber, nullable=False, comment="event.id or case_entry.id"),
    Column("type", String(64), nullable=False, comment="CloudEvents type"),
    Column("body", LargeBinary, nullable=False, comment="the bytes that are signed and sent"),
    Column("state", String(8), nullable=False, comment="waiting, done, or dead: given up"),
    Column("attempts", Integer, nullable=False, comment="how often it was sent"),
    Column("failures", Integer, nullable=False, comment="attempts that use up the schedule of retries"),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False, comment="when it is to be tried next"),
    Column("tried", Instant, comment="the last attempt"),
    Column("finished", Instant, comment="when it was taken or given up"),
    Column("status", Integer, comment="HTTP status of the last attempt; null: no answer"),
    Column("error", String(1000), nullable=False, comment="why the last attempt failed"),
    UniqueConstraint("webhook", "source", "source_id"),
    Index(None, "webhook", "state", "id"),
    Index(None, "finished"),
    comment="the outbox of webhooks: a few of each in advance, the rest is read from the inbox when those are through",
)
