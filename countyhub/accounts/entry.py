"""Letting somebody in: by name and password, or by a link made at the hub; letting him out, and changing his password.

Everything is in the audit, what failed too; of what was typed there only a name that somebody has.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import lockout, passwords, session, users
from countyhub.accounts.passwords import Hasher
from countyhub.accounts.session import Limits
from countyhub.accounts.users import User
from countyhub.audit import trail
from countyhub.audit.trail import Asker
from countyhub.store.engine import Store
from gridwire.problem import Problem


class NotLetIn(Problem):
    """Base of why somebody is not let in."""


class WrongPassword(NotLetIn):
    code = "login.wrong"
    en = "user name and password do not belong together, or the user is disabled"
    zh = "用户名或密码不正确，或用户已停用"


class Held(NotLetIn):
    code = "login.held"
    en = "too many log-ins have failed: wait {seconds} s and try again; nothing is looked at before"
    zh = "登录失败次数过多：请 {seconds} 秒后再试，在此之前不会核对密码"

    def __init__(self, *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(seconds=seconds)


class LinkOver(NotLetIn):
    code = "login.link-over"
    en = "this link was used already, or is too old: countyhub user link makes another one"
    zh = "此链接已用过或已过期：请用 countyhub user link 重新生成"


class SamePassword(passwords.WeakPassword):
    code = "password.same"
    en = "the new password is the old one: choose another one"
    zh = "新密码与旧密码相同：请换一个"


class From(NamedTuple):
    """Where a log-in comes from. `agent`: what the browser says of itself; `cookie`: of a session that ends by it."""

    address: str = ""
    agent: str = ""
    cookie: str = ""


class Entry:
    """The door of the console, on one store."""

    def __init__(self, store: Store, hasher: Hasher, limits: Limits) -> None:
        self.store, self.hasher, self.limits = store, hasher, limits

    async def by_password(self, name: str, password: str, where: From, now: datetime) -> str:
        """The cookie of a new session. Raises `WrongPassword`, `Held`."""
        login = users.plain(name)[:64]
        by = Asker("anybody", "", where.address)
        async with self.store.write() as connection:
            tried = await lockout.begin(connection, login, where.address, now)
            kept = "" if tried.until else await users.password_of(connection, login)
        if tried.until:
            raise Held(seconds=max(1, round((tried.until - now).total_seconds())))
        if not await self.hasher.is_right(password, kept):
            async with self.store.write() as connection:
                await self._note_failure(connection, login, by, begins=tried.begins)
            raise WrongPassword
        fresh = await self.hasher.hash(password) if self.hasher.is_old(kept) else ""
        async with self.store.write() as connection:
            user = await users.one(connection, login)
            if await users.password_of(connection, login) != kept:
                raise WrongPassword  # changed or disabled while we reckoned
            await lockout.forgive(connection, login, where.address)
            if fresh:
                await users.refresh_hash(connection, user.id, fresh)
            return await self._let_in(connection, user, where, now, "password")

    async def by_link(self, secret: str, where: From, now: datetime) -> str:
        """The cookie of a new session. Raises `LinkOver`."""
        async with self.store.write() as connection:
            user = await session.use_link(connection, secret, now)
            if user is not None:
                return await self._let_in(connection, user, where, now, "link")
            await trail.note(connection, "login.failed", by=Asker("anybody", "", where.address), how="link")
        raise LinkOver

    async def out(self, number: int, now: datetime) -> None:
        """Ends a session, of the asker's wish."""
        async with self.store.write() as connection:
            await session.end(connection, number, "logout", now)
            await trail.note(connection, "logout")

    async def change_password(self, name: str, old: str, new: str, where: From, now: datetime) -> str:
        """Sets one's own password, ends all of one's sessions and begins a new one: its cookie.

        Raises `WrongPassword`, `Held`, `passwords.WeakPassword`.
        """
        login = users.plain(name)
        passwords.check(new, login)
        if passwords.normal(old) == passwords.normal(new):
            raise SamePassword
        await self.prove(login, old, where, now)
        hashed = await self.hasher.hash(new)
        async with self.store.write() as connection:
            user = await users.set_password(connection, login, hashed, must_change=False, now=now)
            return (await session.begin(connection, user, now, address=where.address, agent=where.agent))[1]

    async def prove(self, name: str, password: str, where: From, now: datetime) -> None:
        """That it is still he who logged in: before what must not be done at a screen that was left alone. Counts as a
        try to log in. Raises `WrongPassword`, `Held`."""
        login = users.plain(name)
        async with self.store.write() as connection:
            tried = await lockout.begin(connection, login, where.address, now)
            kept = "" if tried.until else await users.password_of(connection, login)
        if tried.until:
            raise Held(seconds=max(1, round((tried.until - now).total_seconds())))
        is_right = await self.hasher.is_right(password, kept)
        async with self.store.write() as connection:
            if is_right:
                await lockout.forgive(connection, login, where.address)
            else:
                await self._note_failure(connection, login, trail.asker(), begins=tried.begins)
        if not is_right:
            raise WrongPassword

    async def _let_in(self, connection: AsyncConnection, user: User, where: From, now: datetime, how: str) -> str:
        before = await session.find(connection, where.cookie, now, self.limits)
        if before is not None:
            await session.end(connection, before.id, "logout", now)
        number, cookie = await session.begin(connection, user, now, address=where.address, agent=where.agent)
        await users.note_login(connection, user.id, now)
        by = Asker(f"user/{user.name}", user.person, where.address)
        await trail.note(connection, "login", f"session/{number}", by=by, how=how)
        return cookie

    async def _note_failure(self, connection: AsyncConnection, login: str, by: Asker, *, begins: bool) -> None:
        """People type their password into the wrong field: only a name that somebody has is written down."""
        known = login in {user.name for user in await users.every(connection)}
        await trail.note(connection, "login.failed", f"user/{login}" if known else "", by=by, how="password")
        if begins:
            await trail.note(connection, "login.held", f"user/{login}" if known else "", by=by)
