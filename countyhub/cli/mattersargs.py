"""What `countyhub matters` and `countyhub run` are told, without what they need to import."""

from __future__ import annotations

import argparse

from countyhub.cli.say import say
from gridwire.logformats import FORMATS
from gridwire.problem import Language


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser, language: Language) -> None:
    """Give the command its parts."""
    parts = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = say(language, en="what raw alarms mean together, the newest first", zh="归并后的事项，最新的在前")
    listed = parts.add_parser("list", parents=[common], help=text, description=text)
    listed.add_argument("--open", action="store_true", help=say(language, en="only what lasts", zh="只列未结束的"))
    listed.add_argument(
        "--all", action="store_true",
        help=say(language, en="also parts of larger ones", zh="连同并入上级事项的"),
    )  # fmt: skip
    text = say(language, en="a box, box/device, or township", zh="盒子、盒子/设备或乡镇编码")
    listed.add_argument("--at", metavar="PLACE", default="", help=text)
    text = say(language, en="at most so many (default: %(default)s)", zh="最多显示条数（默认 %(default)s）")
    listed.add_argument("--show", metavar="N", type=int, default=50, help=text)
    text = say(language, en="what made no matter: by day and reason", zh="未成为事项的信号：按日、按原因计数")
    counted = parts.add_parser("suppressed", parents=[common], help=text, description=text)
    text = say(language, en="so many days (default: %(default)s)", zh="最近多少天（默认 %(default)s）")
    counted.add_argument("--days", metavar="N", type=int, default=7, help=text)
    text = say(
        language, en="what the database refused or nobody could read, and was passed over",
        zh="数据库拒收或无法解读而被搁置的内容",
    )  # fmt: skip
    passed = parts.add_parser("aside", parents=[common], help=text, description=text)
    text = say(
        language, en="strike them off the list; events among them are taken up again when the hub next starts",
        zh="从列表中清除；其中的事件在汇聚端下次启动时重新归并",
    )  # fmt: skip
    passed.add_argument("--again", action="store_true", help=text)
    for each in (listed, counted, passed):
        each.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))


def add_run(parser: argparse.ArgumentParser, language: Language) -> None:
    """Of one among several hub processes."""
    text = say(
        language, en="name of this process, if several share the work (broker.shared)",
        zh="多个进程分担工作时本进程的名称（见 broker.shared）",
    )  # fmt: skip
    parser.add_argument("--worker", metavar="NAME", type=_name, help=text)
    text = say(language, en="without the console: another process has it", zh="不启动控制台（由另一进程提供）")
    parser.add_argument("--no-console", action="store_true", help=text)
    text = say(
        language,
        en="how to log; json: an object a line (default: as LOG_FORMAT says, else auto)",
        zh="日志格式；json 为每行一个对象（默认取环境变量 LOG_FORMAT，否则为 auto）",
    )
    parser.add_argument("--log-format", choices=FORMATS, default="", help=text)


def _name(text: str) -> str:
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum() and len(text) <= 24):
        raise argparse.ArgumentTypeError("A-Z a-z 0-9 - _")
    return text
