"""The arguments of `countyhub notify`, without what the command itself needs to import."""

from __future__ import annotations

import argparse

from countyhub.cli.say import say
from countyhub.config import CHANNELS
from gridwire.problem import Language

STATES = ("waiting", "sending", "sent", "unknown", "failed", "dropped")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """Give `parser` the actions, each with the arguments that all commands have."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    helps = {
        "list": ("查看未送达的消息和无人响应的求助", "messages that did not arrive, calls for help without an answer"),
        "test": ("向一个地址发测试消息，失败时说明原因", "send a test message to an address; says why it fails"),
        "subscribe": ("设置或查看一个人的通知方式", "set by which ways a person is told, or show them"),
        "quiet": ("设置一个人的免打扰时段和语言", "a person's quiet hours and language"),
        "ack": ("响应紧急求助：不再继续通知", "answer a call for help: nobody else is woken"),
        "retry": ("重新发送失败的消息", "send again what failed"),
    }
    added = {}
    for name, (zh, en) in helps.items():
        text = say(language, en=en, zh=zh)
        added[name] = actions.add_parser(name, parents=[common], help=text, description=text)
        added[name].add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    _list(added["list"], language)
    _ways(added, language)
    added["ack"].add_argument("number", metavar="CASE", help=say(language, en="number of the case", zh="案号"))
    added["ack"].add_argument("--by", metavar="NAME", help=say(language, en="who answers", zh="响应人"))
    added["retry"].add_argument(
        "ids", nargs="*", type=int, metavar="ID",
        help=say(language, en="as list shows them; none: all that failed. What is unknown must be named",
                 zh="list 显示的编号；不填为全部失败的；结果不明的须写明编号"),
    )  # fmt: skip


def _list(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--state", action="append", choices=STATES, default=None,
        help=say(language, en="only these (default: waiting, unknown, failed)",
                 zh="只看这些状态（默认：waiting、unknown、failed）"),
    )  # fmt: skip
    parser.add_argument(
        "--limit",
        type=int,
        default=50,
        metavar="N",
        help=say(language, en="lines at most (default: %(default)s)", zh="最多显示几行（默认 %(default)s）"),
    )


def _ways(added: dict[str, argparse.ArgumentParser], language: Language) -> None:
    *others, last = CHANNELS
    channel = say(language, en=f"{', '.join(others)} or {last}", zh=f"渠道：{'、'.join(others)} 或 {last}")
    address = say(language, en="mail address, telephone, robot:NAME or user:ID, URL",
                  zh="邮箱、手机号、robot:名称 或 user:成员号、网址")  # fmt: skip
    person = say(language, en="staff number", zh="工号")
    added["test"].add_argument("channel", choices=CHANNELS, help=channel)
    added["test"].add_argument("address", metavar="ADDRESS", help=address)
    added["subscribe"].add_argument("person", metavar="PERSON", help=person)
    added["subscribe"].add_argument("channel", choices=CHANNELS, nargs="?", help=channel)
    added["subscribe"].add_argument("address", metavar="ADDRESS", nargs="?", help=address)
    added["subscribe"].add_argument(
        "--off", action="store_true", help=say(language, en="not by this channel", zh="不用此渠道")
    )
    added["quiet"].add_argument("person", metavar="PERSON", help=person)
    added["quiet"].add_argument(
        "hours", nargs="?", metavar="HOURS",
        help=say(language, en="e.g. 21:30-06:30; none; county: as the county does",
                 zh="例如 21:30-06:30；none 为不设；county 为按县里的设置"),
    )  # fmt: skip
    added["quiet"].add_argument(
        "--texts", choices=("zh", "en", "county"), help=say(language, en="language of the texts", zh="消息的语言")
    )
