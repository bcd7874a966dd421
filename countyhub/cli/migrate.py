"""`countyhub migrate`: brings the database up to this version's format, as `run` would."""

from __future__ import annotations

import argparse
import asyncio

from countyhub import configfile
from countyhub.cli.say import say
from countyhub.store import upgrade
from countyhub.store.engine import open_store


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    asyncio.run(_migrate(config.database_url))
    newest = upgrade.revisions()[0]
    print(say(args.language, en=f"the database has format {newest}", zh=f"数据库格式为 {newest}"))
    return 0


async def _migrate(url: str) -> None:
    store = await open_store(url)
    await store.close()
