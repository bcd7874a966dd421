"""`countyhub matters aside [--again]`: what the database refused or nobody could read, and was passed over."""

from __future__ import annotations

import argparse
from zoneinfo import ZoneInfo

import msgspec

from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.matters import records
from countyhub.store import aside
from countyhub.store.engine import locate, open_reader


async def show(config: Config, args: argparse.Namespace) -> int:
    """Lists it, the oldest first; with `--again` what was listed is struck off. Raises `store.engine.UNAVAILABLE`."""
    zone = ZoneInfo(config.web.timezone)
    store = await open_reader(locate(config))
    try:
        async with store.read() as connection:
            found = await aside.listed(connection)
        if args.again:
            async with store.write() as connection:
                await records.take_up(connection, [row.row for row in found if row.work == records.EVENTS])
                for row in found:
                    await aside.settle(connection, row.work, row.key)
    finally:
        await store.close()
    for row in found:
        if args.json:
            print(msgspec.json.encode(dict(row._mapping)).decode())
        else:
            print(f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {row.work}  {row.key}  {row.reason}")
    if not found and not args.json:
        print(say(args.language, en="nothing was put aside", zh="没有被搁置的内容"))
    return 0
