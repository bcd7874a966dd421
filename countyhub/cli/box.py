"""`countyhub box list`, `countyhub box replay BOX …`: looks at the boxes, and has one send again what it still keeps.
`add`, `replace` and `revoke` stand in boxadd and boxrevoke.

Beside the running hub: the order is written down, and goes by a connection of its own.
Ends with 0 when it was done, 1 when it was refused, has expired or met nobody, 2 for a box or arguments that are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import functools
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.ca.identities import WrongIdentity
from countyhub.cli.attempt import FAILED, OK, READS, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.downlink import commands, errand
from countyhub.overview import boxviews
from countyhub.overview.boxviews import BoxView
from countyhub.store.engine import locate, open_reader
from countyhub.web.texts.present import size
from countyhub.web.texts.table import text, word
from gridwire import instants
from gridwire.identifiers import BadBoxId, new_ulid
from gridwire.messages import Command, Reply
from gridwire.problem import Language, Problem

_RANGE = re.compile(r"([1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?", re.ASCII)


class WrongUse(Problem):
    """Base of what the caller can put right."""


class UnknownBox(WrongUse):
    code = "box.unknown"
    en = "the hub has never heard of box {box}; see countyhub box list. {hint}"
    zh = "汇聚端从未收到过盒子 {box} 的消息；请查看 countyhub box list。{hint}"


class BadTime(WrongUse):
    code = "box.bad-time"
    en = "“{given}” is no time in the past; e.g. 2026-11-01T08:00 or 2026-11-01T00:00Z"
    zh = "“{given}”不是过去的时间；例如 2026-11-01T08:00 或 2026-11-01T00:00Z"


class BadRange(WrongUse):
    code = "box.bad-range"
    en = "“{given}” is no range of numbers; e.g. 5-90"
    zh = "“{given}”不是号段；例如 5-90"


class TellWhich(WrongUse):
    code = "box.tell-which"
    en = "say what is wanted: --since TIME (with --stream or --lane for less), or --stream, --lane and --range"
    zh = "请说明补发哪些：--since 时间（可加 --stream、--lane 缩小范围），或同时给出 --stream、--lane 和 --range"


def execute(args: argparse.Namespace) -> int:
    config, wrong_use = configfile.load(args.config), (WrongUse, WrongIdentity, BadBoxId)
    work = functools.partial(_work(args.action), config, args)
    return attempt(
        args.language, lambda: asyncio.run(work()), wrong_use=wrong_use, failed=errand.PROBLEMS, database=READS
    )


def _work(action: str) -> Callable[[Config, argparse.Namespace], Coroutine[None, None, int]]:
    if action in ("list", "replay"):
        return _list if action == "list" else _replay
    from countyhub.cli import boxadd, boxrevoke

    return {"add": boxadd.add, "replace": boxadd.replace, "revoke": boxrevoke.revoke}[action]


async def _boxes(config: Config) -> list[BoxView]:
    store = await open_reader(locate(config))
    try:
        async with store.read() as connection:
            return await boxviews.boxes(connection)
    finally:
        await store.close()


# list


async def _list(config: Config, args: argparse.Namespace) -> int:
    found = await _boxes(config)
    zone = ZoneInfo(config.web.timezone)
    for view in found:
        print(_as_json(view) if args.json else _line(view, args.language, zone))
    if not found:
        print(text("boxes.empty", args.language), file=sys.stderr)
    return OK


def _as_json(view: BoxView) -> str:
    names = ("id", "name", "link", "reason", "since", "last_seen", "version", "waiting", "oldest_waiting_s", "missing",
             "lost", "clock", "data_level", "data_month_bytes", "devices_up", "devices_down")  # fmt: skip
    return msgspec.json.encode({name: getattr(view, name) for name in names}).decode()


def _line(view: BoxView, language: Language, zone: ZoneInfo) -> str:
    """A box in a line, with what a person should look at behind it."""
    seen = view.last_seen.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if view.last_seen else "–"
    known = (
        view.id,
        view.label if view.name else "–",
        word("link", view.link, language),
        f"{text('box.waiting', language)} {view.waiting}",
        f"{text('box.missing', language)} {view.missing}",
        f"{text('box.seen', language)} {seen}",
        f"{text('box.version', language)} {view.version or '–'}",
        text("box.data", language, size=size(view.data_month_bytes)) if view.data_month_bytes else "",
        word("data", str(view.data_level), language) if view.data_level else "",
        text("box.clock", language) if view.clock == "unsynced" else "",
        text("box.devices.down", language, count=view.devices_down) if view.devices_down else "",
    )
    return "  ".join(part for part in known if part)


# replay


async def _replay(config: Config, args: argparse.Namespace) -> int:
    wanted = _wanted(args, ZoneInfo(config.web.timezone), datetime.now(UTC))
    view = _find(await _boxes(config), args.box)
    expires = datetime.now(UTC) + timedelta(seconds=max(commands.EXPIRES_S, args.timeout_s))
    if view.link in ("offline", "lost"):
        print(say(args.language, en=f"box {view.id} is {view.link}; waiting for it all the same",
                  zh=f"盒子 {view.id} {word('link', view.link, 'zh')}；仍然等待"), file=sys.stderr)  # fmt: skip
    command = Command(id=new_ulid(), op="replay", args=wanted, by=_who(), expires=expires)
    await _note(config, view.id, command)
    reply = await errand.order(config, view.id, command, args.timeout_s)
    if not reply.ok:
        print(_refusal(reply, args.language), file=sys.stderr)
        return FAILED
    print(_done(view, reply.result, args.language))
    return OK


def _wanted(args: argparse.Namespace, zone: ZoneInfo, now: datetime) -> dict[str, object]:
    """The arguments of the order. Raises `TellWhich`, `BadTime`, `BadRange`."""
    named = {name: value for name in ("stream", "lane") if (value := getattr(args, name))}
    if args.since and not args.ranges:
        return {"since": _since(args.since, zone, now).isoformat(), **named}
    if args.since or not args.ranges or len(named) != 2:
        raise TellWhich
    return {**named, "ranges": [_range(each) for each in args.ranges]}


def _since(given: str, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        since = instants.typed(given, zone)
    except ValueError as error:
        raise BadTime(given=given) from error
    if since > now:
        raise BadTime(given=given)
    return since


def _range(given: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(given)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if last < first:
        raise BadRange(given=given)
    return first, last


async def _note(config: Config, box: str, command: Command) -> None:
    """Who ordered what stands in the hub's database before the box hears of it."""
    store = await open_reader(locate(config))
    try:
        async with store.write() as connection:
            await commands.note(connection, box, command, now=datetime.now(UTC))
    finally:
        await store.close()


