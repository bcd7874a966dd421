"""`countyhub restore FILE [--force]`: the database as a backup has it. The hub must not run."""

from __future__ import annotations

import argparse
import asyncio
import sys

from countyhub import configfile
from countyhub.cli.backup import counted
from countyhub.cli.say import say
from countyhub.store import backup
from countyhub.store.engine import locate


def execute(args: argparse.Namespace) -> int:
    url = locate(configfile.load(args.config))
    try:
        rows = asyncio.run(backup.restore(url, args.file, force=args.force))
    except OSError as error:
        print(say(args.language, en=f"nothing restored: {error}", zh=f"未恢复：{error}"), file=sys.stderr)
        return 1
    print(counted(args, rows, en="restored: ", zh="已恢复："))
    print(say(args.language, en="start the hub: it asks the boxes for what came later, as far as they keep it",
              zh="请启动汇聚端：备份之后的事件，只要盒子仍保留，会自动补传"))  # fmt: skip
    return 0
