"""`countyhub backup FILE` or `--into FOLDER`: the database as it is at this moment, while the hub goes on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from countyhub import configfile
from countyhub.cli.say import say
from countyhub.config import Config
from countyhub.store import backup, backupfolder, backupstamp
from countyhub.store.backupfolder import Made
from countyhub.store.engine import locate
from gridwire.systemwords import system_words


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    url = locate(config)
    try:
        made = asyncio.run(_make(args, url))
    except OSError as error:
        folder, why = args.into or args.file.parent, system_words(error, args.language)
        print(say(args.language, en=f"no backup: {folder}: {why}", zh=f"备份失败：{folder}：{why}"), file=sys.stderr)
        return 1
    print(counted(args, made.rows, en=f"{made.path}: ", zh=f"{made.path}："))
    for path in made.given_up:
        print(say(args.language, en=f"given up: {path.name}", zh=f"已删除旧备份：{path.name}"))
    _note(args, config)
    return 0


async def _make(args: argparse.Namespace, url: URL) -> Made:
    if args.into is not None:
        return await backupfolder.make(url, args.into, args.keep, datetime.now(UTC))
    return Made(args.file, await backup.backup(url, args.file), ())


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
        en=f"{en}{events} events, {pictures} pictures, {letters} unread messages, {sum(rows.values())} rows",
        zh=f"{zh}事件 {events} 条，图片 {pictures} 张，未识别报文 {letters} 条，共 {sum(rows.values())} 行",
    )
