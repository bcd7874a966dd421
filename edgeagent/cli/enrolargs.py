"""The arguments of `edgeagent enroll`, apart from what it does: every start of the command line passes here."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.cli.say import say
from gridwire.problem import Language


def add_to(parser: argparse.ArgumentParser, language: Language) -> None:
    """Where the token comes from, or that it is a renewal."""
    parser.add_argument(
        "--token-file", metavar="PATH", type=Path,
        help=say(language, en="BOX.enrol of the stick, or the stick's folder with --box",
                 zh="U 盘上的 盒子编号.enrol；或 U 盘文件夹，并加 --box"),
    )  # fmt: skip
    parser.add_argument("--hub", metavar="HOST[:PORT]", help=say(language, en="the hub", zh="汇聚端地址"))
    parser.add_argument(
        "--token", metavar="TOKEN", help=say(language, en="as the hub has printed it", zh="汇聚端显示的令牌")
    )
    parser.add_argument(
        "--box", metavar="CODE", default="", help=say(language, en="which box this is", zh="本机的盒子编号")
    )
    parser.add_argument(
        "--move", action="store_true",
        help=say(language, en="this machine was another box; what that has not sent goes on under its own name",
                 zh="本机原为另一个盒子；其未上报的事件仍以原编号上报"),
    )  # fmt: skip
    parser.add_argument(
        "--renew", action="store_true",
        help=say(language, en="only get the next certificate; the running agent does so in time by itself",
                 zh="只续签证书；运行中的代理会按时自动续签"),
    )  # fmt: skip
