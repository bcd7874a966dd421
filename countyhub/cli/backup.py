"""`countyhub backup FILE`: the database as it is at this moment, while the hub goes on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from countyhub import configfile
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store import backup, backupstamp
from countyhub.store.engine import locate


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    url = locate(config)
    try:
        rows = asyncio.run(backup.backup(url, args.file))
    except OSError as error:
        print(say(args.language, en=f"no backup: {error}", zh=f"备份失败：{error}"), file=sys.stderr)
        return 1
    print(counted(args, rows, en=f"{args.file}: ", zh=f"{args.file}："))
    _note(args, config)
    return 0


def _note(args: argparse.Namespace, config: Config) -> None:
    """For metrics and `check`, which warn of an old backup. The backup itself is whole in any case."""
    try:
        backupstamp.write(Path(config.data_dir), datetime.now(UTC))
    except OSError as error:
        print(say(args.language, en=f"its age is not noted: {error}", zh=f"未能记录备份时间：{error}"), file=sys.stderr)


def counted(args: argparse.Namespace, rows: dict[str, int], *, en: str, zh: str) -> str:
    """What is in it, in a line."""
    events, pictures, letters = (rows.get(name, 0) for name in ("event", "media", "dead_letter"))
    return say(
        args.language,
        en=f"{en}{events} events, {pictures} pictures, {letters} dead letters, {sum(rows.values())} rows",
        zh=f"{zh}事件 {events} 条，图片 {pictures} 张，死信 {letters} 封，共 {sum(rows.values())} 行",
    )
