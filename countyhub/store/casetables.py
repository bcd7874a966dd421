"""Cases, their timelines and what is attached to them.

A case's truth is `state`, the lifecycle's own value; the columns beside it are copies for lists, written with it in one
UPDATE. One open case for a key is kept by the database itself, whatever processes do.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata


def _texts(length: int, *names: str) -> list[Column[Any]]:
    return [Column(name, String(length), nullable=False, default="") for name in names]


def _flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean(create_constraint=False), nullable=False, default=False) for name in names]


def _instants(*names: str) -> list[Column[Any]]:
    return [Column(name, Instant) for name in names]


def _counts(*names: str) -> list[Column[Any]]:
    return [Column(name, Integer, nullable=False, default=0) for name in names]


def _some(name: str, *columns: Column[Any], where: Any, unique: bool = False) -> Index:
    """An index of the rows that matter only."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


cases = Table(
    "cases",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("key", String(160), nullable=False, comment="what it is about: one open case for each"),
    Column("open", Boolean(create_constraint=False), nullable=False, comment="not closed, archived or void"),
    Column("version", Integer, nullable=False, comment="rises with every act"),
    Column("edition", RowNumber, nullable=False, comment="rises with every change of this row, also of its light"),
    *_texts(8, "stage", "origin", "light"),
    *_texts(12, "handling", "mode", "level", "first_level"),
    *_texts(4, "category"),
    *_texts(32, "owner", "first_owner"),
    *_flags("drill", "history", "urgent"),
    Column("guessed", Boolean(create_constraint=False), nullable=False, default=False,
           comment="a deadline was reckoned without the calendar of its year"),
    Column("grid", String(15), nullable=False, default="", comment="codes at opening; empty: unknown"),
    *_texts(12, "village"),
    *_texts(9, "township"),
    *_texts(16, "box"),
    *_texts(32, "device", "receipt"),
    *_texts(200, "title"),
    Column("text", Text, nullable=False, default=""),
    *_instants("happened"),
    Column("arrived", Instant, nullable=False, comment="when the hub had it; lists are in this order"),
    *_instants("registered", "closed", "first_due"),
    Column("due", Instant, comment="the nearest deadline that runs"),
    Column("next_instant", Instant, comment="when it next changes by itself; null: never"),
    Column("told", Text, nullable=False, default="", comment="of each clock: - nothing, y yellow, r red was told"),
    *_counts("supervised", "returned", "reworked", "escalated"),
    *_texts(24, "parent"),
    Column("score", Integer, comment="the resident's last rating, 1 to 5"),
    Column("changed", Instant, nullable=False),
    Column("state", LargeBinary, nullable=False, comment="lifecycle.state.Case as JSON"),
    Index(None, "arrived", "number"),
    Index("ix_cases_village_arrived", "village", "arrived", "number", "category", "stage", "light", "open"),
    Index(None, "township", "village", "arrived", "number"),
    Index(None, "grid", "arrived", "number"),
    Index(None, "box", "arrived", "number"),
    Index(None, "category", "arrived", "number"),
    Index(None, "stage", "arrived", "number"),
    Index(None, "light", "arrived", "number"),
    comment="every case there ever was",
)  # fmt: skip
_c = cases.c
_some("uq_cases_key_open", _c.key, where=_c.open, unique=True)
_some("ix_cases_open_light", _c.light, _c.due, _c.number, where=_c.open)
_some("ix_cases_open_village", _c.village, _c.township, _c.light, _c.stage, _c.level, where=_c.open)
_some("ix_cases_open_owner", _c.owner, _c.level, _c.light, _c.stage, where=_c.open)
_some("ix_cases_next_instant", _c.next_instant, where=_c.next_instant.is_not(None))
_some("ix_cases_parent", _c.parent, where=_c.parent != "")
_some("ix_cases_receipt", _c.receipt, where=_c.receipt != "")
_some("ix_cases_supervised", _c.arrived, _c.number, where=_c.supervised > 0)
_some("ix_cases_urgent", _c.arrived, _c.number, where=_c.urgent)
_some("ix_cases_drill", _c.arrived, _c.number, where=_c.drill)
_some("ix_cases_closed", _c.closed, _c.village, _c.township, _c.light, _c.stage, _c.drill, _c.returned, _c.score,
      where=_c.closed.is_not(None))  # fmt: skip
_some("ix_cases_guessed", _c.number, where=_c.guessed)

case_office = Table(
    "case_office",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("level", String(12), primary_key=True),
    Column("office", String(32), primary_key=True),
    Column("arrived", Instant, nullable=False, comment="of the case: lists are in its order"),
    Index(None, "office", "level", "arrived", "number"),
    comment="every office that ever had a case: these may go on seeing it",
)

case_entry = Table(
    "case_entry",
    metadata,
    Column("id", RowNumber, primary_key=True, comment="rises in the order of commits: readers remember the last"),
    Column("number", String(24), nullable=False),
    Column("version", Integer, nullable=False, comment="of the case after it"),
    Column("act", String(24), nullable=False,
           comment="of the lifecycle; or opened, joined, rated, attached, turned_yellow, turned_red"),
    Column("at", Instant, nullable=False),
    *_texts(64, "actor"),
    *_texts(16, "role"),
    *_texts(8, "before", "after"),
    *_texts(12, "level_before", "level"),
    *_texts(32, "owner_before", "owner"),
    Column("text", Text, nullable=False, default=""),
    Index(None, "number", "id"),
    comment="what happened to cases, only ever added to: timeline, audit and outbox of notifications in one",
)  # fmt: skip

case_evidence = Table(
    "case_evidence",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("event_id", RowNumber, primary_key=True, autoincrement=False, comment="event.id"),
    Index(None, "event_id"),
    comment="which events a case stands on",
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("number", String(24), nullable=False),
    *_texts(120, "name"),
    *_texts(40, "media_type"),
    Column("size", Integer, nullable=False, comment="bytes"),
    *_texts(64, "sha256", "by"),
    Column("at", Instant, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    UniqueConstraint("number", "sha256"),
    comment="pictures and documents that people added to a case",
)
