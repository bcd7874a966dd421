"""Sums of looks at boxes and cameras, by hour and day; an index of what was closed when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SUMS = ("looks", "online", "waiting", "cameras", "cameras_online", "cameras_intact")
_CLOSED = ("closed", "village", "township", "first_due", "stage", "drill", "returned", "score")


def upgrade() -> None:
    op.create_table(
        "box_hour",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("box", "hour", name=op.f("pk_box_hour")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_box_hour_hour"), "box_hour", ["hour"], unique=False)
    op.create_table(
        "box_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("day", "box", name=op.f("pk_box_day")),
        sqlite_with_rowid=False,
    )
    where = sa.text("closed IS NOT NULL")
    op.create_index("ix_cases_closed", "cases", [*_CLOSED], sqlite_where=where, postgresql_where=where)
