"""`countyhub matters list|suppressed|aside`: what raw alarms mean together, and what made no matter, and why."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub import configfile
from countyhub.cli import mattersaside
from countyhub.cli.attempt import READS, attempt
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.matters import kinds, records
from countyhub.matters.windowfiles import WindowFiles
from countyhub.registry.snapshot import Registry
from countyhub.registry.stored import load_registry
from countyhub.store.engine import locate, open_reader
from countyhub.store.mattertables import matter, suppressed
from gridwire.instants import instant

_ZH = {"repeated": "重复", "held-down": "不足 300 秒的掉线", "offline-in-window": "时段内的掉线"}
_EN = {"repeated": "repeated", "held-down": "down for less than 300 s", "offline-in-window": "down within a window"}


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    work = {"list": _list, "suppressed": _suppressed, "aside": mattersaside.show}[args.action]
    return attempt(args.language, lambda: asyncio.run(work(config, args)), database=READS)


async def _list(config: Config, args: argparse.Namespace) -> int:
    zone = ZoneInfo(config.web.timezone)
    store = await open_reader(locate(config))
    try:
        async with store.read() as connection:
            rows = await _matters(connection, args)
            registry = Registry.bare(zone) if args.json else await load_registry(connection, zone)
    finally:
        await store.close()
    if not rows and not args.json:
        print(say(args.language, en="no matter", zh="没有符合条件的事项"))
    for row in rows:
        print(_json(row) if args.json else _line(row, registry, args, zone))
    return 0


async def _matters(connection: AsyncConnection, args: argparse.Namespace) -> Sequence[Row[Any]]:
    c = matter.c
    query = select(matter).order_by(c.end_us.desc(), c.key).limit(args.show)
    if args.open:
        query = query.where(c.open)
    if not args.all:
        query = query.where(c.parent_key.is_(None))
    if args.at:
        query = query.where(or_(c.key.contains(f"/{args.at}/", autoescape=True), c.key.endswith(f"/{args.at}")))
    return (await connection.execute(query)).all()


def _json(row: Row[Any]) -> str:
    return msgspec.json.encode({**row._mapping, "begin": instant(row.begin_us), "end": instant(row.end_us)}).decode()


def _line(row: Row[Any], registry: Registry, args: argparse.Namespace, zone: ZoneInfo) -> str:
    found = kinds.what(records.known_of(row).matter)
    begin, end = (instant(at).astimezone(zone) for at in (row.begin_us, row.end_us))
    lasts = say(args.language, en="lasts", zh="持续中") if row.open else f"{end:%m-%d %H:%M:%S}"
    marks = [say(args.language, en="history", zh="历史")] * row.history
    marks += [row.number] if row.number else []
    title = kinds.title(registry, found, end, args.language)
    return f"{begin:%Y-%m-%d %H:%M:%S} – {lasts}  {title}  ×{row.size}  {row.key}  {' '.join(marks)}".rstrip()


async def _suppressed(config: Config, args: argparse.Namespace) -> int:
    zone = ZoneInfo(config.web.timezone)
    since = (datetime.now(UTC).astimezone(zone) - timedelta(days=args.days - 1)).date()
    store = await open_reader(locate(config))
    try:
        async with store.read() as connection:
            query = select(suppressed).where(suppressed.c.day >= since)
            rows = (await connection.execute(query.order_by(suppressed.c.day, suppressed.c.reason))).all()
    finally:
        await store.close()
    windows = WindowFiles(config.calendar.windows_dir, zone)
    windows.refresh()
    names = windows.current.names()
    for row in rows:
        reason = row.reason.removeprefix("window/")
        shown = names.get(reason, (_ZH if args.language == "zh" else _EN).get(reason, reason))
        if args.json:
            told = {"day": row.day, "reason": row.reason, "name": names.get(reason, ""), "count": row.count}
            print(msgspec.json.encode(told).decode())
        else:
            print(f"{row.day}  {row.count:>8}  {shown}")
    if not rows and not args.json:
        print(say(args.language, en="nothing was held back", zh="没有未立案信号"))
    return 0
