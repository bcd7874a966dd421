"""The arguments of `edgeagent outbox`, apart from what they do: every start of the command line passes here."""

from __future__ import annotations

import argparse

from edgeagent.cli.say import say
from gridwire.problem import Language

LANES = ("urgent", "alarm", "record", "reading", "media")


def add_to(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`show`, `export`, `verify`, `replay`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    added = {
        name: actions.add_parser(name, parents=[common], help=text, description=text)
        for name, text in _helps(language).items()
    }
    as_json = say(language, en="answer as JSON", zh="输出 JSON")
    for name in ("show", "verify", "replay"):
        added[name].add_argument("--json", action="store_true", help=as_json)
    for name in ("export", "replay"):
        _add_choice(added[name], language)
    added["export"].add_argument(
        "--unsent", action="store_true", help=say(language, en="only what the hub has not got", zh="只导出未确认的事件")
    )
    for name, dest, text in (
        ("--from", "first", say(language, en="first number", zh="起始编号")),
        ("--to", "last", say(language, en="last number", zh="结束编号")),
    ):
        added["replay"].add_argument(name, dest=dest, type=_number, metavar="N", help=text)


def _add_choice(parser: argparse.ArgumentParser, language: Language) -> None:
    since = say(
        language,
        en="since 2026-05-01, 2026-05-01T08:30 (in the box's time zone) or 90m, 6h, 3d ago",
        zh="起始时间：2026-05-01、2026-05-01T08:30（按本盒时区），或 90m、6h、3d 以前",
    )
    parser.add_argument("--lane", choices=LANES, help=say(language, en="only this lane", zh="只要该通道"))
    parser.add_argument("--stream", metavar="ULID", help=say(language, en="only this stream", zh="只要该数据流"))
    parser.add_argument("--since", metavar="TIME", help=since)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 …")
    return number


def _helps(language: Language) -> dict[str, str]:
    return {
        "show": say(language, en="what is kept: streams, lanes, files", zh="查看保存的内容：数据流、通道、文件"),
        "export": say(language, en="events as JSON lines", zh="以 JSON 行导出事件"),
        "verify": say(language, en="check every row and picture", zh="逐行、逐图检查完整性"),
        "replay": say(
            language,
            en="have the running agent send again what it keeps",
            zh="让正在运行的代理重新发送仍保存的事件",
        ),
    }
