"""`countyhub check`: reads the configuration and looks at the database. Connects to no broker, changes nothing."""

from __future__ import annotations

import argparse
import asyncio

from countyhub import configfile, subscriber
from countyhub.cli.say import say
from countyhub.store import engine, upgrade


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    subscriber.mqtt_settings(config)  # reads the secret
    revision = asyncio.run(engine.check(engine.locate(config)))
    newest = upgrade.revisions()[0]
    if revision is None:
        database = say(args.language, en="new, will be created", zh="尚不存在，启动时创建")
    elif revision == newest:
        database = say(args.language, en=f"format {revision}", zh=f"格式 {revision}")
    else:
        database = say(
            args.language, en=f"format {revision}, will become {newest}", zh=f"格式 {revision}，将升级为 {newest}"
        )
    print(say(args.language, en=f"configuration in order; database: {database}", zh=f"配置正确；数据库：{database}"))
    return 0
