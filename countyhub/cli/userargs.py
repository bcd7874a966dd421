"""The arguments of `countyhub user` and `countyhub audit`, without what the commands themselves need to import."""

from __future__ import annotations

import argparse
from typing import Any

from countyhub.cli.say import say
from gridwire.problem import Language

ROLES = ("county", "dispatcher", "department", "township", "village_clerk", "grid_worker", "inspector", "auditor")


def add_user(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`add`, `list`, `change`, `set-password`, `disable`, `enable`, `sessions`, `link`."""
    texts = {
        "add": ("新建用户，提示输入密码", "make a user; asks for a password"),
        "list": ("查看用户、角色和最近登录", "which users there are, what they may, when they last came"),
        "change": ("修改角色、工号或区划，并终止其会话", "give other roles, person or area; ends all sessions"),
        "set-password": ("重设密码，并终止其会话", "set a password; ends all sessions"),
        "disable": ("停用用户，立即失效", "nobody logs in by this name any more"),
        "enable": ("启用用户；也用于解除登录失败的等待", "let a user log in again, also one who failed too often"),
        "sessions": ("查看已登录的会话；--end 强制退出", "who is logged in, from where; --end logs out"),
        "link": ("生成一次性登录链接", "a link that logs in once"),
    }
    made = _actions(parser, common, language, texts)
    for name, each in made.items():
        _option(each, language, "--json", "输出 JSON", "answer as JSON", action="store_true")
        if name == "sessions":
            _option(each, language, "name", "只看该用户", "of this user alone", nargs="?", default="", metavar="NAME")
        elif name != "list":
            _option(each, language, "name", "用户名", "user name", metavar="NAME")
    for name in ("add", "change"):
        _add_place(made[name], language)
    for name in ("add", "set-password"):
        _add_password(made[name], language)
    zh, en = "大屏：保持登录 30 天，只能查看", "a screen on a wall: logged in for 30 days, may only look"
    _option(made["add"], language, "--stays", zh, en, action="store_true")
    zh, en = "强制该用户退出所有会话", "log this user out everywhere"
    _option(made["sessions"], language, "--end", zh, en, action="store_true")
    zh, en = "有效分钟数（默认 %(default)s）", "good for so long (default: %(default)s)"
    _option(made["link"], language, "--minutes", zh, en, type=_minutes, default=10, metavar="N")
    _option(made["link"], language, "--url", "控制台地址", "how the console is reached", default="")


def add_audit(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`list`, `verify`, `anchor`, `export`."""
    texts = {
        "list": ("查看谁做了什么，最新的在最后", "who did what, the newest last"),
        "verify": ("校验审计记录是否被改动、删除或截断", "whether anything was changed, taken out or cut off"),
        "anchor": ("输出链尾，供另处保存", "the end of the chain, to be kept elsewhere"),
        "export": ("导出为 JSON 行（含哈希）", "all rows as JSON lines, with their hashes"),
    }
    made = _actions(parser, common, language, texts)
    for name in ("list", "export"):
        zh, en = "自该日起，如 2026-05-01", "from this day on, e.g. 2026-05-01"
        _option(made[name], language, "--since", zh, en, default="", metavar="DAY")
    for name in ("list", "verify", "anchor"):
        _option(made[name], language, "--json", "输出 JSON", "answer as JSON", action="store_true")
    zh, en = "只看该操作者：user/…、token/…、cli/…", "of this one alone: user/NAME, token/NAME, cli/NAME"
    _option(made["list"], language, "--who", zh, en, default="", metavar="WHO")
    zh, en = "最多条数（默认 %(default)s）", "so many at most (default: %(default)s)"
    _option(made["list"], language, "--limit", zh, en, type=int, default=200, metavar="N")
    zh, en = "另处保存的链尾文件", "further anchors, e.g. from another machine"
    _option(made["verify"], language, "--anchors", zh, en, action="append", default=[], metavar="FILE")


def _add_place(parser: argparse.ArgumentParser, language: Language) -> None:
    every = ", ".join(ROLES)
    zh, en = f"角色，可多次给出：{every}", f"what the user is, once or several times: {every}"
    choice: dict[str, Any] = {"action": "append", "required": True, "dest": "roles", "choices": ROLES}
    _option(parser, language, "--role", zh, en, metavar="ROLE", **choice)
    zh, en = "工号：按其职责查看和办理", "staff number of the registry: sees and acts as its duties say"
    _option(parser, language, "--person", zh, en, default="", metavar="STAFF")
    zh, en = "最多只能查看该区划或部门", "sees at most this area or department"
    _option(parser, language, "--area", zh, en, default="", metavar="CODE")


def _add_password(parser: argparse.ArgumentParser, language: Language) -> None:
    how = parser.add_mutually_exclusive_group()
    zh, en = "随机生成并显示一次，首次登录须修改", "make one and show it once; it must be changed at the first log-in"
    _option(how, language, "--generate", zh, en, action="store_true")
    zh, en = "从标准输入读取第一行", "read it from the first line of the input"
    _option(how, language, "--stdin", zh, en, action="store_true")
    zh, en = "不设密码，只能用登录链接", "none: this user comes in by a link alone"
    _option(how, language, "--no-password", zh, en, action="store_true")
    zh, en = "首次登录须修改密码", "it must be changed at the first log-in"
    _option(parser, language, "--must-change", zh, en, action="store_true")


def _actions(
    parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language,
    texts: dict[str, tuple[str, str]],
) -> dict[str, argparse.ArgumentParser]:  # fmt: skip
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    told = {name: say(language, en=en, zh=zh) for name, (zh, en) in texts.items()}
    return {
        name: actions.add_parser(name, parents=[common], help=text, description=text) for name, text in told.items()
    }


def _option(parser: argparse._ActionsContainer, language: Language, name: str, zh: str, en: str, **given: Any) -> None:
    parser.add_argument(name, help=say(language, en=en, zh=zh), **given)


def _minutes(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1440:
        raise argparse.ArgumentTypeError("1-1440")
    return number
