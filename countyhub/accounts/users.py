"""Users of the console: made, changed, disabled, never deleted, and each change is in the audit.

Whatever changes what somebody may do, or how he proves who he is, ends his sessions in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts.roles import NO_PERSON, ROLES
from countyhub.accounts.roles import rights as rights_of
from countyhub.audit import trail
from countyhub.registry.snapshot import Registry
from countyhub.store.accounttables import account, login_failure, session
from gridwire.problem import Problem

NAME_PATTERN = re.compile(r"[^\W_][\w.@-]{0,31}")


class WrongUser(Problem):
    """Base of what is wrong with the wish for a user."""


class BadUserName(WrongUser):
    code = "user.bad-name"
    en = "“{name}” is no user name: letters, digits and .@_-, at most 32, the first a letter or digit"
    zh = "“{name}”不能作用户名：可用文字、数字和 .@_-，最多 32 个，首字为文字或数字"


class UserExists(WrongUser):
    code = "user.exists"
    en = "there is, or was, a user “{name}”: choose another name, so that the audit stays clear"
    zh = "已有（或曾有）用户“{name}”：请换一个名称，以免审计记录混淆"


class NoSuchUser(WrongUser):
    code = "user.unknown"
    en = "there is no user “{name}”; see countyhub user list"
    zh = "没有用户“{name}”；请查看 countyhub user list"


class UnknownRole(WrongUser):
    code = "user.unknown-role"
    en = "there is no role “{role}”; there are: {known}"
    zh = "没有“{role}”这一角色；可用的有：{known}"


class PlaceNeeded(WrongUser):
    code = "user.place-needed"
    en = "the role {role} needs --person or --area: where is it a {role}?"
    zh = "角色 {role} 须用 --person 指明工号或用 --area 指明区划"


class StaysAndActs(WrongUser):
    code = "user.stays-and-acts"
    en = "a screen that stays logged in may only look: give it the role inspector"
    zh = "长期登录的大屏只能查看：请使用“监察”角色（inspector）"


class NotOnDuty(WrongUser):
    code = "user.not-on-duty"
    en = "the registry does not have {person} as {role} today; it has: {duties}"
    zh = "登记表中工号 {person} 今日没有 {role} 这一职责；现有：{duties}"


class UnknownPlace(WrongUser):
    code = "user.unknown-place"
    en = "the registry knows no county, township, village, grid or department {area} today"
    zh = "登记表中今日没有 {area} 这一县、乡镇、村、网格或部门"


class OwnAccount(WrongUser):
    code = "user.own"
    en = "nobody changes or disables the user he is himself: another one with this right does, or countyhub user"
    zh = "不能修改或停用自己的用户：请由其他有此权限的人，或在本机用 countyhub user 操作"


class User(NamedTuple):
    """A user as it is kept, but for the password. `area` empty: what its person works in, or everything."""

    id: int
    name: str
    roles: tuple[str, ...]
    person: str
    area: str
    created: datetime
    by: str
    changed: datetime
    must_change: bool
    stays: bool
    disabled: datetime | None
    used: datetime | None

    @property
    def rights(self) -> frozenset[str]:
        return rights_of(self.roles, has_person=bool(self.person))


_COLUMNS = [account.c[name] for name in User._fields]


async def create(
    connection: AsyncConnection, name: str, roles: Iterable[str], *, password_hash: str = "", person: str = "",
    area: str = "", must_change: bool = False, stays: bool = False, now: datetime,
) -> User:  # fmt: skip
    """A new user; without a password he comes in by a link alone. Raises `BadUserName`, `UserExists`, `UnknownRole`,
    `PlaceNeeded`. That person and area are in the registry, `check_registry` says."""
    wanted = tuple(dict.fromkeys(roles))
    login = plain(name)
    if not NAME_PATTERN.fullmatch(login):
        raise BadUserName(name=name[:40])
    check_roles(wanted, person=person, area=area)
    if stays and rights_of(wanted, has_person=True) & NO_PERSON:
        raise StaysAndActs
    if (await connection.execute(select(account.c.id).where(account.c.name == login))).first() is not None:
        raise UserExists(name=login)
    values = {
        "name": login, "password": password_hash, "roles": msgspec.json.encode(wanted), "person": person, "area": area,
        "created": now, "by": trail.asker().who, "changed": now, "must_change": must_change,
        "stays": stays,
    }  # fmt: skip
    await connection.execute(account.insert().values(**values))
    await trail.note(connection, "user.added", f"user/{login}", roles=", ".join(wanted), person_code=person, area=area)
    return await one(connection, login)


def plain(name: str) -> str:
    """A user name as it is kept: people do not remember capitals."""
    return name.strip().casefold()


def check_roles(roles: tuple[str, ...], *, person: str, area: str) -> None:
    """Raises `UnknownRole`, `PlaceNeeded`."""
    for role in roles or ("",):
        if role not in ROLES:
            raise UnknownRole(role=role[:40], known=", ".join(ROLES))
        if not (person or area or ROLES[role].whole):
            raise PlaceNeeded(role=role)


def check_registry(registry: Registry, roles: Iterable[str], *, person: str, area: str, now: datetime) -> None:
    """Raises `NotOnDuty`, `UnknownPlace` for what the registry does not know on that day."""
    if person:
        held = {duty.role for duty in registry.duties(person, now)}
        for role in roles:
            if role not in held:
                raise NotOnDuty(person=person[:32], role=role, duties=", ".join(sorted(held)) or "–")
    if area and registry.area(area, now) is None and registry.department(area, now) is None:
        raise UnknownPlace(area=area[:32])


async def any_user(connection: AsyncConnection) -> bool:
    """Whether anybody could log in."""
    query = select(account.c.id).where(account.c.disabled.is_(None)).limit(1)
    return (await connection.execute(query)).first() is not None


async def admins(connection: AsyncConnection) -> list[str]:
    """Who may make and change users, and may log in."""
    found = await every(connection)
    return [each.name for each in found if each.disabled is None and "users:write" in each.rights]


async def one(connection: AsyncConnection, name: str) -> User:
    """Raises `NoSuchUser`."""
    row = (await connection.execute(select(*_COLUMNS).where(account.c.name == plain(name)))).mappings().first()
    if row is None:
        raise NoSuchUser(name=name[:40])
    return _user(row)


async def by_id(connection: AsyncConnection, number: int) -> User | None:
    row = (await connection.execute(select(*_COLUMNS).where(account.c.id == number))).mappings().first()
    return _user(row) if row is not None else None


async def password_of(connection: AsyncConnection, name: str) -> str:
    """The hash that is kept; empty when there is nobody, or nobody who may log in."""
    query = select(account.c.password).where(account.c.name == plain(name), account.c.disabled.is_(None))
    return (await connection.execute(query)).scalar() or ""


async def every(connection: AsyncConnection) -> list[User]:
    """All that there ever were, by name."""
    rows = (await connection.execute(select(*_COLUMNS).order_by(account.c.name))).mappings()
    return [_user(row) for row in rows]


async def set_password(
    connection: AsyncConnection, name: str, password_hash: str, *, must_change: bool, now: datetime
) -> User:
    """Ends every session of his, and what his failures have brought him. Raises `NoSuchUser`."""
    found = await one(connection, name)
    values = {"password": password_hash, "changed": now, "must_change": must_change}
    await connection.execute(update(account).where(account.c.id == found.id).values(**values))
    await trail.note(connection, "password.set", f"user/{found.name}")
    await end_sessions(connection, found, "password", now)
    await forget_failures(connection, found.name)
    return await one(connection, name)


async def refresh_hash(connection: AsyncConnection, number: int, password_hash: str) -> None:
    """The same password, reckoned as dearly as today's are."""
    await connection.execute(update(account).where(account.c.id == number).values(password=password_hash))


