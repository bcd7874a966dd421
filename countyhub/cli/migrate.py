"""`countyhub migrate`: brings the database up to this version's format, as `run` would."""

from __future__ import annotations

import argparse
import asyncio

from sqlalchemy import URL

from countyhub import configfile
from countyhub.cli.say import say
from countyhub.store import upgrade
from countyhub.store.engine import locate, open_store


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    asyncio.run(_migrate(locate(config)))
    newest = upgrade.revisions()[0]
    print(say(args.language, en=f"the database has format {newest}", zh=f"数据库格式为 {newest}"))
    return 0


async def _migrate(url: URL) -> None:
    store = await open_store(url)
    await store.close()
