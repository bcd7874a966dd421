"""`countyhub check`: reads the configuration and the folders it names, looks at the database. Connects to no broker,
changes nothing."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from countyhub import calendarfile, configfile, subscriber
from countyhub.cli.say import say
from countyhub.correlate import windows
from countyhub.filefolder import FileFolder, FolderUnreadable
from countyhub.matters.windowfiles import ENDINGS
from countyhub.registry.live import days_folder
from countyhub.store import engine, upgrade
from gridwire.problem import Problem


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    mistakes = [*_folder(config.calendar.days_dir, _days), *_folder(config.calendar.windows_dir, _windows)]
    for mistake in mistakes:
        print(mistake.text(args.language))
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
    return 1 if mistakes else 0


def _folder(path: str, read: Callable[[str], Sequence[Problem]]) -> Sequence[Problem]:
    """What is wrong in a folder that the configuration names."""
    try:
        return read(path) if path else ()
    except FolderUnreadable as problem:
        return (problem,)


def _days(path: str) -> Sequence[Problem]:
    folder = days_folder(path)
    return calendarfile.read(folder.read() or {}).problems if folder else ()


def _windows(path: str) -> Sequence[Problem]:
    return windows.read(dict(FileFolder(Path(path), ENDINGS).read() or {}))[1]
