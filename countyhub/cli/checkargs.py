"""The arguments of `countyhub check`, apart from what they do."""

from __future__ import annotations

import argparse

from countyhub.checks import NAMES as CHECKS
from countyhub.cli.say import say
from gridwire.problem import Language


def add(parser: argparse.ArgumentParser, language: Language) -> None:
    """Which checks."""
    parser.add_argument(
        "--only", metavar="NAME", choices=CHECKS, action="append", default=[],
        help=say(language, en=f"only this check; may be repeated: {', '.join(CHECKS)}",
                 zh=f"只做该项检查，可重复：{'、'.join(CHECKS)}"),
    )  # fmt: skip
    parser.add_argument(
        "--offline",
        action="store_true",
        help=say(language, en="no network but the database", zh="只访问数据库"),
    )
    parser.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
