"""Who may log in at the console, who is logged in, and who has failed to so often that he waits."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table

from countyhub.store.columns import Instant, RowNumber
from countyhub.store.tables import metadata

account = Table(
    "account",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("name", String(64), nullable=False, unique=True, comment="as it is typed, lower case; never another one's"),
    Column("password", String(200), nullable=False, comment="argon2id in its own text form; empty: none yet"),
    Column("roles", LargeBinary, nullable=False, comment="JSON array of texts, see accounts.roles"),
    Column("person", String(32), nullable=False, default="", comment="staff number; empty: nobody who acts"),
    Column(
        "area", String(32), nullable=False, default="", comment="what it sees at most; empty: as its person, or all"
    ),
    Column("created", Instant, nullable=False),
    Column("by", String(64), nullable=False, comment="who made it"),
    Column("changed", Instant, nullable=False, comment="when the password was set"),
    Column("must_change", Boolean, nullable=False, default=False, comment="somebody else has chosen the password"),
    Column("stays", Boolean, nullable=False, default=False, comment="a screen on a wall: is not logged out when idle"),
    Column("disabled", Instant),
    Column("used", Instant, comment="last log-in"),
    comment="users of the console; rows are disabled, never deleted",
)

session = Table(
    "session",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True, comment="of the cookie, which is kept nowhere"),
    Column("account", RowNumber, nullable=False, index=True),
    Column("created", Instant, nullable=False),
    Column("seen", Instant, nullable=False, comment="last request of a person, to the minute"),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False, comment="what the browser says of itself"),
    Column("ended", Instant),
    Column("why", String(16), nullable=False, default="", comment="logout, idle, over, password, role or disabled"),
    comment="who is logged in; ended ones are forgotten after a month",
)

login_link = Table(
    "login_link",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True, comment="of the link's secret, which is kept nowhere"),
    Column("account", RowNumber, nullable=False),
    Column("expires", Instant, nullable=False),
    comment="links that log in once, made at the hub itself",
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("key", String(100), primary_key=True, comment="account/NAME or address/ADDRESS"),
    Column("count", Integer, nullable=False),
    Column("last", Instant, nullable=False),
    Column("until", Instant, comment="nobody is let in before"),
    comment="log-ins that failed, forgotten after a day without one",
)

session_grant = Table(
    "session_grant",
    metadata,
    Column("session", RowNumber, primary_key=True, autoincrement=False),
    Column("object", String(100), primary_key=True, comment="picture/BOX/STREAM/SEQ, case/NUMBER, person/CODE …"),
    Column("until", Instant, nullable=False),
    comment="what a session may look at because it gave a reason",
)
