"""What `countyhub backup`, `restore` and `prune` are told, without what they need to import."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language


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
    text = say(language, en="new file; private, it names people", zh="新文件；含个人信息，请妥善保管")
    parsers["backup"].add_argument("file", type=Path, metavar="FILE", help=text)
    text = say(language, en="what `countyhub backup` has written", zh="countyhub backup 生成的文件")
    parsers["restore"].add_argument("file", type=Path, metavar="FILE", help=text)
    text = say(language, en="in place of all that the database holds", zh="覆盖数据库中的全部内容")
    parsers["restore"].add_argument("--force", action="store_true", help=text)
    text = say(language, en="only say what would go", zh="只显示将清理的内容")
    parsers["prune"].add_argument("--dry-run", action="store_true", help=text)
    parsers["prune"].add_argument(
        "--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON")
    )
