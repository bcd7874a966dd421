"""The tables of the county's registry: one for each file of it, one for who imported what, one that is derived.

Every row says from which day on it holds (`valid_from`) and on which it no longer does (`valid_to`); the first and the
last day of the calendar stand for "always" and "until further notice". Rows are ended, never deleted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Float, Index, Integer, LargeBinary, String, Table, Text

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata


def _key(*names: str, length: int = 32) -> list[Column[Any]]:
    """What tells things apart, and the first day, which tells a thing's rows apart."""
    return [*(Column(name, String(length), primary_key=True) for name in names), *_days()]


def _days() -> list[Column[Any]]:
    return [Column("valid_from", Date, primary_key=True), Column("valid_to", Date, nullable=False)]


def _texts(*names: str, length: int = 32) -> list[Column[Any]]:
    return [Column(name, String(length), nullable=False, default="") for name in names]


def _place() -> list[Column[Any]]:
    return [Column("longitude", Float), Column("latitude", Float)]


registry_area = Table(
    "registry_area", metadata, *_key("code"), *_texts("name", length=64), *_texts("level", "parent", "successor"),
    comment="the county, its townships, its villages",
)  # fmt: skip
registry_grid = Table(
    "registry_grid", metadata, *_key("code"), *_texts("name", length=64), *_texts("kind", "village", "successor"),
    Column("households", Integer), Column("people", Integer),
)  # fmt: skip
registry_polygon = Table(
    "registry_polygon", metadata, *_key("code"), Column("geometry", Text, nullable=False, comment="GeoJSON geometry"),
)  # fmt: skip
registry_box = Table(
    "registry_box", metadata, *_key("box"), *_texts("name", length=64), *_texts("village", "successor")
)
registry_department = Table(
    "registry_department", metadata, *_key("code"), *_texts("name", length=64), *_texts("kind", "area"),
)  # fmt: skip
registry_person = Table(
    "registry_person", metadata, *_key("code"), *_texts("name", "phone", "card", length=64),
    comment="staff only; `card` is the keyed hash that a terminal says",
)  # fmt: skip
registry_duty = Table("registry_duty", metadata, *_key("person", "role", "place"))
registry_camera = Table(
    "registry_camera", metadata, *_key("box", "device"), *_texts("name", length=64), *_texts("grid"), *_place(),
)  # fmt: skip
registry_terminal = Table(
    "registry_terminal", metadata, *_key("box", "device"), *_texts("name", length=64), *_texts("grid"), *_place(),
)  # fmt: skip
registry_category = Table(
    "registry_category", metadata, *_key("code"), *_texts("name", length=64), *_texts("ledger", "handling", "owner"),
)  # fmt: skip
registry_deadline = Table(
    "registry_deadline", metadata, *_key("category", "level", "name"), Column("amount", Integer, nullable=False),
    *_texts("unit", "until"),
)  # fmt: skip
registry_service = Table(
    "registry_service", metadata, *_key("code"), *_texts("name", length=64), *_texts("mode", "category", "owner"),
)  # fmt: skip
registry_alarm = Table("registry_alarm", metadata, *_key("kind"), *_texts("category", "opens"))
registry_day = Table(
    "registry_day", metadata, Column("day", Date, primary_key=True), *_texts("kind"), *_texts("name", length=64),
    comment="holidays, and weekends that are worked",
)  # fmt: skip
registry_household = Table(
    "registry_household", metadata, *_key("code"), *_texts("grid", "kind"), Column("every_days", Integer),
    *_texts("month_days", length=64), comment="households to visit, by an opaque code, never by name",
)  # fmt: skip

registry_import = Table(
    "registry_import",
    metadata,
    Column("id", RowNumber, primary_key=True, comment="the registry's revision"),
    Column("at", Instant, nullable=False),
    Column("by", String(64), nullable=False),
    Column("files", LargeBinary, nullable=False, comment="JSON object: file name -> SHA-256"),
    Column("counts", LargeBinary, nullable=False, comment="JSON object: table -> {added, changed, ended}"),
    Column("changes", LargeBinary, nullable=False, comment="JSON: what was changed or ended, with old and new values"),
    comment="who changed the registry when, from which files",
)
registry_place = Table(
    "registry_place",
    metadata,
    Column("kind", String(8), primary_key=True, comment="box or grid"),
    Column("code", String(32), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("until", Instant, nullable=False, comment="the first instant at which it no longer holds"),
    *_texts("village", "township", "county"),
    Index(None, "village"),
    Index(None, "township"),
    comment="derived at every import: what belonged where when, for questions in SQL; mergers are followed",
)
