"""`countyhub token add|list|revoke`: who may use the HTTP interface, and for what; beside the running hub.

Ends with 0 when it was done, 1 when the database cannot be used, 2 for arguments that are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.api import tokens
from countyhub.api.tokens import Token, Wish, WrongToken
from countyhub.cli.attempt import OK, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.registry import stored
from countyhub.registry.forms import Area
from countyhub.store.engine import Store, locate, open_reader
from gridwire.problem import Language

_STATES = {"good": "有效", "expired": "已过期", "revoked": "已吊销"}


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    return attempt(args.language, lambda: asyncio.run(_work(config, args)), wrong_use=(WrongToken,))


async def _work(config: Config, args: argparse.Namespace) -> int:
    store, zone = await open_reader(locate(config)), ZoneInfo(config.web.timezone)
    work = {"add": _add, "list": _list, "revoke": _revoke}[args.action]
    try:
        await work(store, args, zone)
    finally:
        await store.close()
    return OK


async def _add(store: Store, args: argparse.Namespace, zone: ZoneInfo) -> None:
    now = datetime.now(UTC)
    scopes = [scope for part in args.scopes for scope in part.split(",") if scope]
    expires = now + timedelta(days=args.days) if args.days else None
    wanted = tokens.wish(args.name, scopes, person=args.person, area=args.area, expires=expires)
    await _check(store, wanted, now, zone)
    async with store.write() as connection:
        made, text = await tokens.add(connection, wanted, by=_who(), now=now)
    if args.json:
        print(msgspec.json.encode({**_as_json(made, now), "token": text}).decode())
        return
    print(text)
    told = say(args.language, en="Shown this once: only its hash is kept. Whoever has it may do what it is for.",
               zh="令牌只显示这一次，系统仅保存其哈希。请妥善保管：持有者即可使用其权限。")  # fmt: skip
    print(told, file=sys.stderr)


async def _check(store: Store, wanted: Wish, now: datetime, zone: ZoneInfo) -> None:
    """Raises `UnknownPerson`, `UnknownArea`."""
    async with store.read() as connection:
        registry = await stored.load_registry(connection, zone)
    if wanted.person and not registry.duties(wanted.person, now):
        raise tokens.UnknownPerson(person=wanted.person[:40])
    if wanted.area and not isinstance(registry.area(wanted.area, now), Area):
        raise tokens.UnknownArea(area=wanted.area[:40])


async def _list(store: Store, args: argparse.Namespace, zone: ZoneInfo) -> None:
    now = datetime.now(UTC)
    async with store.read() as connection:
        found = await tokens.every(connection)
    for each in found:
        print(msgspec.json.encode(_as_json(each, now)).decode() if args.json else _line(each, args.language, zone, now))
    if not found:
        print(say(args.language, en="there are no tokens", zh="还没有令牌"), file=sys.stderr)


async def _revoke(store: Store, args: argparse.Namespace, _zone: ZoneInfo) -> None:
    now = datetime.now(UTC)
    async with store.write() as connection:
        gone = await tokens.revoke(connection, args.name, now)
    if args.json:
        print(msgspec.json.encode(_as_json(gone, now)).decode())
    else:
        print(say(args.language, en=f"{gone.prefix}… {gone.name}: revoked", zh=f"{gone.prefix}… {gone.name}：已吊销"))


def _line(each: Token, language: Language, zone: ZoneInfo, now: datetime) -> str:
    state = each.state(now)

    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "–"

    return "  ".join((
        f"{each.prefix}…",
        each.name,
        say(language, en=state, zh=_STATES[state]),
        f"{say(language, en='until', zh='有效至')} {at(each.expires)}",
        f"{say(language, en='used', zh='最近使用')} {at(each.used)}",
        f"{say(language, en='person', zh='工号')} {each.person or '–'}",
        f"{say(language, en='area', zh='区划')} {each.area or '–'}",
        ",".join(sorted(each.scopes)),
    ))  # fmt: skip


def _as_json(each: Token, now: datetime) -> dict[str, object]:
    names = ("name", "prefix", "person", "area", "created", "by", "expires", "revoked", "used")
    return {**{name: getattr(each, name) for name in names}, "scopes": sorted(each.scopes), "state": each.state(now)}


def _who() -> str:
    """The person at the keyboard, as far as the system knows."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]
