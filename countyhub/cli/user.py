"""`countyhub user …`: who may log in at the console; beside the running hub.

Ends with 0 when it was done, 1 when the database cannot be used, 2 for what is wrong about the wish.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.accounts import passwords, session, users
from countyhub.accounts.passwords import Hasher, WeakPassword
from countyhub.accounts.roles import ROLES, RoleName
from countyhub.accounts.session import Limits
from countyhub.accounts.users import User, WrongUser
from countyhub.audit import trail
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.registry import stored
from countyhub.store.engine import UNAVAILABLE, Store, locate, open_reader
from gridwire.problem import Language, Problem

OK, FAILED, WRONG_USE = 0, 1, 2


class NotTheSame(Problem):
    code = "user.not-the-same"
    en = "the two passwords are not the same"
    zh = "两次输入的密码不一致"


class Work(NamedTuple):
    """What every action is given."""

    store: Store
    config: Config
    args: argparse.Namespace
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.web.timezone)

    @property
    def language(self) -> Language:
        found: Language = self.args.language
        return found


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    try:
        return asyncio.run(_work(config, args))
    except UNAVAILABLE as error:
        told = say(args.language, en=f"the database takes nothing: {error}", zh=f"数据库无法写入：{error}")
        print(told, file=sys.stderr)
        return FAILED
    except (WrongUser, WeakPassword, NotTheSame) as problem:
        print(problem.text(args.language), file=sys.stderr)
        return WRONG_USE


async def _work(config: Config, args: argparse.Namespace) -> int:
    store = await open_reader(locate(config))
    try:
        await _ACTIONS[args.action](Work(store, config, args, datetime.now(UTC)))
    finally:
        await store.close()
    return OK


async def _add(work: Work) -> None:
    args = work.args
    name = users.plain(args.name)
    if not users.NAME_PATTERN.fullmatch(name):
        raise users.BadUserName(name=args.name[:40])
    users.check_roles(tuple(args.roles), person=args.person, area=args.area)
    await _check_registry(work)
    password, is_made = _password(work, name)
    hashed = await Hasher().hash(password) if password else ""
    async with work.store.write() as connection:
        made = await users.create(
            connection, name, args.roles, password_hash=hashed, person=args.person, area=args.area,
            must_change=is_made or args.must_change, stays=args.stays, now=work.now,
        )  # fmt: skip
    _show(work, made, password if is_made else "")


async def _change(work: Work) -> None:
    args = work.args
    await _check_registry(work)
    async with work.store.write() as connection:
        changed = await users.change(
            connection, args.name, args.roles, person=args.person, area=args.area, now=work.now
        )
    _show(work, changed)


async def _set_password(work: Work) -> None:
    async with work.store.read() as connection:
        found = await users.one(connection, work.args.name)
    password, is_made = _password(work, found.name)
    hashed = await Hasher().hash(password) if password else ""
    async with work.store.write() as connection:
        changed = await users.set_password(
            connection, found.name, hashed, must_change=is_made or work.args.must_change, now=work.now
        )
    _show(work, changed, password if is_made else "")


async def _disable(work: Work) -> None:
    async with work.store.write() as connection:
        _show(work, await users.disable(connection, work.args.name, work.now))


async def _enable(work: Work) -> None:
    async with work.store.write() as connection:
        _show(work, await users.enable(connection, work.args.name))


async def _list(work: Work) -> None:
    async with work.store.read() as connection:
        found = await users.every(connection)
    for each in found:
        _show(work, each)
    if not found:
        print(say(work.language, en="there are no users", zh="还没有用户"), file=sys.stderr)


async def _sessions(work: Work) -> None:
    args, limits = work.args, Limits.of(work.config.accounts.idle_minutes, work.config.accounts.longest_hours)
    async with work.store.write() as connection:
        user = await users.one(connection, args.name) if args.name else None
        if args.end and user is not None:
            await users.end_sessions(connection, user, "ended", work.now)
        found = await session.running(connection, work.now, limits, user)
    for each in found:
        if args.json:
            print(msgspec.json.encode(each._asdict()).decode())
            continue
        since, seen = (f"{at.astimezone(work.zone):%m-%d %H:%M}" for at in (each.created, each.seen))
        print(f"{each.id}  {each.name}  {since} – {seen}  {each.address}  {each.agent}")
    if not found:
        print(say(work.language, en="nobody is logged in", zh="没有已登录的会话"), file=sys.stderr)


async def _link(work: Work) -> None:
    expires = work.now + timedelta(minutes=work.args.minutes)
    async with work.store.write() as connection:
        user = await users.one(connection, work.args.name)
        secret = await session.add_link(connection, user, expires)
        await trail.note(connection, "user.link", f"user/{user.name}", minutes=work.args.minutes)
    web = work.config.web
    host = web.names[0] if web.names else "127.0.0.1"
    base = work.args.url.rstrip("/") or f"{'https' if web.tls_cert else 'http'}://{host}:{web.port}"
    print(f"{base}/login/link/{secret}")
    told = say(work.language, en=f"Logs in once, within {work.args.minutes} minutes. Whoever has it may use it.",
               zh=f"{work.args.minutes} 分钟内有效，只能使用一次。请勿转发：持有者即可登录。")  # fmt: skip
    print(told, file=sys.stderr)


async def _check_registry(work: Work) -> None:
    args = work.args
    async with work.store.read() as connection:
        registry = await stored.load_registry(connection, work.zone)
    users.check_registry(registry, args.roles, person=args.person, area=args.area, now=work.now)


def _password(work: Work, name: str) -> tuple[str, bool]:
    """The password that is wanted, and whether it was made here. Raises `WeakPassword`, `NotTheSame`."""
    args = work.args
    if args.generate:
        return passwords.generate(), True
    if args.no_password:
        return "", False
    if args.stdin or not sys.stdin.isatty():
        found = sys.stdin.readline().rstrip("\r\n")
    else:
        found = getpass.getpass(say(work.language, en="new password: ", zh="新密码："))
        if getpass.getpass(say(work.language, en="again: ", zh="再输一次：")) != found:
            raise NotTheSame
    passwords.check(found, name)
    return found, False


def _show(work: Work, user: User, password: str = "") -> None:
    """A password that was made stands alone on the output, for it is shown this once."""
    if work.args.json:
        facts = user._asdict() | ({"password": password} if password else {})
        print(msgspec.json.encode(facts).decode())
        return
    language = work.language

    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(work.zone):%Y-%m-%d %H:%M}" if moment else "–"

    good = say(language, en="disabled", zh="已停用") if user.disabled else say(language, en="good", zh="有效")
    person, area = say(language, en="person", zh="工号"), say(language, en="area", zh="区划")
    used = f"{say(language, en='last log-in', zh='最近登录')} {at(user.used)}"
    line = (
        user.name,
        good,
        _roles(user, language),
        f"{person} {user.person or '–'}",
        f"{area} {user.area or '–'}",
        used,
    )
    print("  ".join(line), file=sys.stderr if password else sys.stdout)
    if password:
        print(password)
        told = say(language, en="Shown this once; it must be changed at the first log-in.",
                   zh="密码只显示这一次，首次登录须修改。")  # fmt: skip
        print(told, file=sys.stderr)


def _roles(user: User, language: Language) -> str:
    """As the console says them; a role of another release as it is stored."""
    known = [ROLES[role] if role in ROLES else RoleName(role, role, frozenset()) for role in user.roles]
    return say(language, en=", ".join(role.en for role in known), zh="、".join(role.zh for role in known))


_ACTIONS: dict[str, Callable[[Work], Awaitable[None]]] = {
    "add": _add, "list": _list, "change": _change, "set-password": _set_password, "disable": _disable,
    "enable": _enable, "sessions": _sessions, "link": _link,
}  # fmt: skip
