"""The arguments of `countyhub config`, without what the command itself needs to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`set`, `show`, `history`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = say(language, en="sign a file and give it to boxes as the county's part of their configuration",
               zh="签名一个文件，作为县级配置下发给盒子")  # fmt: skip
    given = actions.add_parser("set", parents=[common], help=text, description=text)
    given.add_argument("boxes", metavar="BOX", nargs="+", help=say(language, en="ids of boxes", zh="盒子编号"))
    given.add_argument(
        "--in", dest="file", metavar="FILE", type=Path, required=True,
        help=say(language, en="TOML; an empty file takes back what was given", zh="TOML 文件；空文件表示撤回"),
    )  # fmt: skip
    text = say(language, en="what boxes were given, have, and say of it", zh="已下发、已生效的版本与盒子的答复")
    shown = actions.add_parser("show", parents=[common], help=text, description=text)
    shown.add_argument("boxes", metavar="BOX", nargs="*", help=say(language, en="none: all", zh="不填为全部"))
    text = say(language, en="everything that a box was ever given, by whom", zh="某个盒子的全部下发记录")
    past = actions.add_parser("history", parents=[common], help=text, description=text)
    past.add_argument("boxes", metavar="BOX", nargs=1, help=say(language, en="id of the box", zh="盒子编号"))
    for each in (given, shown, past):
        each.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
