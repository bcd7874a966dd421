"""The arguments of `edgeagent check`, `config` and `support-bundle`, apart from what they do."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.checks import MODULES
from edgeagent.cli.say import say
from gridwire.problem import Language

CHECKS = tuple(MODULES)


def add_to_check(parser: argparse.ArgumentParser, language: Language) -> None:
    """Which checks."""
    parser.add_argument(
        "--only", metavar="NAME", choices=CHECKS, action="append", default=[],
        help=say(language, en=f"only this check; may be repeated: {', '.join(CHECKS)}",
                 zh=f"只做该项检查，可重复：{'、'.join(CHECKS)}"),
    )  # fmt: skip
    parser.add_argument(
        "--offline", action="store_true",
        help=say(language, en="no network, no device: files and machine alone", zh="不访问网络和设备"),
    )  # fmt: skip
    parser.add_argument(
        "--user", metavar="NAME", default="",
        help=say(language, en="the user that the agent runs as (default: edgeagent, if there is one)",
                 zh="代理的运行用户（默认 edgeagent，如果存在）"),
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    # Where a test has made a machine of its own.
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path("/"), help=argparse.SUPPRESS)


def add_to_config(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`diff`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = say(
        language,
        en="what the files set differently from the defaults, and from what the running agent has loaded",
        zh="文件中与默认值不同的设置，以及与运行中的代理不一致的设置",
    )
    diff = actions.add_parser("diff", parents=[common], help=text, description=text)
    diff.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))


def add_to_bundle(parser: argparse.ArgumentParser, language: Language) -> None:
    """Where it goes."""
    parser.add_argument(
        "--out", metavar="FILE.tar.gz", type=Path,
        help=say(language, en="file to write (default: edgeagent-BOX-TIME.tar.gz here)",
                 zh="输出文件（默认为当前目录的 edgeagent-盒子编号-时间.tar.gz）"),
    )  # fmt: skip
    parser.add_argument(
        "--log", metavar="FILE", type=Path, action="append", default=[],
        help=say(language, en="a log file to take in too, besides the journal; may be repeated",
                 zh="除系统日志外另外收入的日志文件，可重复"),
    )  # fmt: skip
    parser.add_argument(
        "--offline", action="store_true",
        help=say(language, en="no network, no device", zh="不访问网络和设备"),
    )  # fmt: skip
