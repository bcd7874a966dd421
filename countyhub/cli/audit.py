"""`countyhub audit …`: who did what at the hub, and whether that record is whole.

Ends with 0 when the chain is whole, 1 when it is broken or the database cannot be used, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from countyhub import configfile
from countyhub.audit import anchors, reading, trail
from countyhub.audit.chain import Row
from countyhub.audit.kinds import KINDS
from countyhub.audit.verify import FAULTS, Verdict, verify
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store.engine import UNAVAILABLE, Store, locate, open_reader
from gridwire.problem import Language

OK, BROKEN, WRONG_USE = 0, 1, 2


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    try:
        return asyncio.run(_work(config, args))
    except UNAVAILABLE as error:
        told = say(args.language, en=f"the database cannot be read: {error}", zh=f"数据库无法读取：{error}")
        print(told, file=sys.stderr)
        return BROKEN
    except ValueError as error:
        print(f"--since: {error}", file=sys.stderr)
        return WRONG_USE


async def _work(config: Config, args: argparse.Namespace) -> int:
    store = await open_reader(locate(config))
    try:
        return await _ACTIONS[args.action](store, config, args)
    finally:
        await store.close()


async def _list(store: Store, config: Config, args: argparse.Namespace) -> int:
    zone = ZoneInfo(config.web.timezone)
    async with store.read() as connection:
        rows = await reading.newest(connection, since=_since(args.since, zone), who=args.who, limit=args.limit)
    for row in reversed(rows):
        print(_json(row) if args.json else _line(row, args.language, zone))
    if not rows:
        print(say(args.language, en="nothing", zh="没有记录"), file=sys.stderr)
    return OK


async def _export(store: Store, config: Config, args: argparse.Namespace) -> int:
    """Noted too, but after: what is exported is whole."""
    since, number = _since(args.since, ZoneInfo(config.web.timezone)), 0
    async with store.read() as connection:
        async for row in reading.every(connection, since):
            print(_json(row))
            number += 1
    async with store.write() as connection:
        await trail.note(connection, "export", "audit", rows=number)
    return OK


async def _verify(store: Store, config: Config, args: argparse.Namespace) -> int:
    files = [Path(config.data_dir) / anchors.FILE, *map(Path, args.anchors)]
    known = [anchor for path in files for anchor in anchors.read(path)]
    async with store.read() as connection:
        verdict = await verify(connection, known)
    broken = verdict.broken
    if args.json:
        facts: dict[str, object] = {"first": verdict.first, "last": verdict.last, "hash": verdict.hash.hex()}
        facts |= {"anchors": verdict.anchors, "broken": broken.id if broken else None}
        print(msgspec.json.encode(facts | {"fault": broken.fault if broken else None}).decode())
    else:
        print(_verdict(verdict, args.language))
    return OK if broken is None else BROKEN


async def _anchor(store: Store, config: Config, args: argparse.Namespace) -> int:
    """A line as `audit verify --anchors` takes it."""
    async with store.read() as connection:
        found = await reading.end(connection)
    if args.json:
        print(msgspec.json.encode({"id": found.id, "hash": found.hash.hex()}).decode())
    else:
        print(f"{datetime.now(UTC).isoformat(timespec='seconds')} {found.id} {found.hash.hex()}")
    return OK


def _verdict(verdict: Verdict, language: Language) -> str:
    if verdict.broken is not None:
        zh, en = FAULTS[verdict.broken.fault]
        number = verdict.broken.id
        return say(language, en=f"BROKEN at row {number}: {en}", zh=f"已损坏：第 {number} 条，{zh}")
    told = f"{verdict.first}-{verdict.last}, {verdict.hash.hex()}"
    return say(
        language,
        en=f"whole: rows {told}; {verdict.anchors} anchors agree",
        zh=f"完整：第 {told}；与 {verdict.anchors} 处链尾一致",
    )


def _line(row: Row, language: Language, zone: ZoneInfo) -> str:
    kind = KINDS.get(row.kind)
    what = say(language, en=kind.en, zh=kind.zh) if kind else row.kind
    detail = msgspec.json.decode(row.detail, type=dict[str, str])
    told = " ".join(f"{name}={value}" for name, value in detail.items())
    at = f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    parts = (str(row.id), at, row.who, row.person, row.address, what, row.object, told)
    return "  ".join(part for part in parts if part)


def _json(row: Row) -> str:
    facts = row._asdict() | {"detail": msgspec.Raw(row.detail)}
    facts |= {"previous": row.previous.hex(), "hash": row.hash.hex()}
    return msgspec.json.encode(facts).decode()


def _since(said: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day in the county. Raises ValueError."""
    return datetime.combine(date.fromisoformat(said), time.min, zone) if said else None


_ACTIONS: dict[str, Callable[[Store, Config, argparse.Namespace], Awaitable[int]]] = {
    "list": _list, "verify": _verify, "anchor": _anchor, "export": _export,
}  # fmt: skip
