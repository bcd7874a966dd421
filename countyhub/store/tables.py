"""Every table of the hub, once. Instants are aware datetimes in UTC (`columns.Instant`), JSON is bytes as on the wire.

A change here needs a migration in `migrations/versions`; a test compares the two. A column may be added, its meaning
never changed.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from countyhub.store.columns import Instant, RowNumber

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _numbers() -> tuple[Column[str], Column[str], Column[str], Column[int]]:
    """The key of every event: box, stream, lane, number."""
    return (
        Column("box", String(16), primary_key=True),
        Column("stream", String(26), primary_key=True),
        Column("lane", String(8), primary_key=True),
        Column("seq", RowNumber, primary_key=True, autoincrement=False),
    )


event_key = Table(
    "event_key",
    metadata,
    *_numbers(),
    Column("event_id", RowNumber, nullable=False, comment="event.id or dead_letter.id; 0 for media"),
    Column("digest", LargeBinary(16), nullable=False, comment="first 16 bytes of the SHA-256 of the bytes received"),
    Column("state", String(8), nullable=False, comment="stored, dead or media"),
    sqlite_with_rowid=False,
    comment="what the hub has ever taken: makes an event count once; outlives what retention prunes",
)

event = Table(
    "event",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=False, comment="rises with every event committed"),
    Column("event_id", String(26), nullable=False, comment="ULID that the box gave it"),
    Column("box", String(16), nullable=False),
    Column("stream", String(26), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("seq", RowNumber, nullable=False),
    Column("type", String(64), nullable=False, comment="cn.gridwire.<kind>.v1"),
    Column("subject", String(32), nullable=False, comment="device id, or `box`"),
    Column("time", Instant, nullable=False, comment="when it happened, by the box; see `clock`"),
    Column("recorded", Instant, nullable=False, comment="when the box stored it, by the box's wall clock"),
    Column("received", Instant, nullable=False, comment="when it reached the hub"),
    Column("clock", String(8), nullable=False, comment="synced; unsynced: see times.true_time"),
    Column("monotonic_ms", RowNumber, nullable=False, comment="milliseconds from the box's boot to `recorded`"),
    Column("grid", String(15)),
    Column("drill", Boolean(create_constraint=False), nullable=False, comment="an exercise: shown, never counted"),
    Column("raw", LargeBinary, nullable=False, comment="the whole event, the bytes as received"),
    Index(None, "box", "id"),
    comment="the inbox: every event that could be read; on PostgreSQL in monthly parts by `received` (partitions.py), "
    "where the primary key is (id, received): nothing can refer to `id` by a foreign key",
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(16), primary_key=True, comment="event: the highest event.id ever given out"),
    Column("value", RowNumber, nullable=False),
    comment="numbers that never come again, whatever is pruned or restored; taken in the transaction that uses them",
)

media = Table(
    "media",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("stream", String(26), primary_key=True),
    Column("seq", RowNumber, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False, comment="bytes"),
    Column("jpeg", LargeBinary, nullable=False),
    Column("received", Instant, nullable=False, index=True),
    comment="pictures; an event names its own by stream and seq (PictureRef)",
)

number_reused = Table(
    "number_reused",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("box", String(16), nullable=False),
    Column("stream", String(26), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("seq", RowNumber, nullable=False),
    Column("known_digest", LargeBinary(16), nullable=False, comment="of what the hub had under this number"),
    Column("digest", LargeBinary(16), nullable=False, comment="of what came now"),
    Column("raw", LargeBinary, nullable=False, comment="what came now; for a picture the JPEG"),
    Column("received", Instant, nullable=False),
    Column("handled", Instant, comment="when a person dealt with it"),
    UniqueConstraint("box", "stream", "lane", "seq", "digest"),
    comment="two different events under one number: a cloned or restored disk; an alarm, never dropped",
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("box", String(16), nullable=False, comment="from the topic; empty for a foreign topic"),
    Column("topic", String(256), nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="one event where it could be cut out, else everything"),
    Column("size", Integer, nullable=False, comment="bytes received; more than in `payload` when that was cut short"),
    Column("code", String(64), nullable=False, comment="code of the problem"),
    Column("text_zh", String(2000), nullable=False),
    Column("text_en", String(2000), nullable=False),
    Column("received", Instant, nullable=False, comment="the first time"),
    Column("last_received", Instant, nullable=False),
    Column("count", Integer, nullable=False, comment="how often the same bytes came on the same topic"),
    Column("digest", LargeBinary(16), nullable=False),
    Column("stream", String(26)),
    Column("lane", String(8)),
    Column("seq", RowNumber, comment="stream, lane and seq are set when they could be read: then it was acknowledged"),
    Column("retried", Instant, comment="last time that it was tried again"),
    Column("stored", Instant, comment="when trying again stored it: then it is done with"),
    UniqueConstraint("topic", "digest"),
    comment="what could not be read, whole, with the reason; to be tried again after an upgrade",
)

gap = Table(
    "gap",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("box", String(16), nullable=False),
    Column("stream", String(26), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("first", RowNumber, nullable=False),
    Column("last", RowNumber, nullable=False),
    Column("reason", String(16), nullable=False, comment="as the box declared: quota, refused, corrupt, picture_lost"),
    Column("at", Instant, nullable=False, comment="when the hub learned of it"),
    UniqueConstraint("box", "stream", "lane", "first", "last", "reason"),
    comment="numbers that a box has given up; what was lost without a word is in stream_state.lost",
)

box = Table(
    "box",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("name", String(64), nullable=False, default=""),
    Column("status", String(8), nullable=False, default="unknown", comment="online, offline, lost or unknown"),
    Column("reason", String(64), nullable=False, default="", comment="why it is offline"),
    Column("since", Instant, comment="since when it has had this status, by the hub's clock"),
    Column("boot", String(64), nullable=False, default=""),
    Column("connection", RowNumber, nullable=False, default=0, comment="connection counter of the last status"),
    Column("version", String(32), nullable=False, default=""),
    Column("last_seen", Instant, comment="when anything but a last will last came from it"),
    Column("birth", LargeBinary, comment="messages.Birth as received"),
    Column("birth_at", Instant),
    Column("health", LargeBinary, comment="messages.Health as received"),
    Column("health_at", Instant),
    comment="every box that was ever heard of",
)

box_boot = Table(
    "box_boot",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("boot", String(64), primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    comment="boot ids under which a box said that it is online; one that comes back is a second machine",
)

identity_fault = Table(
    "identity_fault",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True, comment="twin, rolled_back"),
    Column("about", String(64), primary_key=True, comment="boot id of the twin; stream that was rolled back"),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("count", Integer, nullable=False, default=1),
    comment="a box that is not what it seems: two machines under one id, a storage of yesterday",
)

stream = Table(
    "stream",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("stream", String(26), primary_key=True),
    Column("boot", String(64), nullable=False, default=""),
    Column("current", Boolean(create_constraint=False), nullable=False, default=False),
    Column("booted", Instant, comment="true time of its monotonic zero; null while unknown"),
    Column("first_seen", Instant, nullable=False),
    Column("listed", Instant, comment="when birth or health last listed it"),
    Column("ended", Instant, comment="when birth no longer listed it"),
    Column("tail", String(8), comment="when ended: complete, or unknown: later numbers may have existed"),
    comment="streams of a box: one for each boot of the machine",
)

stream_state = Table(
    "stream_state",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("stream", String(26), primary_key=True),
    Column("lane", String(8), primary_key=True),
    Column("oldest_kept", RowNumber, nullable=False, default=1, comment="as the box last said"),
    Column("oldest_unacked", RowNumber, nullable=False, default=1, comment="as the box last said"),
    Column("next", RowNumber, nullable=False, default=1, comment="as the box last said"),
    Column("stored_through", RowNumber, nullable=False, default=0, comment="every number up to here is settled"),
    Column("above", LargeBinary, nullable=False, default=b"[]", comment="settled runs above it, JSON [[first,last],…]"),
    Column("missing", RowNumber, nullable=False, default=0, comment="numbers due, not here, still kept by the box"),
    Column("lost", RowNumber, nullable=False, default=0, comment="numbers due, not here, no longer kept by the box"),
    Column("asked", Instant, comment="when a replay was last asked for"),
    comment="where each lane of a stream stands; settled: stored, dead-lettered or declared a gap",
)

device_state = Table(
    "device_state",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("device", String(32), primary_key=True),
    Column("name", String(64), nullable=False, default=""),
    Column("driver", String(64), nullable=False, default=""),
    Column("grid", String(15)),
    Column("info", LargeBinary, nullable=False, default=b"{}", comment="JSON object of texts: maker, model …"),
    Column("state", String(8), nullable=False, default="unknown", comment="starting, up, degraded, down or unknown"),
    Column("reason", String(64), nullable=False, default=""),
    Column("detail", String(512), nullable=False, default=""),
    Column("since", Instant, comment="since when, by the box's wall clock"),
    Column("updated", Instant, nullable=False),
    Column("listed", Boolean(create_constraint=False), nullable=False, default=True, comment="still in the last birth"),
    comment="every device of every box, as birth and health say",
)

command = Table(
    "command",
    metadata,
    Column("id", String(26), primary_key=True, comment="ULID"),
    Column("box", String(16), nullable=False),
    Column("op", String(32), nullable=False),
    Column("args", LargeBinary, nullable=False, comment="JSON object"),
    Column("by", String(64), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("sent", Instant, comment="when the broker took it"),
    Column("ok", Boolean(create_constraint=False), comment="null while no reply has come"),
    Column("replied", Instant, comment="when the last part came"),
    Index(None, "box", "id"),
    Index(None, "sent", "expires"),
    comment="orders to boxes",
)

command_reply = Table(
    "command_reply",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("parts", Integer, nullable=False),
    Column("box", String(16), nullable=False),
    Column("ok", Boolean(create_constraint=False), nullable=False),
    Column("code", String(64), nullable=False),
    Column("text", String(16384), nullable=False),
    Column("result", LargeBinary, nullable=False, comment="JSON object"),
    Column("received", Instant, nullable=False),
    comment="what the boxes answered, in parts",
)

board = Table(
    "board",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("revision", RowNumber, nullable=False, comment="must rise with every change"),
    Column("payload", LargeBinary, nullable=False, comment="messages.Board, JSON, as it is sent to the box"),
    Column("changed", Instant, nullable=False),
    comment="the notice board of each box: sent when it changes and again at every birth of the box",
)
