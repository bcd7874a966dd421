"""The arguments of `countyhub registry`, without what the command itself needs to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language

SHOWN = 50
"""Mistakes and changes that are printed; the rest is counted."""


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """Give `parser` the actions, each with the arguments that all commands have."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    texts = {
        "check": say(
            language, en="find every mistake in the files; changes nothing", zh="查找登记表中的全部错误，不作改动"
        ),
        "import": say(
            language, en="show what the files would change; --apply does it", zh="显示将改动什么；--apply 才写入"
        ),
        "export": say(language, en="write the registry as files", zh="把登记内容导出为文件"),
        "show": say(
            language, en="one box, area, grid, person or category; or a summary", zh="查看某个编码；不填为总览"
        ),
    }
    added = {
        name: actions.add_parser(name, parents=[common], help=text, description=text) for name, text in texts.items()
    }
    for name in ("check", "import", "export"):
        _folder(added[name], language)
    for name in ("check", "import", "show"):
        added[name].add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    for name in ("check", "import"):
        added[name].add_argument(
            "--show", type=int, default=SHOWN, metavar="N", dest="shown",
            help=say(language, en="lines of each kind to print (default: %(default)s)",
                     zh="每类最多显示几行（默认 %(default)s）"),
        )  # fmt: skip
        added[name].add_argument(
            "--allow-ending", action="store_true",
            help=say(language, en="many rows may be ended because the files leave them out",
                     zh="允许因文件缺行而大量停用"),
        )  # fmt: skip
    added["check"].add_argument(
        "--county", metavar="CODE",
        help=say(language, en="check the files alone, without configuration and database",
                     zh="只检查文件，不读配置和数据库"),
    )  # fmt: skip
    added["import"].add_argument("--apply", action="store_true", help=say(language, en="write it", zh="写入数据库"))
    added["import"].add_argument("--by", metavar="NAME", help=say(language, en="who imports", zh="导入人"))
    added["export"].add_argument(
        "--spreadsheet", action="store_true",
        help=say(language, en="for opening by a double click: a tab behind codes, so that none is rewritten",
                 zh="便于双击打开：编码后加制表符，防止表格软件改写"),
    )  # fmt: skip
    added["show"].add_argument("code", nargs="?", metavar="CODE", help=say(language, en="a code", zh="编码"))
    added["show"].add_argument(
        "--at",
        metavar="DAY",
        help=say(language, en="as it was on this day (default: today)", zh="某日的状况（默认今天）"),
    )


def _folder(parser: argparse.ArgumentParser, language: Language) -> None:
    text = say(language, en="folder of the files, or a workbook: NAME.xlsx", zh="文件夹，或工作簿：文件名.xlsx")
    parser.add_argument("folder", type=Path, metavar="DIR-or-XLSX", help=text)
