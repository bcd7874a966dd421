"""Messages to people, until they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.BigInteger()


def upgrade() -> None:
    _people()
    _messages()
    _parcels()
    op.create_table(
        "notify_alert",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("reason", _NUMBER, nullable=False),
        sa.Column("lap", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("drill", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("opened", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=True),
        sa.Column("ended", _INSTANT, nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notify_alert")),
    )
    op.create_index(op.f("ix_notify_alert_due"), "notify_alert", ["due"])


def _people() -> None:
    op.create_table(
        "notify_contact",
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=512), nullable=False),
        sa.Column("changed", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person", "channel", name=op.f("pk_notify_contact")),
    )
    op.create_table(
        "notify_person",
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("quiet", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_notify_person")),
    )


def _messages() -> None:
    op.create_table(
        "notify_message",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("reason", _NUMBER, nullable=False),
        sa.Column("lap", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("urgent", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=True),
        sa.Column("parcel", _NUMBER, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_message")),
        sa.UniqueConstraint(
            "reason", "lap", "person", "channel", name=op.f("uq_notify_message_reason_lap_person_channel")
        ),
    )
    for columns in (["due"], ["parcel"], ["number"], ["person", "channel", "state"]):
        op.create_index(op.f(f"ix_notify_message_{'_'.join(columns)}"), "notify_message", columns)


def _parcels() -> None:
    op.create_table(
        "notify_parcel",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("sid", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("urgent", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("started", _INSTANT, nullable=True),
        sa.Column("ended", _INSTANT, nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_parcel")),
        sa.UniqueConstraint("sid", name=op.f("uq_notify_parcel_sid")),
    )
    for columns in (["due"], ["person", "channel", "made"], ["lane", "started"]):
        op.create_index(op.f(f"ix_notify_parcel_{'_'.join(columns)}"), "notify_parcel", columns)