def _find(views: list[BoxView], box: str) -> BoxView:
    for view in views:
        if view.id == box:
            return view
    close = difflib.get_close_matches(box, [view.id for view in views], 3)
    raise UnknownBox(box=box, hint=f"→ {', '.join(close)}" if close else "")


def _who() -> str:
    """For the box's log."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]


def _refusal(reply: Reply, language: Language) -> str:
    """What it means, and the box's own words."""
    meaning = {
        "command.overdue": say(language, en="expired: the box says that it is too late for it. Is its clock right?",
                               zh="已过期：盒子认为指令已超过期限。盒子的时钟是否准确？"),
        "command.unknown-op": say(language, en="refused: the box's release does not know this order",
                                  zh="被拒绝：盒子的版本不支持这一指令"),
        "command.bad-arguments": say(language, en="refused: the box does not understand the arguments",
                                     zh="被拒绝：盒子无法识别参数"),
    }.get(reply.code, say(language, en="refused by the box", zh="被盒子拒绝"))  # fmt: skip
    return f"{meaning}\n  {reply.text or reply.code}"


def _done(view: BoxView, result: Mapping[str, object], language: Language) -> str:
    rows, unsure = _count(result.get("rows")), _count(result.get("unsure"))
    if not rows:
        return say(language, en=f"{view.label}: nothing to send again: no longer kept, or on its way already",
                   zh=f"{view.label}：没有可补发的事件：已不再保留，或本来就在上报途中")  # fmt: skip
    lanes = result.get("lanes")
    named = lanes if isinstance(lanes, dict) else {}
    parts = [f"{word('lane', str(lane), language)} {count}" for lane, count in named.items()]
    shown = say(language, en=f" ({', '.join(parts)})", zh=f"（{'，'.join(parts)}）") if parts else ""
    line = say(language, en=f"{view.label}: {rows} go again{shown}", zh=f"{view.label}：补发 {rows} 条{shown}")
    if unsure:
        line += say(
            language, en=f"; of {unsure} the box does not know the time", zh=f"；其中 {unsure} 条盒子不知道时间"
        )
    return line


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
