"""The arguments of `countyhub box`, without what the command itself needs to import."""

from __future__ import annotations

import argparse

from countyhub.cli import caargs
from countyhub.cli.say import say
from gridwire.events import LANES
from gridwire.problem import Language

TIMEOUT_S = 30.0
MAX_TIMEOUT_S = 3600.0


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """Give `parser` its actions, each with the arguments that all commands have."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = say(language, en="every box: link, backlog, last seen", zh="列出盒子：连接、待传、最近消息")
    listing = actions.add_parser("list", parents=[common], help=text, description=text)
    listing.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    text = say(
        language,
        en="have a box send again what it still keeps: since a time, or by number",
        zh="让盒子补发仍保留的事件：从某一时刻起，或按编号",
    )
    replay = actions.add_parser("replay", parents=[common], help=text, description=text)
    _add_replay(replay, language)
    caargs.add_box(actions, common, language)


def _add_replay(replay: argparse.ArgumentParser, language: Language) -> None:
    replay.add_argument("box", metavar="BOX", help=say(language, en="id of the box", zh="盒子编号"))
    replay.add_argument(
        "--since", metavar="TIME",
        help=say(language, en="everything since then, e.g. 2026-11-01T08:00; without offset: the console's time zone",
                 zh="从此时起的全部事件，例如 2026-11-01T08:00；不带时差时按控制台时区"),
    )  # fmt: skip
    replay.add_argument("--stream", metavar="STREAM", help=say(language, en="only of this stream", zh="只限此编号流"))
    only = say(language, en="only this lane: ", zh="只限此通道：")
    replay.add_argument("--lane", metavar="LANE", choices=LANES, help=only + ", ".join(LANES))
    replay.add_argument(
        "--range", metavar="FIRST-LAST", action="append", dest="ranges",
        help=say(language, en="instead of a time: these numbers of STREAM and LANE, e.g. 5-90; may be repeated",
                 zh="不按时间而按编号：该编号流与通道中的号段，例如 5-90；可重复"),
    )  # fmt: skip
    replay.add_argument(
        "--timeout", metavar="S", type=_seconds, default=TIMEOUT_S, dest="timeout_s",
        help=say(language, en="seconds to wait for the answer (default: %(default)g)",
                 zh="等待答复的秒数（默认 %(default)g）"),
    )  # fmt: skip


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise ValueError(text)
    return seconds
