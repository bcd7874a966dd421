"""The ledger of check-ins. The hub fills it from the events there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_FLAGS = ("verified", "late", "known", "waits", "drill")


def upgrade() -> None:
    op.create_table(
        "checkin",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False,
                  nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("grid", sa.String(length=15), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.Boolean(create_constraint=False), nullable=False) for name in _FLAGS),
        sa.PrimaryKeyConstraint("day", "box", "event_id", name=op.f("pk_checkin")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    where = sa.text("waits")
    op.create_index("ix_checkin_waits", "checkin", ["event_id"], sqlite_where=where, postgresql_where=where)
