"""Sessions: begun at log-in, found by the cookie's hash, ended by leaving, by time, or by what is done to the user
(`users` ends those of who gets another password, role or reach).

A cookie is 256 random bits, kept as a hash; the CSRF token is reckoned from it and kept nowhere. Times come in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import users
from countyhub.accounts.users import User
from countyhub.store.accounttables import account, login_link, session, session_grant

COOKIE: Final = "gridwire_session"
SECURE_COOKIE: Final = "__Host-gridwire_session"
"""Where TLS is: browsers then take it from this very host alone, and never without TLS."""
SEEN_EVERY: Final = timedelta(seconds=60)
KEPT: Final = timedelta(days=30)
STAYS: Final = timedelta(days=30)
"""So long a screen on a wall is logged in, at most."""
_BYTES: Final = 32


class Limits(NamedTuple):
    """`idle`: without a request of the person's; `over`: since the log-in, whatever was done. Both are settings of
    `[accounts]`."""

    idle: timedelta
    over: timedelta

    @classmethod
    def of(cls, idle_minutes: int, longest_hours: int) -> Limits:
        """As the settings have them."""
        return cls(timedelta(minutes=idle_minutes), timedelta(hours=longest_hours))


class Found(NamedTuple):
    """A session that is good. `is_stale`: `seen` should be written down anew."""

    id: int
    user: User
    created: datetime
    seen: datetime
    is_stale: bool


class Running(NamedTuple):
    """A session as it is listed."""

    id: int
    name: str
    created: datetime
    seen: datetime
    address: str
    agent: str


def new_secret() -> str:
    """A cookie or link that nobody has yet."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of it. A plain hash will do: 256 random bits cannot be tried out."""
    return hashlib.sha256(secret.encode()).digest()


def csrf(cookie: str) -> str:
    """What forms and scripts of this session bring back: who cannot read the page cannot know it. Another one for each
    page, so that its compressed size tells nothing of it (BREACH)."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{_mac(cookie, nonce)}"


def is_csrf(cookie: str, said: str) -> bool:
    nonce, _, mac = said[:200].partition(".")
    return bool(nonce) and hmac.compare_digest(_mac(cookie, nonce).encode(), mac.encode("utf-8", "replace"))


def _mac(cookie: str, nonce: str) -> str:
    mac = hmac.new(cookie.encode(), b"csrf." + nonce.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


async def begin(
    connection: AsyncConnection, user: User, now: datetime, *, address: str = "", agent: str = ""
) -> tuple[int, str]:
    """A new session: its number and its cookie, which can never be told again."""
    cookie = new_secret()
    values = {"sha256": digest(cookie), "account": user.id, "created": now, "seen": now, "why": ""}
    values |= {"address": address[:64], "agent": _ascii(agent)[:200]}
    await connection.execute(session.insert().values(**values))
    number = select(session.c.id).where(session.c.sha256 == values["sha256"])
    return int((await connection.execute(number)).scalar_one()), cookie


async def find(connection: AsyncConnection, cookie: str, now: datetime, limits: Limits) -> Found | None:
    """The good session of a cookie: not ended, not too old, of a user who may log in."""
    if not cookie or len(cookie) > 100:
        return None
    s = session.c
    query = select(*s, account.c.stays, account.c.disabled.label("gone")).join(account, account.c.id == s.account)
    row = (await connection.execute(query.where(s.sha256 == digest(cookie)))).mappings().first()
    if row is None or row["ended"] is not None or row["gone"] is not None or _over(row, now, limits):
        return None
    user = await users.by_id(connection, row["account"])
    if user is None:
        return None
    return Found(row["id"], user, row["created"], row["seen"], now - row["seen"] >= SEEN_EVERY)


async def good(connection: AsyncConnection, numbers: Collection[int], now: datetime, limits: Limits) -> frozenset[int]:
    """Those sessions that may go on: for answers that last long."""
    s = session.c
    query = select(s.id, s.created, s.seen, account.c.stays).join(account, account.c.id == s.account)
    query = query.where(s.id.in_(list(numbers)), s.ended.is_(None), account.c.disabled.is_(None))
    rows = (await connection.execute(query)).mappings()
    return frozenset(row["id"] for row in rows if not _over(row, now, limits))


async def note_seen(connection: AsyncConnection, number: int, now: datetime) -> None:
    s = session.c
    await connection.execute(update(session).where(s.id == number, s.seen < now).values(seen=now))


async def end(connection: AsyncConnection, number: int, why: str, now: datetime) -> None:
    """One that has ended already stays as it is."""
    where = (session.c.id == number, session.c.ended.is_(None))
    await connection.execute(update(session).where(*where).values(ended=now, why=why))


async def running(
    connection: AsyncConnection, now: datetime, limits: Limits, user: User | None = None
) -> list[Running]:
    """Sessions that are good, the latest first."""
    s = session.c
    query = select(s.id, account.c.name, s.created, s.seen, s.address, s.agent).join(account, account.c.id == s.account)
    running = (s.seen > now - limits.idle) & (s.created > now - limits.over)
    query = query.where(s.ended.is_(None), running | (account.c.stays & (s.created > now - STAYS)))
    if user is not None:
        query = query.where(s.account == user.id)
    return [Running(*row) for row in await connection.execute(query.order_by(s.created.desc()))]


async def add_link(connection: AsyncConnection, user: User, expires: datetime) -> str:
    """The secret of a link that logs in once, at a time before `expires`."""
    secret = new_secret()
    await connection.execute(login_link.insert().values(sha256=digest(secret), account=user.id, expires=expires))
    return secret


async def use_link(connection: AsyncConnection, secret: str, now: datetime) -> User | None:
    """Whom a link lets in; it is used up by this."""
    link = login_link.c
    number = select(link.account).where(link.sha256 == digest(secret), link.expires > now)
    found = (await connection.execute(number)).scalar()
    if found is None:
        return None
    if (await connection.execute(delete(login_link).where(link.sha256 == digest(secret)))).rowcount != 1:
        return None
    user = await users.by_id(connection, found)
    return user if user is not None and user.disabled is None else None


async def tidy(connection: AsyncConnection, now: datetime, limits: Limits) -> None:
    """Ends in the table what is over by time, and forgets what has long ended."""
    s = session.c
    staying = select(account.c.id).where(account.c.stays)
    for why, column, longest in (("over", s.created, limits.over), ("idle", s.seen, limits.idle)):
        running = (s.ended.is_(None), s.account.not_in(staying))
        await connection.execute(update(session).where(*running, column <= now - longest).values(ended=now, why=why))
    forgotten = (s.ended.is_(None), s.created <= now - STAYS)
    await connection.execute(update(session).where(*forgotten).values(ended=now, why="over"))
    await connection.execute(delete(session).where(s.ended < now - KEPT))
    await connection.execute(delete(session_grant).where(session_grant.c.until < now))
    await connection.execute(delete(login_link).where(login_link.c.expires < now))


def _over(row: RowMapping, now: datetime, limits: Limits) -> bool:
    if row["stays"]:
        return bool(now - row["created"] >= STAYS)
    return bool(now - row["seen"] >= limits.idle or now - row["created"] >= limits.over)


def _ascii(text: str) -> str:
    return "".join(letter for letter in text if " " <= letter <= "~")
