"""Messages to people, until they are sent and acknowledged; and by which way each person is reached."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

contact = Table(
    "notify_contact",
    metadata,
    Column("person", String(16), primary_key=True, comment="staff number"),
    Column("channel", String(16), primary_key=True, comment="email, sms, wecom, webhook"),
    Column("address", String(512), nullable=False, comment="empty: not by this channel"),
    Column("changed", Instant, nullable=False),
    comment="by which ways a person is reached; without a row for sms: the telephone of the registry",
)

preference = Table(
    "notify_person",
    metadata,
    Column("person", String(16), primary_key=True, comment="staff number"),
    Column("language", String(2), nullable=False, comment="zh, en; empty: the county's"),
    Column("quiet", String(16), nullable=False, comment="21:30-06:30, or none; empty: the county's"),
    comment="how a person wants to be told",
)

message = Table(
    "notify_message",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("reason", RowNumber, nullable=False, comment="case_entry.id"),
    Column("lap", Integer, nullable=False, comment="of a call for help: how often everybody is woken; else 0"),
    Column("person", String(16), nullable=False),
    Column("channel", String(16), nullable=False, comment="empty: there is no way to this person"),
    Column("number", String(32), nullable=False, comment="of the case"),
    Column("kind", String(24), nullable=False, comment="the act, or sos"),
    Column("urgent", Boolean(create_constraint=False), nullable=False),
    Column("text", Text, nullable=False, comment="in the person's language; place, number, category, never a name"),
    Column("made", Instant, nullable=False),
    Column("due", Instant, index=True, comment="when it may be put into a parcel; null once it is, or is done with"),
    Column("parcel", RowNumber, index=True, comment="notify_parcel.id, in which it goes"),
    Column("state", String(8), nullable=False, comment="waiting, packed, dropped, failed"),
    Column("problem", String(64), nullable=False, comment="why it failed or was dropped"),
    UniqueConstraint("reason", "lap", "person", "channel"),
    Index(None, "person", "channel", "state"),
    Index(None, "number"),
    comment="what somebody is to be told, made in the transaction that moves the cursor `notify`",
)

parcel = Table(
    "notify_parcel",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("sid", String(26), nullable=False, comment="the id under which it goes out, the same at every try"),
    Column("person", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("lane", String(64), nullable=False, comment="what shares a limit on messages a minute, e.g. wecom/grid"),
    Column("urgent", Boolean(create_constraint=False), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("made", Instant, nullable=False),
    Column("due", Instant, index=True, comment="waiting: the next try; sending: when the claim ends; else null"),
    Column("state", String(8), nullable=False, comment="waiting, sending, sent, unknown, failed, dropped"),
    Column("holder", String(64), nullable=False, comment="the process that sends it, or did last"),
    Column("tries", Integer, nullable=False),
    Column("started", Instant, comment="of the last try"),
    Column("ended", Instant),
    Column("problem", String(500), nullable=False, comment="of the last try: a word, then what the other side said"),
    UniqueConstraint("sid"),
    Index(None, "person", "channel", "made"),
    Index(None, "lane", "started"),
    comment="one sending to one person by one channel: one message, or several gathered",
)

alert = Table(
    "notify_alert",
    metadata,
    Column("number", String(32), primary_key=True, comment="of the case"),
    Column("reason", RowNumber, nullable=False, comment="case_entry.id that began it"),
    Column("lap", Integer, nullable=False, comment="1: everybody is woken for the first time"),
    Column("step", Integer, nullable=False, comment="the next office in line to be woken"),
    Column("drill", Boolean(create_constraint=False), nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant, index=True, comment="when the next in line is woken; null once somebody has answered"),
    Column("ended", Instant),
    Column("ended_by", String(64), nullable=False, comment="who answered; empty while nobody has, or when it ran out"),
    comment="calls for help that pass on until somebody answers",
)
