"""Cases and their timelines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _entries()
    _attachments()


def _texts(length: int, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(length=length), nullable=False) for name in names]


def _instants(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _booleans(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def _cases() -> None:
    op.create_table(
        "cases",
        *_texts(24, "number"),
        *_texts(160, "key"),
        *_booleans("open"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", _NUMBER, nullable=False),
        *_texts(8, "stage", "origin", "light"),
        *_texts(12, "handling", "mode", "level", "first_level"),
        *_texts(4, "category"),
        *_texts(32, "owner", "first_owner"),
        *_booleans("drill", "history", "urgent", "guessed"),
        *_texts(15, "grid"),
        *_texts(12, "village"),
        *_texts(9, "township"),
        *_texts(16, "box"),
        *_texts(32, "device", "receipt"),
        *_texts(200, "title"),
        sa.Column("text", sa.Text(), nullable=False),
        *_instants("happened", nullable=True),
        *_instants("arrived"),
        *_instants("registered", "closed", "first_due", "due", "next_instant", nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("supervised", "returned", "reworked", "escalated")
        ),
        *_texts(24, "parent"),
        sa.Column("score", sa.Integer(), nullable=True),
        *_instants("changed"),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_arrived_number", "cases", ["arrived", "number"])
    for first in ("grid", "box", "category", "stage", "light"):
        op.create_index(f"ix_cases_{first}_arrived_number", "cases", [first, "arrived", "number"])
    filtered = ["village", "arrived", "number", "category", "stage", "light", "open"]
    op.create_index("ix_cases_village_arrived", "cases", filtered)
    op.create_index("ix_cases_township_village_arrived_number", "cases", ["township", "village", "arrived", "number"])
    _some("uq_cases_key_open", ["key"], _is_true("open"), unique=True)
    _some("ix_cases_open_light", ["light", "due", "number"], _is_true("open"))
    _some("ix_cases_open_village", ["village", "township", "light", "stage", "level"], _is_true("open"))
    _some("ix_cases_open_owner", ["owner", "level", "light", "stage"], _is_true("open"))
    _some("ix_cases_next_instant", ["next_instant"], "next_instant IS NOT NULL")
    _some("ix_cases_parent", ["parent"], "parent != ''")
    _some("ix_cases_receipt", ["receipt"], "receipt != ''")
    _some("ix_cases_supervised", ["arrived", "number"], "supervised > 0")
    _some("ix_cases_urgent", ["arrived", "number"], _is_true("urgent"))
    _some("ix_cases_drill", ["arrived", "number"], _is_true("drill"))
    _some("ix_cases_guessed", ["number"], _is_true("guessed"))


def _some(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    """An index of the rows that matter only."""
    op.create_index(name, "cases", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _is_true(name: str) -> str:
    """As SQLAlchemy writes it in a query: SQLite uses a partial index only for the very same words."""
    return name if op.get_bind().dialect.name == "postgresql" else f"{name} = 1"


def _entries() -> None:
    op.create_table(
        "case_office",
        *_texts(24, "number"),
        *_texts(12, "level"),
        *_texts(32, "office"),
        *_instants("arrived"),
        sa.PrimaryKeyConstraint("number", "level", "office", name=op.f("pk_case_office")),
    )
    op.create_index(
        "ix_case_office_office_level_arrived_number", "case_office", ["office", "level", "arrived", "number"]
    )
    op.create_table(
        "case_entry",
        sa.Column("id", _NUMBER, nullable=False),
        *_texts(24, "number"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_texts(24, "act"),
        *_instants("at"),
        *_texts(64, "actor"),
        *_texts(16, "role"),
        *_texts(8, "before", "after"),
        *_texts(12, "level_before", "level"),
        *_texts(32, "owner_before", "owner"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entry")),
    )
    op.create_index("ix_case_entry_number_id", "case_entry", ["number", "id"])
    op.create_table(
        "case_evidence",
        *_texts(24, "number"),
        sa.Column("event_id", _NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", "event_id", name=op.f("pk_case_evidence")),
    )
    op.create_index("ix_case_evidence_event_id", "case_evidence", ["event_id"])


def _attachments() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", _NUMBER, nullable=False),
        *_texts(24, "number"),
        *_texts(120, "name"),
        *_texts(40, "media_type"),
        sa.Column("size", sa.Integer(), nullable=False),
        *_texts(64, "sha256", "by"),
        *_instants("at"),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("number", "sha256", name=op.f("uq_attachment_number_sha256")),
    )
