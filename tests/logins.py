"""For tests of the console: users, and who is logged in at which server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from argon2 import PasswordHasher

from countyhub.accounts import session, users
from countyhub.accounts.passwords import Hasher
from countyhub.accounts.session import COOKIE
from countyhub.accounts.users import User
from countyhub.store.engine import Store

PASSWORD = "kd73-qwpl-x9"
CHEAP = Hasher(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
"""Tests need no dear hashes."""
COOKIES: dict[str, str] = {}
"""Address of a server (host:port) -> the cookie that the tests' clients bring to it."""


async def user(store: Store, name: str = "tester", roles: Iterable[str] = ("county",), **given: object) -> User:
    """Made with `PASSWORD`, or as he is already."""
    hashed = await CHEAP.hash(PASSWORD)
    async with store.write() as connection:
        try:
            return await users.one(connection, name)
        except users.NoSuchUser:
            return await users.create(connection, name, roles, password_hash=hashed, now=datetime.now(UTC), **given)


async def cookie(store: Store, who: User) -> str:
    """Of a new session, as a Cookie header has it."""
    async with store.write() as connection:
        return f"{COOKIE}={(await session.begin(connection, who, datetime.now(UTC)))[1]}"


def with_cookie(netloc: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers of a request to a server, with the session there is; `cookie` is added to, `session=""` is nobody."""
    given = dict(headers)
    mine = given.pop("session", COOKIES.get(netloc, ""))
    both = [each for each in (mine, given.pop("cookie", "")) if each]
    return {**given, "cookie": "; ".join(both)} if both else given
