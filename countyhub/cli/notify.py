"""`countyhub notify …`: who is told by which way, what did not arrive, and answering a call for help. The running hub
takes up every change by itself.

Ends with 0 when it was done, 1 when a test did not arrive or the database takes nothing, 2 for what is wrong with the
arguments, 78 for settings.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row

from countyhub import configfile
from countyhub.cli.attempt import FAILED, OK, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.notify import acknowledge, byhand, channels, people, quiet, texts
from countyhub.notify.alerts import NoSuchCall
from countyhub.notify.channel import WHY, BadAddress, Parcel, Sent, Unclear
from countyhub.registry import stored
from countyhub.registry.forms import Person
from countyhub.store.engine import Store, locate, open_reader
from gridwire.identifiers import new_ulid
from gridwire.problem import Language, Problem

_SHOWN = ("waiting", "unknown", "failed")
_STATES = {"waiting": "等待", "sending": "发送中", "sent": "已送达", "unknown": "结果不明", "failed": "失败",
           "dropped": "已取消"}  # fmt: skip


class NoSuchPerson(Problem):
    code = "notify.no-such-person"
    en = "the registry knows no person “{person}” today"
    zh = "登记表中今天没有工号“{person}”"


class SayWhere(Problem):
    code = "notify.say-where"
    en = "give an address, or --off"
    zh = "请给出地址，或用 --off"


_EXPECTED = (NoSuchPerson, SayWhere, NoSuchCall, BadAddress, quiet.BadHours)


def execute(args: argparse.Namespace) -> int:
    return attempt(args.language, lambda: asyncio.run(_work(configfile.load(args.config), args)), wrong_use=_EXPECTED)


async def _work(config: Config, args: argparse.Namespace) -> int:
    if args.action == "test":
        return await _test(config, args)
    store = await open_reader(locate(config))
    try:
        match args.action:
            case "list":
                return await _list(store, config, args)
            case "subscribe":
                return await _subscribe(store, config, args)
            case "quiet":
                return await _quiet(store, config, args)
            case "ack":
                await acknowledge(store, args.number, args.by or _who(), datetime.now(UTC))
                _tell(args, {"answered": args.number}, en="answered: nobody else is woken", zh="已响应：不再继续通知")
                return OK
        count = await byhand.retry(store, args.ids, datetime.now(UTC))
        _tell(args, {"again": count}, en=f"{count} go again", zh=f"重新发送 {count} 条")
        return OK if count or not args.ids else FAILED
    finally:
        await store.close()


# -- changes ---------------------------------------------------------------------------------------------------------


async def _test(config: Config, args: argparse.Namespace) -> int:
    channel = channels.one(config, args.channel)
    try:
        channel.check(args.address)
        text = texts.test(config.name or config.county, config.language)
        outcome = await channel.send(Parcel(new_ulid(), args.address, text, text))
    finally:
        await channel.close()
    if isinstance(outcome, Sent):
        _tell(args, {"sent": True, "answer": outcome.answer}, en=f"sent {outcome.answer}",
              zh=f"已发送 {outcome.answer}")  # fmt: skip
        return OK
    zh, en = WHY[outcome.why]
    maybe = isinstance(outcome, Unclear)
    _tell(args, {"sent": None if maybe else False, "why": outcome.why, "detail": outcome.detail},
          en=f"{'perhaps ' if maybe else 'not '}sent: {en}\n  {outcome.detail}",
          zh=f"{'可能已' if maybe else '未'}送达：{zh}\n  {outcome.detail}")  # fmt: skip
    return FAILED


async def _subscribe(store: Store, config: Config, args: argparse.Namespace) -> int:
    person = await _person(store, config, args.person)
    if args.channel is not None:
        if bool(args.address) == args.off:
            raise SayWhere
        if args.address:
            channel = channels.one(config, args.channel)
            try:
                channel.check(args.address)
            finally:
                await channel.close()
        await byhand.subscribe(store, person.code, args.channel, args.address or "", datetime.now(UTC))
    built = channels.build(config)
    async with store.read() as connection:
        ways = (await people.ways(connection, [person], built, config.language))[person.code]
    await channels.close(built)
    known = {"person": person.code, "ways": dict(ways.addresses), "language": ways.language, "quiet": ways.quiet}
    listed = " ".join(f"{name}={address}" for name, address in ways.addresses.items())
    hours = ways.quiet or config.notify.quiet or "-"
    _tell(args, known, en=f"{person.code}: {listed or 'no way'}; quiet {hours}; {ways.language}",
          zh=f"{person.code}：{listed or '没有联系方式'}；免打扰 {hours}；{ways.language}")  # fmt: skip
    return OK


async def _quiet(store: Store, config: Config, args: argparse.Namespace) -> int:
    person = await _person(store, config, args.person)
    hours = {None: None, "county": ""}.get(args.hours, args.hours)
    quiet.hours(hours or "")
    language = {None: None, "county": ""}.get(args.texts, args.texts)
    if hours is not None or language is not None:
        await byhand.prefer(store, person.code, quiet=hours, language=language)
    args.channel = None
    return await _subscribe(store, config, args)


async def _person(store: Store, config: Config, code: str) -> Person:
    async with store.read() as connection:
        registry = await stored.load_registry(connection, ZoneInfo(config.web.timezone))
    person = registry.person(code, datetime.now(UTC))
    if person is None:
        raise NoSuchPerson(person=code)
    return person


# -- looks -----------------------------------------------------------------------------------------------------------


async def _list(store: Store, config: Config, args: argparse.Namespace) -> int:
    zone, states = ZoneInfo(config.web.timezone), args.state or _SHOWN
    async with store.read() as connection:
        totals = await byhand.totals(connection)
        calls = await byhand.calls(connection)
        parcels = await byhand.parcels(connection, states, args.limit)
        unpacked = await byhand.unpacked(connection, args.limit)
    waiting = [row for row in unpacked if row.state in states]
    if args.json:
        _print_json(totals, calls=calls, parcels=parcels, messages=waiting)
        return OK
    language: Language = args.language
    for row in calls:
        since = f"{row.opened.astimezone(zone):%m-%d %H:%M}"
        print(say(language, en=f"CALL {row.number} since {since}: nobody has answered",
                  zh=f"求助 {row.number} 自 {since} 起无人响应"))  # fmt: skip
    for row in parcels:
        print(f"{row.id}  {row.made.astimezone(zone):%m-%d %H:%M}  {_state(row.state, language)}  {row.person}  "
              f"{row.channel}  {row.text.splitlines()[0]}{_why(row.problem, language)}")  # fmt: skip
    for row in waiting:
        until = f" → {row.due.astimezone(zone):%m-%d %H:%M}" if row.due else ""
        print(f"-  {row.made.astimezone(zone):%m-%d %H:%M}{until}  {_state(row.state, language)}  {row.person}  "
              f"{row.channel or '-'}  {row.text}{_why(row.problem, language)}")  # fmt: skip
    counted = (", " if language == "en" else "，").join(f"{_state(k, language)} {n}" for k, n in sorted(totals.items()))
    print(say(language, en=f"in all: {counted or 'none'}", zh=f"共计：{counted or '还没有通知'}"))
    return OK


def _print_json(totals: dict[str, int], **tables: Sequence[Row[Any]]) -> None:
    found: dict[str, object] = {"totals": totals}
    found |= {name: [dict(row._mapping) for row in rows] for name, rows in tables.items()}
    print(msgspec.json.encode(found).decode())


def _state(state: str, language: Language) -> str:
    return say(language, en=state, zh=_STATES.get(state, state))


def _why(problem: str, language: Language) -> str:
    """The stored word in words, then what the other side said."""
    if not problem:
        return ""
    word, _, detail = problem.partition(": ")
    if word not in WHY:
        return f"  ({problem})"
    zh, en = WHY[word]
    return say(language, en=f"  ({en}{': ' if detail else ''}{detail})", zh=f"（{zh}{'：' if detail else ''}{detail}）")


def _tell(args: argparse.Namespace, known: Mapping[str, object], *, en: str, zh: str) -> None:
    print(msgspec.json.encode(known).decode() if args.json else say(args.language, en=en, zh=zh))


def _who() -> str:
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]
