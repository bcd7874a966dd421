"""`countyhub deadletter list|retry [ID …]`: what could not be read, and trying it again after an upgrade."""

from __future__ import annotations

import argparse
import asyncio

import msgspec
from sqlalchemy import URL

from countyhub import configfile
from countyhub.cli.attempt import attempt
from countyhub.cli.say import say
from countyhub.ingest import rereading
from countyhub.store.engine import locate, open_reader, open_store


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    work = _list if args.action == "list" else _retry
    return attempt(args.language, lambda: asyncio.run(work(locate(config), args)))


async def _list(url: URL, args: argparse.Namespace) -> int:
    store, any_found = await open_reader(url), False  # to look is no reason to bring the database up to date
    try:
        async for row in rereading.find(store, args.ids):
            any_found = True
            number = f"{row.stream}/{row.lane}/{row.seq}" if row.stream else "-"
            text = row.text_zh if args.language == "zh" else row.text_en
            if args.json:
                line = {"id": row.id, "box": row.box, "topic": row.topic, "number": number, "code": row.code}
                print(msgspec.json.encode({**line, "text": text, "size": row.size, "count": row.count,
                                           "received": row.received}).decode())  # fmt: skip
            else:
                print(f"{row.id}  {row.received:%Y-%m-%dT%H:%M:%SZ}  {row.topic}  {number}  {row.count}x  {text}")
    finally:
        await store.close()
    if not any_found and not args.json:
        print(say(args.language, en="no unread messages", zh="没有未识别报文"))
    return 0


async def _retry(url: URL, args: argparse.Namespace) -> int:
    stored = failed = 0
    store = await open_store(url)
    try:
        async for row in rereading.find(store, args.ids):
            result = await rereading.retry(store, row)
            stored += result.stored
            failed += not result.stored
    finally:
        await store.close()
    if args.json:
        print(msgspec.json.encode({"stored": stored, "unreadable": failed}).decode())
    else:
        print(say(args.language, en=f"{stored} stored, {failed} still cannot be read",
                  zh=f"已入库 {stored} 条，仍无法读取 {failed} 条"))  # fmt: skip
    return 0
