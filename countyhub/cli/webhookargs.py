"""The arguments of `countyhub webhook`, without what the command itself needs to import."""

from __future__ import annotations

import argparse
from typing import get_args

from countyhub.cli.say import say
from countyhub.config import FeedType
from gridwire.problem import Language

_HELPS = {
    "add": ("新增一个推送，并显示其密钥", "add a webhook, and show its secret"),
    "list": ("列出推送：状态、积压、最近的失败", "every webhook: state, what waits, since when it fails"),
    "test": ("立即发送一条测试消息", "send a test message now"),
    "pause": ("暂停；期间的事件保留", "stop delivering; nothing is lost"),
    "resume": ("恢复；从停下处继续，并立即重试", "go on where it stopped, at once"),
    "remove": ("删除推送及其投递记录", "remove it with its deliveries"),
    "rotate": ("更换密钥；旧密钥再用 24 小时", "a new secret; the old one signs beside it for 24 hours"),
    "deliveries": ("查看投递记录，最新在前", "what was sent, waits or was given up, newest first"),
    "retry": ("重新投递已放弃的消息", "deliver again what was given up"),
    "skip": ("放弃排在最前的一条，让后面的继续", "give up the first that waits, so that the next can go"),
}
_WITHOUT_ID = ("add", "list", "deliveries", "retry")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """Give `parser` its actions, each with the arguments that all commands have."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    added = {}
    for name, (zh, en) in _HELPS.items():
        text = say(language, en=en, zh=zh)
        added[name] = actions.add_parser(name, parents=[common], help=text, description=text)
        added[name].add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
        if name not in _WITHOUT_ID:
            added[name].add_argument("id", metavar="ID", help=_id_help(language))
    _add_new(added["add"], language)
    _add_deliveries(added["deliveries"], language)
    _add_retry(added["retry"], language)


def _id_help(language: Language) -> str:
    return say(language, en="id of the webhook, or its begin", zh="推送编号或其开头")


def _add_new(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument("url", metavar="URL", help=say(language, en="where to: https://…", zh="接收地址：https://…"))
    parser.add_argument("--name", default="", help=say(language, en="for people", zh="名称"))
    parser.add_argument(
        "--types", metavar="TYPES", required=True, type=_types,
        help=say(language, en="what to send: ", zh="推送内容：") + ",".join(get_args(FeedType)),
    )  # fmt: skip
    parser.add_argument(
        "--kinds", metavar="KINDS", default=(), type=_list,
        help=say(language, en="of alarms only these kinds, e.g. fire,smoke", zh="报警只限这些种类，例如 fire,smoke"),
    )  # fmt: skip
    parser.add_argument(
        "--areas", metavar="CODES", default=(), type=_list,
        help=say(language, en="only of these townships, villages or grids, with commas",
                 zh="只限这些乡镇、村或网格的代码，用逗号分隔"),
    )  # fmt: skip


def _add_deliveries(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument("id", metavar="ID", nargs="?", default="", help=_id_help(language))
    parser.add_argument(
        "--state", choices=("waiting", "done", "dead"), default="",
        help=say(language, en="only those that wait, were taken, or were given up", zh="只看等待、已送达或已放弃的"),
    )  # fmt: skip
    parser.add_argument(
        "--limit", metavar="N", type=int, default=50, help=say(language, en="so many at most", zh="最多条数")
    )


def _add_retry(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "deliveries", metavar="DELIVERY", nargs="*", type=int,
        help=say(language, en="numbers of deliveries", zh="投递编号"),
    )  # fmt: skip
    text = say(language, en="all of this webhook that were given up", zh="该推送所有已放弃的消息")
    parser.add_argument("--webhook", metavar="ID", default="", help=text)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in (each.strip() for each in text.replace("，", ",").split(",")) if part)


def _types(text: str) -> tuple[str, ...]:
    found = _list(text)
    unknown = [each for each in found if each not in get_args(FeedType)]
    if unknown or not found:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown) or text!r}: {', '.join(get_args(FeedType))}")
    return found
