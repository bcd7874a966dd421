"""`countyhub webhook …`: who is told of what, and what became of it. The running hub takes up every change by itself.

Ends with 0 when it was done, 1 when a test was not taken or the database takes nothing, 2 for what is wrong with the
arguments, 78 for settings.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.cli.attempt import FAILED, OK, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.feeds import outbox, subscriptions
from countyhub.feeds.outbox import Delivery
from countyhub.feeds.post import Poster
from countyhub.feeds.source import EventSource, sources
from countyhub.feeds.subscriptions import NoSuchWebhook, Subscription, TooManyWebhooks
from countyhub.feeds.webhook import attempt as send_once
from countyhub.feeds.webhook import test_message
from countyhub.outbound import signature
from countyhub.outbound.targets import TargetProblem, parse
from countyhub.store.engine import Store, locate, open_reader
from gridwire.identifiers import new_ulid
from gridwire.problem import Problem


class TellWhich(Problem):
    code = "feeds.tell-which"
    en = "say which deliveries: their numbers, or --webhook ID for all that were given up"
    zh = "请说明重投哪些：给出投递编号，或用 --webhook 编号 重投全部已放弃的消息"


_EXPECTED = (TellWhich, TargetProblem, NoSuchWebhook, TooManyWebhooks)


def execute(args: argparse.Namespace) -> int:
    return attempt(args.language, lambda: asyncio.run(_work(configfile.load(args.config), args)), wrong_use=_EXPECTED)


async def _work(config: Config, args: argparse.Namespace) -> int:
    store = await open_reader(locate(config))
    try:
        match args.action:
            case "add":
                return await _add(store, config, args)
            case "list":
                return await _list(store, config, args)
            case "test":
                return await _test(store, config, args)
            case "deliveries":
                return await _deliveries(store, config, args)
            case "retry":
                return await _retry(store, args)
        return await _change(store, args)
    finally:
        await store.close()


# -- changes ---------------------------------------------------------------------------------------------------------


async def _add(store: Store, config: Config, args: argparse.Namespace) -> int:
    url = parse(args.url)
    await Poster(config.feeds).targets.find(url)
    secret, now = signature.new_secret(), datetime.now(UTC)
    async with store.write() as connection:
        newest = {source.name: await source.last_id(connection) for source in sources(config)}
        hook = Subscription(
            id=new_ulid(), name=args.name[:64], url=args.url, secret=secret, types=args.types, kinds=args.kinds,
            areas=args.areas, by=_who(), created=now, event_cursor=newest["event"], entry_cursor=newest.get("case", 0),
        )  # fmt: skip
        await subscriptions.add(connection, hook)
    _tell_secret(args, hook.id, secret)
    return OK


async def _change(store: Store, args: argparse.Namespace) -> int:
    """pause, resume, remove, rotate, skip."""
    now, fresh = datetime.now(UTC), signature.new_secret()
    async with store.write() as connection:
        hook = await subscriptions.one(connection, args.id)
        match args.action:
            case "pause":
                await subscriptions.change(connection, hook.id, state="paused", reason=_who())
            case "resume":
                await subscriptions.change(connection, hook.id, state="active", reason="", failing_since=None)
                await outbox.hurry(connection, hook.id, now)
            case "remove":
                await subscriptions.remove(connection, hook.id)
            case "rotate":
                await subscriptions.rotate(connection, hook, fresh, now)
            case "skip":
                await outbox.skip(connection, hook.id, now)
    if args.action == "rotate":
        _tell_secret(args, hook.id, fresh)
    else:
        _tell(args, {"id": hook.id, "done": args.action}, en=f"{hook.id}: {args.action} done", zh=f"{hook.id}：已执行")
    return OK


async def _retry(store: Store, args: argparse.Namespace) -> int:
    if not args.deliveries and not args.webhook:
        raise TellWhich
    async with store.write() as connection:
        hook = (await subscriptions.one(connection, args.webhook)).id if args.webhook else ""
        count = await outbox.again(connection, args.deliveries, hook, datetime.now(UTC))
    _tell(args, {"again": count}, en=f"{count} go again", zh=f"重新投递 {count} 条")
    return OK if count else FAILED


async def _test(store: Store, config: Config, args: argparse.Namespace) -> int:
    async with store.read() as connection:
        hook = await subscriptions.one(connection, args.id)
    message, body = test_message(config.county)
    answer = await send_once(Poster(config.feeds), hook, message, body)
    said = f"{answer.status or ''} {answer.text}".strip()
    en = f"{'taken' if answer.taken else 'not taken'}: {said}"
    zh = f"{'已接收' if answer.taken else '未接收'}：{said}"
    _tell(args, {"taken": answer.taken, "status": answer.status, "text": answer.text}, en=en, zh=zh)
    return OK if answer.taken else FAILED


# -- looks -----------------------------------------------------------------------------------------------------------


async def _list(store: Store, config: Config, args: argparse.Namespace) -> int:
    async with store.read() as connection:
        hooks = await subscriptions.every(connection)
        counts = await outbox.counts(connection)
        newest = await EventSource(config.county, "").last_id(connection)
    for hook in hooks:
        ready, dead = counts.get((hook.id, "waiting"), 0), counts.get((hook.id, "dead"), 0)
        behind = newest - hook.event_cursor
        if args.json:
            shown = {name: getattr(hook, name) for name in ("id", "name", "url", "types", "kinds", "areas", "state",
                     "reason", "by", "created", "failing_since")}  # fmt: skip
            print(msgspec.json.encode({**shown, "waiting": ready, "behind": behind, "dead": dead}).decode())
        else:
            print(_line(hook, args, ready, behind, dead, ZoneInfo(config.web.timezone)))
    return OK


def _line(hook: Subscription, args: argparse.Namespace, ready: int, behind: int, dead: int, zone: ZoneInfo) -> str:
    language = args.language
    state = say(language, en=hook.state, zh={"active": "启用", "paused": "暂停", "gone": "对方已停用"}[hook.state])
    parts = [hook.id, state, hook.name or "–", hook.url, ",".join(hook.types)]
    parts += [",".join(hook.kinds), ",".join(hook.areas)]
    parts.append(say(language, en=f"{ready} ready", zh=f"待投 {ready}"))
    if behind:
        parts.append(say(language, en=f"{behind} events not looked at yet", zh=f"未处理事件 {behind}"))
    if dead:
        parts.append(say(language, en=f"{dead} given up", zh=f"已放弃 {dead}"))
    if hook.failing_since:
        since = f"{hook.failing_since.astimezone(zone):%Y-%m-%d %H:%M}"
        parts.append(say(language, en=f"failing since {since}", zh=f"自 {since} 起失败"))
    if hook.reason:
        parts.append(hook.reason)
    return "  ".join(part for part in parts if part)


async def _deliveries(store: Store, config: Config, args: argparse.Namespace) -> int:
    async with store.read() as connection:
        hook = (await subscriptions.one(connection, args.id)).id if args.id else ""
        found = await outbox.listed(connection, hook, state=args.state, limit=max(args.limit, 1))
    zone = ZoneInfo(config.web.timezone)
    for each in found:
        if args.json:
            shown = msgspec.to_builtins(each)
            print(msgspec.json.encode({**shown, "body": msgspec.Raw(each.body)}).decode())
        else:
            print(_delivery(each, args, zone))
    return OK


def _delivery(each: Delivery, args: argparse.Namespace, zone: ZoneInfo) -> str:
    language = args.language
    state = say(language, en=each.state, zh={"waiting": "等待", "done": "已送达", "dead": "已放弃"}[each.state])
    parts = [str(each.id), each.webhook, each.message, each.type, state]
    parts.append(say(language, en=f"{each.attempts} attempts", zh=f"尝试 {each.attempts} 次"))
    if each.state == "waiting":
        parts.append(say(language, en="next", zh="下次") + f" {each.due.astimezone(zone):%Y-%m-%d %H:%M:%S}")
    parts += [str(each.status or ""), each.error]
    return "  ".join(part for part in parts if part)


def _tell(args: argparse.Namespace, values: dict[str, object], *, en: str, zh: str) -> None:
    print(msgspec.json.encode(values).decode() if args.json else say(args.language, en=en, zh=zh))


def _tell_secret(args: argparse.Namespace, id_: str, secret: str) -> None:
    _tell(args, {"id": id_, "secret": secret}, en=f"{id_}\nsecret, shown this once: {secret}",
          zh=f"{id_}\n密钥（只显示这一次）：{secret}")  # fmt: skip


def _who() -> str:
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid())
    return f"cli/{user}"[:64]
