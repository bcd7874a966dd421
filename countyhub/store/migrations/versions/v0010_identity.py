"""Which box may show itself by which certificate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "box_identity",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("successor", sa.String(length=16), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("box", name=op.f("pk_box_identity")),
    )
    op.create_table(
        "enrol_token",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.String(length=8), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("withdrawn", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrol_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_enrol_token_sha256")),
    )
    op.create_index(op.f("ix_enrol_token_box"), "enrol_token", ["box"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("ca", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("pem", sa.LargeBinary(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_box_issued"), "certificate", ["box", "issued"], unique=False)
    op.create_index(op.f("ix_certificate_revoked"), "certificate", ["revoked"], unique=False)
