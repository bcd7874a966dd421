"""The first format."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _board()
    _box()
    _command()
    _command_reply()
    _dead_letter()
    _device_state()
    _event()
    _event_key()
    _gap()
    _identity()
    _media()
    _number_reused()
    _stream()
    _stream_state()


def _board() -> None:
    op.create_table(
        "board",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("revision", _NUMBER, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", name=op.f("pk_board")),
    )


def _box() -> None:
    op.create_table(
        "box",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("connection", _NUMBER, nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=True),
        sa.Column("birth", sa.LargeBinary(), nullable=True),
        sa.Column("birth_at", sa.BigInteger(), nullable=True),
        sa.Column("health", sa.LargeBinary(), nullable=True),
        sa.Column("health_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("box", name=op.f("pk_box")),
    )


def _command() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("op", sa.String(length=32), nullable=False),
        sa.Column("args", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=True),
        sa.Column("ok", sa.Boolean(), nullable=True),
        sa.Column("replied", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command")),
    )
    op.create_index(op.f("ix_command_box_id"), "command", ["box", "id"], unique=False)
    op.create_index(op.f("ix_command_sent_expires"), "command", ["sent", "expires"], unique=False)


def _command_reply() -> None:
    op.create_table(
        "command_reply",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=16384), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "part", name=op.f("pk_command_reply")),
    )


def _dead_letter() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=256), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("text_zh", sa.String(length=2000), nullable=False),
        sa.Column("text_en", sa.String(length=2000), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("last_received", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=True),
        sa.Column("lane", sa.String(length=8), nullable=True),
        sa.Column("seq", _NUMBER, nullable=True),
        sa.Column("retried", sa.BigInteger(), nullable=True),
        sa.Column("stored", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
        sa.UniqueConstraint("topic", "digest", name=op.f("uq_dead_letter_topic_digest")),
    )


def _device_state() -> None:
    op.create_table(
        "device_state",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("driver", sa.String(length=64), nullable=False),
        sa.Column("grid", sa.String(length=15), nullable=True),
        sa.Column("info", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=512), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("box", "device", name=op.f("pk_device_state")),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=26), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.String(length=8), nullable=False),
        sa.Column("monotonic_ms", _NUMBER, nullable=False),
        sa.Column("grid", sa.String(length=15), nullable=True),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_box_id"), "event", ["box", "id"], unique=False)


def _event_key() -> None:
    op.create_table(
        "event_key",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_id", _NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("box", "stream", "lane", "seq", name=op.f("pk_event_key")),
        sqlite_with_rowid=False,
    )


def _gap() -> None:
    op.create_table(
        "gap",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("first", _NUMBER, nullable=False),
        sa.Column("last", _NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
        sa.UniqueConstraint(
            "box", "stream", "lane", "first", "last", "reason", name=op.f("uq_gap_box_stream_lane_first_last_reason")
        ),
    )


def _media() -> None:
    op.create_table(
        "media",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("seq", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "stream", "seq", name=op.f("pk_media")),
    )


def _identity() -> None:
    op.create_table(
        "box_boot",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("box", "boot", name=op.f("pk_box_boot")),
    )
    op.create_table(
        "identity_fault",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("box", "kind", "about", name=op.f("pk_identity_fault")),
    )


def _number_reused() -> None:
    op.create_table(
        "number_reused",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("known_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("handled", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_reused")),
        sa.UniqueConstraint(
            "box", "stream", "lane", "seq", "digest", name=op.f("uq_number_reused_box_stream_lane_seq_digest")
        ),
    )


def _stream() -> None:
    op.create_table(
        "stream",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("booted", sa.BigInteger(), nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("tail", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("box", "stream", name=op.f("pk_stream")),
    )


def _stream_state() -> None:
    op.create_table(
        "stream_state",
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("stream", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("oldest_kept", _NUMBER, nullable=False),
        sa.Column("oldest_unacked", _NUMBER, nullable=False),
        sa.Column("next", _NUMBER, nullable=False),
        sa.Column("stored_through", _NUMBER, nullable=False),
        sa.Column("above", sa.LargeBinary(), nullable=False),
        sa.Column("missing", _NUMBER, nullable=False),
        sa.Column("lost", _NUMBER, nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("box", "stream", "lane", name=op.f("pk_stream_state")),
    )
