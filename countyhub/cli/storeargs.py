"""What `countyhub backup`, `restore` and `prune` are told, without what they need to import."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language

KEPT = 14
"""Nights."""


def helps(language: Language) -> dict[str, str]:
    zh = language == "zh"
    return {
        "backup": "备份数据库，汇聚端可继续运行" if zh else "back up the database while the hub runs",
        "restore": "从备份恢复数据库" if zh else "make the database what a backup says",
        "prune": "清理超过保存期限的内容（汇聚端每天自动进行）" if zh
        else "give up what is older than its days, as the hub does daily",
    }  # fmt: skip


def add(parsers: Mapping[str, argparse.ArgumentParser], language: Language) -> None:
    """Give the three commands their arguments."""
    _add_backup(parsers["backup"], language)
    text = say(language, en="what `countyhub backup` has written", zh="countyhub backup 生成的文件")
    parsers["restore"].add_argument("file", type=Path, metavar="FILE", help=text)
    text = say(language, en="in place of all that the database holds", zh="覆盖数据库中的全部内容")
    parsers["restore"].add_argument("--force", action="store_true", help=text)
    text = say(language, en="only say what would go", zh="只显示将清理的内容")
    parsers["prune"].add_argument("--dry-run", action="store_true", help=text)
    parsers["prune"].add_argument(
        "--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON")
    )


def _add_backup(parser: argparse.ArgumentParser, language: Language) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    text = say(language, en="new file; private, it names people", zh="新文件；含个人信息，请妥善保管")
    where.add_argument("file", type=Path, metavar="FILE", nargs="?", help=text)
    text = say(
        language,
        en="a folder that keeps several: the new one is named by its time, read again and, once it is good, the oldest "
        "is given up",
        zh="存放多份备份的文件夹：以时间命名，写完后重新读取核对，确认完好后才删除最旧的一份",
    )
    where.add_argument("--into", type=Path, metavar="FOLDER", help=text)
    text = say(language, en="with --into: how many in all (default: %(default)s)",
               zh="与 --into 合用：共保留几份（默认 %(default)s）")  # fmt: skip
    parser.add_argument("--keep", type=_count, metavar="NUMBER", default=KEPT, help=text)


def _count(text: str) -> int:
    """At least the new one."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
