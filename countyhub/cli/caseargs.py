"""The arguments of `countyhub case`, without what the command itself needs to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language

_ACTIONS = {
    "list": ("查看案件列表", "list cases"),
    "show": ("查看一件案件的全部情况和时间线", "show a case whole, with its timeline"),
    "open": ("手工立案", "open a case by hand"),
    "act": ("办理一步，例如 begin、close", "take a step, e.g. begin, close"),
    "merge": ("并案", "put a case under another one"),
    "attach": ("添加图片或 PDF", "add a picture or PDF"),
    "export": ("导出案件（.csv 或 .jsonl）", "export cases (.csv or .jsonl)"),
}
LIGHTS = ("green", "yellow", "red", "grey", "none")
STAGES = ("found", "filed", "reported", "assigned", "handling", "feedback", "closed", "archived", "merged", "void")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`list`, `show`, `open`, `act`, `merge`, `attach`, `export`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    added = {}
    for name, (zh, en) in _ACTIONS.items():
        text = say(language, en=en, zh=zh)
        added[name] = actions.add_parser(name, parents=[common], help=text, description=text)
        if name != "export":
            added[name].add_argument(
                "--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON")
            )
        _add_by(added[name], language, required=name in ("open", "act", "merge", "attach"))
    for name in ("show", "act", "merge", "attach"):
        text = say(language, en="number of the case", zh="案号")
        added[name].add_argument("number", metavar="NUMBER", help=text)
    for name in ("list", "export"):
        _add_filters(added[name], language)
    _add_pages(added["list"], language)
    _add_open(added["open"], language)
    _add_act(added["act"], language)
    _add_merge(added["merge"], language)
    text = say(language, en="JPEG, PNG, WebP, GIF or PDF, at most 8 MiB", zh="JPEG、PNG、WebP、GIF 或 PDF，最大 8 MiB")
    added["attach"].add_argument("file", type=Path, metavar="FILE", help=text)
    text = say(language, en="new file, .csv (for Excel) or .jsonl", zh="新文件，.csv（可用 Excel 打开）或 .jsonl")
    added["export"].add_argument("--out", type=Path, required=True, metavar="FILE", help=text)


def _add_by(parser: argparse.ArgumentParser, language: Language, *, required: bool) -> None:
    acts = say(language, en="staff number of who acts", zh="操作人工号")
    looks = say(language, en="only what this person may see (staff number)", zh="只看此人可见的案件（工号）")
    parser.add_argument("--by", metavar="STAFF", required=required, default="", help=acts if required else looks)
    if required:
        text = say(language, en="in this role, if there are several", zh="有多个角色时，以哪个角色办理")
        parser.add_argument("--role", default=None, help=text)


def _add_filters(parser: argparse.ArgumentParser, language: Language) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--open", action="store_true", help=say(language, en="only open ones", zh="只看在办的"))
    which.add_argument("--closed", action="store_true", help=say(language, en="only what is done", zh="只看已办结的"))
    texts = {
        "--area": ("某网格、村或乡镇的", "within a grid, village, township"),
        "--owner": ("由该单位承办的：网格、区划或部门编码", "of this office: code of a grid, area or department"),
        "--category": ("事项分类，2 或 4 位", "kind of matter, 2 or 4 digits"),
        "--box": ("来自该盒子", "of this box"),
        "--receipt": ("回执编号", "number on the receipt"),
    }
    for name, (zh, en) in texts.items():
        parser.add_argument(name, metavar="CODE", default="", help=say(language, en=en, zh=zh))
    parser.add_argument(
        "--light", choices=LIGHTS, action="append", default=[],
        help=say(language, en="with this light; may be given several times", zh="该灯色；可重复"),
    )  # fmt: skip
    parser.add_argument(
        "--stage", choices=STAGES, action="append", default=[],
        help=say(language, en="at this stage; may be given several times", zh="处于该环节；可重复"),
    )  # fmt: skip
    flags = {"--urgent": ("紧急的", "urgent ones"), "--supervised": ("被督办的", "supervised ones")}
    for name, (zh, en) in flags.items():
        parser.add_argument(name, action="store_true", default=None, help=say(language, en=en, zh=zh))
    for name, (zh, en) in {
        "--since": ("该日及以后，例如 2026-06-01", "arrived on this day or later, e.g. 2026-06-01"),
        "--until": ("该日以前", "arrived before this day"),
    }.items():
        parser.add_argument(name, metavar="DAY", default="", help=say(language, en=en, zh=zh))


def _add_pages(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--order", choices=("newest", "due"), default="newest",
        help=say(language, en="the newest, or (open ones) what is due first", zh="按时间倒序，或按到期先后（在办）"),
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help=say(language, en="at most so many", zh="最多条数")
    )
    parser.add_argument(
        "--after", default="", metavar="PLACE",
        help=say(language, en="the next page, as the last one says", zh="下一页，见上一页的提示"),
    )  # fmt: skip


def _add_open(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument("--title", required=True, help=say(language, en="what it is about", zh="标题"))
    parser.add_argument("--text", default="", help=say(language, en="what is reported", zh="反映的内容"))
    parser.add_argument(
        "--category",
        required=True,
        metavar="CODE",
        help=say(language, en="kind of matter, 4 digits", zh="事项分类，4 位"),
    )
    parser.add_argument(
        "--place", required=True, metavar="CODE",
        help=say(language, en="where: grid, village, township or box", zh="地点：网格、村、乡镇或盒子编号"),
    )  # fmt: skip
    parser.add_argument(
        "--receipt", default="", metavar="R…", help=say(language, en="number on the receipt", zh="回执编号")
    )
    parser.add_argument(
        "--key", default="",
        help=say(language, en="what it is about: joins the open case with this key", zh="事项标识：已有在办的则并入"),
    )  # fmt: skip
    parser.add_argument("--urgent", action="store_true", help=say(language, en="urgent", zh="紧急"))
    parser.add_argument("--drill", action="store_true", help=say(language, en="an exercise", zh="演练"))


def _add_act(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "act", metavar="ACT",
        help=say(language, en="as docs/reference/lifecycle.md names it", zh="操作名，见 docs/reference/lifecycle.md"),
    )  # fmt: skip
    parser.add_argument("--text", default="", help=say(language, en="reason or result", zh="原因或结果"))
    parser.add_argument(
        "--to", metavar="CODE", default="",
        help=say(language, en="office: code of a grid, area or department", zh="承办单位：网格、区划或部门编码"),
    )  # fmt: skip
    parser.add_argument(
        "--clock", default="", metavar="NAME", help=say(language, en="the limit that is met", zh="达成的时限名称")
    )
    parser.add_argument(
        "--category", default="", metavar="CODE",
        help=say(language, en="of which kind it is, for classify", zh="事项分类编码，用于 classify"),
    )  # fmt: skip
    parser.add_argument(
        "--step", default="", metavar="STEP",
        help=say(language, en="of the five steps, for ledger_step: discuss, verify, report, settle, publish",
                 zh="用于 ledger_step：discuss 议帐、verify 核账、report 报账、settle 结账、publish 晒账"),
    )  # fmt: skip
    parser.add_argument(
        "--day", default="", metavar="DAY",
        help=say(language, en="when that step was done, e.g. 2026-06-01", zh="该步的日期，例如 2026-06-01"),
    )  # fmt: skip
    _add_version(parser, language)


def _add_merge(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--into", required=True, metavar="NUMBER", help=say(language, en="the case that stays", zh="主案案号")
    )
    parser.add_argument("--text", default="", help=say(language, en="why", zh="说明"))
    _add_version(parser, language)


def _add_version(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--version", type=int, metavar="N",
        help=say(language, en="as you saw it: refused if changed since", zh="您看到的版本；期间有变动则不办理"),
    )  # fmt: skip
