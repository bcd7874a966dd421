"""What correlation found and remembers, each box's link, and which alarms become cases.

A database that has events already begins with the next one: yesterday's alarms are nobody's new cases.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _registry()
    _found()
    _link()
    _remembered()
    op.execute(
        "INSERT INTO memory (name, at, event_id, link_id, state) "
        "SELECT 'correlate', max(received), max(id), 0, '' FROM event HAVING max(id) IS NOT NULL"
    )


def _registry() -> None:
    op.create_table(
        "registry_alarm",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("opens", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("kind", "valid_from", name=op.f("pk_registry_alarm")),
    )


def _found() -> None:
    op.create_table(
        "matter",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("begin_us", _NUMBER, nullable=False),
        sa.Column("end_us", _NUMBER, nullable=False),
        sa.Column("open", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("history", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("parent_key", sa.String(length=400), nullable=True),
        sa.Column("parent_begin_us", _NUMBER, nullable=True),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("key", "begin_us", name=op.f("pk_matter")),
    )
    op.create_index("ix_matter_end_us", "matter", ["end_us"])
    still_open = sa.text("open")
    op.create_index("ix_matter_open", "matter", ["open"], sqlite_where=still_open, postgresql_where=still_open)
    op.create_table(
        "suppressed",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("count", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("day", "reason", name=op.f("pk_suppressed")),
    )


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("connected", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("connection", _NUMBER, nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sqlite_autoincrement=True,
    )


def _remembered() -> None:
    op.create_table(
        "memory",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", _NUMBER, nullable=False),
        sa.Column("link_id", _NUMBER, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_memory")),
    )
    op.create_table(
        "dated",
        sa.Column("event_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_dated")),
    )
    op.create_table(
        "loose_rating",
        sa.Column("event_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_loose_rating")),
    )
    op.create_index(op.f("ix_loose_rating_box_receipt"), "loose_rating", ["box", "receipt"])
