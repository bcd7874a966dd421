"""The arguments of `edgeagent terminal`, apart from what they do: every start of the command line passes here."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.cli.say import say
from gridwire.problem import Language


def add_to(parser: argparse.ArgumentParser, language: Language) -> None:
    """Which terminal, and what is wanted of it."""
    parser.add_argument(
        "device", metavar="ID", nargs="?",
        help=say(language, en="device id of the configuration; not needed where there is one terminal only",
                 zh="设备编号；只有一台终端时可以不填"),
    )  # fmt: skip
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument(
        "--test", action="store_true",
        help=say(language, en="try every part, step by step; nothing counts as a check-in",
                 zh="逐步测试每个部件，不计入签到"),
    )  # fmt: skip
    wanted.add_argument(
        "--hash", action="store_true",
        help=say(language, en="show a card, get its line for the roster", zh="刷一张卡，得到名册中的一行"),
    )  # fmt: skip
    wanted.add_argument(
        "--ports", action="store_true",
        help=say(language, en="list the serial ports and what hangs on them", zh="列出串口及所接设备"),
    )  # fmt: skip
    parser.add_argument(
        "--seconds", metavar="N", type=_seconds,
        help=say(language, en="stop after so many seconds (default: Ctrl-C; with --test: 30 a part, with --hash: 60)",
                 zh="多少秒后结束（默认按 Ctrl-C；--test 每个部件 30 秒，--hash 60 秒）"),
    )  # fmt: skip
    parser.add_argument(
        "--name", metavar="NAME", default="", help=say(language, en="with --hash: the worker's name", zh="姓名")
    )
    parser.add_argument(
        "--grid", metavar="GRID", default="", help=say(language, en="with --hash: the worker's grid", zh="网格编码")
    )
    parser.add_argument(
        "--json", action="store_true", help=say(language, en="one JSON object a line", zh="每行输出一个 JSON")
    )
    # Where a test has made devices of its own.
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path("/"), help=argparse.SUPPRESS)


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.1 <= number <= 86400:
        raise argparse.ArgumentTypeError("0.1-86400")
    return number
