"""The arguments of `edgeagent setup`, apart from what it does: every start of the command line passes here."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.cli.say import say
from gridwire.problem import Language


def add_to(parser: argparse.ArgumentParser, language: Language) -> None:
    """A file of answers instead of a person, and where to look for cameras."""
    parser.add_argument(
        "--answers", metavar="FILE.toml", type=Path,
        help=say(language, en="take the answers from this file and ask nobody; see docs/reference/setup.md",
                 zh="从该文件读取答案，不提问；格式见 docs/reference/setup.md"),
    )  # fmt: skip
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help=say(language, en="show what would be written, write nothing", zh="只显示将写入的内容，不写入"),
    )
    parser.add_argument(
        "--interface", metavar="NAME", action="append", default=[],
        help=say(language, en="search for cameras on this network interface only; may be repeated (default: all)",
                 zh="只在该网卡上查找摄像机，可重复（默认全部）"),
    )  # fmt: skip
    # For tests: where simulated cameras answer, how long to wait, and where devices have been made.
    parser.add_argument("--probe-port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--timeout", type=float, default=5.0, help=argparse.SUPPRESS)
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path("/"), help=argparse.SUPPRESS)
