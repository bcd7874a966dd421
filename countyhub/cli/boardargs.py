"""The arguments of `countyhub board`, `key` and `roster`, without what the commands themselves need to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from countyhub.cli.say import say
from gridwire.problem import Language


def add_board(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`show`, `notice`, `answer`, `workers`, `remove`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    helps = {
        "show": ("显示公示栏、答复和网格员名册", "show notices, answers and the roster"),
        "notice": ("发布或替换一条公示", "put up a notice, or replace one"),
        "answer": ("答复一张回执", "answer a receipt"),
        "workers": ("替换网格员名册", "replace the roster of grid workers"),
        "remove": ("撤下公示、答复或名册", "take a notice, an answer or the roster down"),
    }
    added = {}
    for name, (zh, en) in helps.items():
        text = say(language, en=en, zh=zh)
        added[name] = actions.add_parser(name, parents=[common], help=text, description=text)
        added[name].add_argument("box", metavar="BOX", help=say(language, en="id of the box", zh="盒子编号"))
        added[name].add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    _add_notice(added["notice"], language)
    _add_answer(added["answer"], language)
    added["workers"].add_argument(
        "--file", metavar="CSV", type=Path, required=True,
        help=say(language, en="as countyhub roster wrote it", zh="由 countyhub roster 生成的文件"),
    )  # fmt: skip
    what = added["remove"].add_mutually_exclusive_group(required=True)
    what.add_argument("--notice", metavar="ID", help=say(language, en="id of the notice", zh="公示编号"))
    what.add_argument("--receipt", metavar="R…", help=say(language, en="number on the receipt", zh="回执编号"))
    what.add_argument("--workers", action="store_true", help=say(language, en="the whole roster", zh="整个名册"))


def _add_notice(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument("--title", required=True, help=say(language, en="its heading", zh="标题"))
    parser.add_argument("--text", default="", help=say(language, en="its text", zh="正文"))
    parser.add_argument(
        "--expires", metavar="TIME",
        help=say(language, en="from then on it is not shown, e.g. 2026-12-31; without offset: the console's time zone",
                 zh="到期时间，例如 2026-12-31；不带时差时按控制台时区"),
    )  # fmt: skip
    parser.add_argument(
        "--id", metavar="ID", default="",
        help=say(language, en="replace the notice with this id", zh="替换该编号的公示"),
    )  # fmt: skip


def _add_answer(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--receipt", metavar="R…", required=True, help=say(language, en="number on the receipt", zh="回执编号")
    )
    parser.add_argument("--text", required=True, help=say(language, en="what the resident is told", zh="答复内容"))
    parser.add_argument(
        "--person", metavar="HASH", default="",
        help=say(language, en="who may ask for it by card; default: as in the request",
                 zh="可刷卡查询的人；默认取自受理记录"),
    )  # fmt: skip


def add_key(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """`init`, `village`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = say(language, en="make the county key, once; it stays on the hub", zh="生成县级密钥，只做一次，不离开汇聚端")
    init = actions.add_parser("init", parents=[common], help=text, description=text)
    init.add_argument(
        "--generation", metavar="N", type=_generation, default=1,
        help=say(language, en="2 and up when an earlier key was lost or known to others",
                 zh="旧密钥泄露或丢失后用 2、3……"),
    )  # fmt: skip
    text = say(language, en="the key file of a village: one line", zh="某村的密钥文件：一行")
    village = actions.add_parser("village", parents=[common], help=text, description=text)
    village.add_argument("box", metavar="BOX", help=say(language, en="id of the box", zh="盒子编号"))
    village.add_argument(
        "--out", metavar="FILE", type=Path, help=say(language, en="write it there, mode 600", zh="写入该文件，权限 600")
    )
    for each in (init, village):
        _add_key_file(each, language)


def add_roster(parser: argparse.ArgumentParser, language: Language) -> None:
    """People in, hashes out."""
    parser.add_argument("box", metavar="BOX", help=say(language, en="id of the box", zh="盒子编号"))
    parser.add_argument(
        "--in", metavar="CSV", type=Path, required=True, dest="people",
        help=say(language, en="people: columns name, grid, id_number, card_uid, badge",
                 zh="人员表，列标题：姓名、网格、身份证号、卡号、工牌"),
    )  # fmt: skip
    parser.add_argument(
        "--out",
        metavar="CSV",
        type=Path,
        help=say(language, en="the roster (default: print it)", zh="名册（默认打印）"),
    )
    parser.add_argument(
        "--uid-order", choices=("as-sent", "reversed"), default="as-sent",
        help=say(language, en="as the terminal's reader is configured", zh="与终端读卡器的 uid_order 设置一致"),
    )  # fmt: skip
    _add_key_file(parser, language)


def _add_key_file(parser: argparse.ArgumentParser, language: Language) -> None:
    parser.add_argument(
        "--key-file", metavar="FILE", type=Path,
        help=say(language, en="the county key (default: county.key in data_dir)",
                 zh="县级密钥（默认 data_dir 下的 county.key）"),
    )  # fmt: skip


def _generation(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 999:
        raise argparse.ArgumentTypeError("1-999")
    return number