async def change(
    connection: AsyncConnection, name: str, roles: Iterable[str], *, person: str, area: str, now: datetime
) -> User:
    """Other roles, person or area. Ends every session. Raises as `create`, and `NoSuchUser`."""
    found, wanted = await one(connection, name), tuple(dict.fromkeys(roles))
    check_roles(wanted, person=person, area=area)
    values = {"roles": msgspec.json.encode(wanted), "person": person, "area": area}
    await connection.execute(update(account).where(account.c.id == found.id).values(**values))
    await trail.note(
        connection, "user.changed", f"user/{found.name}", roles=", ".join(wanted), person_code=person, area=area,
        before=", ".join((*found.roles, found.person, found.area)),
    )  # fmt: skip
    await end_sessions(connection, found, "role", now)
    return await one(connection, name)


async def disable(connection: AsyncConnection, name: str, now: datetime) -> User:
    """From the next request on he is not let in. Raises `NoSuchUser`."""
    found = await one(connection, name)
    await connection.execute(update(account).where(account.c.id == found.id).values(disabled=now))
    await trail.note(connection, "user.disabled", f"user/{found.name}")
    await end_sessions(connection, found, "disabled", now)
    return await one(connection, name)


async def enable(connection: AsyncConnection, name: str) -> User:
    """He may log in again, at once. Raises `NoSuchUser`."""
    found = await one(connection, name)
    await connection.execute(update(account).where(account.c.id == found.id).values(disabled=None))
    await trail.note(connection, "user.enabled", f"user/{found.name}")
    await forget_failures(connection, found.name)
    return await one(connection, name)


async def note_login(connection: AsyncConnection, number: int, now: datetime) -> None:
    await connection.execute(update(account).where(account.c.id == number).values(used=now))


async def end_sessions(connection: AsyncConnection, user: User, why: str, now: datetime) -> int:
    """All that are running; returns how many."""
    mine = (session.c.account == user.id, session.c.ended.is_(None))
    number = int((await connection.execute(select(func.count()).select_from(session).where(*mine))).scalar_one())
    if number:
        await connection.execute(update(session).where(*mine).values(ended=now, why=why))
        await trail.note(connection, "session.ended", f"user/{user.name}", why=why, count=number)
    return number


async def forget_failures(connection: AsyncConnection, name: str) -> None:
    await connection.execute(delete(login_failure).where(login_failure.c.key == f"account/{name}"))


def _user(row: RowMapping) -> User:
    roles = tuple(msgspec.json.decode(row["roles"], type=list[str]))
    return User(**{name: row[name] for name in User._fields if name != "roles"}, roles=roles)
