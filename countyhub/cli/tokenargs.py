"""The arguments of `countyhub token`, without what the command itself needs to import."""

from __future__ import annotations

import argparse

from countyhub.cli.say import say
from gridwire.problem import Language


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`add`, `list`, `revoke`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    texts = {
        "add": say(language, en="make a token; it is shown once", zh="新建令牌，只显示一次"),
        "list": say(language, en="which tokens there are, what for, when last used", zh="查看令牌、权限和最近使用时间"),
        "revoke": say(language, en="a token is good for nothing any more", zh="吊销令牌，立即失效"),
    }
    added = {
        name: actions.add_parser(name, parents=[common], help=text, description=text) for name, text in texts.items()
    }
    for each in added.values():
        each.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    _add(added["add"], language)
    added["revoke"].add_argument("name", metavar="NAME", help=say(language, en="its name", zh="名称"))


def _add(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument("name", metavar="NAME", help=say(language, en="who will use it", zh="使用者的名称"))
    parser.add_argument(
        "--scope", metavar="LIST", required=True, action="append", dest="scopes",
        help=say(language, en="what it is for, e.g. cases:read,cases:open; see docs/api.md",
                 zh="权限，逗号分隔，例如 cases:read,cases:open；见 docs/api.md"),
    )  # fmt: skip
    parser.add_argument(
        "--person", metavar="STAFF", default="",
        help=say(language, en="it acts in the name of this person", zh="以该工号的身份办理"),
    )  # fmt: skip
    parser.add_argument(
        "--area", metavar="CODE", default="",
        help=say(language, en="it sees this area alone (default: what its person works in, without a person all)",
                 zh="只能看到该区划（默认：有工号的为其职责范围，无工号的为全县）"),
    )  # fmt: skip
    parser.add_argument(
        "--days", metavar="N", type=_days, default=365,
        help=say(language, en="it ends after so many days, 0: never (default: %(default)s)",
                 zh="多少天后失效，0 为长期（默认 %(default)s）"),
    )  # fmt: skip


def _days(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 3660:
        raise argparse.ArgumentTypeError("0-3660")
    return number
