"""The arguments of `edgeagent rules`, apart from what they do: every start of the command line passes here."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.cli.say import say
from gridwire.problem import Language


def add_to(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`presets`, `show`, `try`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    added = {
        name: actions.add_parser(name, parents=[common], help=text, description=text)
        for name, text in _helps(language).items()
    }
    for each in added.values():
        each.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    added["show"].add_argument(
        "device", nargs="?", metavar="DEVICE", help=say(language, en="only this device", zh="只看该设备")
    )
    record = added["try"].add_mutually_exclusive_group(required=True)
    record.add_argument(
        "file", nargs="?", metavar="FILE", type=Path,
        help=say(language, en="events as edgeagent outbox export writes them; - is standard input",
                 zh="edgeagent outbox export 导出的事件文件；- 表示标准输入"),
    )  # fmt: skip
    record.add_argument(
        "--outbox", action="store_true",
        help=say(language, en="what the outbox of this box keeps", zh="直接使用本盒待发库中保存的报警"),
    )  # fmt: skip
    added["try"].add_argument(
        "--since", metavar="TIME",
        help=say(language, en="since 2026-05-01, 2026-05-01T08:30 (in the box's time zone) or 90m, 6h, 3d ago",
                 zh="起始时间：2026-05-01、2026-05-01T08:30（按本盒时区），或 90m、6h、3d 以前"),
    )  # fmt: skip


def _helps(language: Language) -> dict[str, str]:
    return {
        "presets": say(language, en="rules by name, and what they do", zh="列出可按名称套用的规则及其内容"),
        "show": say(
            language, en="what counts for each device, and where it comes from", zh="查看各设备实际生效的规则及其出处"
        ),
        "try": say(
            language,
            en="play recorded alarms through the rules: what would pass, and why",
            zh="用已记录的报警试算规则：哪些会上报，为什么",
        ),
    }
