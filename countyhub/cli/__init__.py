"""The command `countyhub`. One file a command, imported only when it is called; each has `execute(args) -> int`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from countyhub.cli import (
    boardargs,
    boxargs,
    caargs,
    caseargs,
    checkargs,
    configargs,
    mattersargs,
    notifyargs,
    registryargs,
    storeargs,
    tokenargs,
    userargs,
    webhookargs,
)
from countyhub.cli.say import choose, say
from gridwire.problem import Language, Problem

DEFAULT_CONFIG = Path("/etc/countyhub/countyhub.toml")
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: starting again will not help, a person must change something first."""


class HubNotInstalled(Problem):
    code = "hub.not-installed"
    en = "the Python package “{missing}” is not installed here: a hub needs gridwire[hub] (or [postgres])"
    zh = "此处没有安装 Python 包“{missing}”：县级汇聚端需要 gridwire[hub]（或 [postgres]）"


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point. Returns the exit code: 0 well, 1 failed, 2 wrong use, 78 wrong configuration or database."""
    args = parser().parse_args(argv)
    args.language = choose(args.language)
    try:
        command = importlib.import_module(f"countyhub.cli.{args.command.replace('-', '')}")
        code = _execute(command, args)
        sys.stdout.flush()
    except Problem as problem:
        print(problem.text(args.language), file=sys.stderr)
        return EXIT_CONFIG
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "countyhub":
            raise
        print(HubNotInstalled(missing=error.name).text(args.language), file=sys.stderr)
        return EXIT_CONFIG
    except BrokenPipeError:  # the reader, e.g. `head`, has gone
        sys.stderr.close()
        return 141
    return code


def _execute(command: ModuleType, args: argparse.Namespace) -> int:
    """What it does is in the audit under the name of who is at the keyboard; the hub has a name of its own."""
    if args.command in ("run", "sample", "version"):
        code: int = command.execute(args)
        return code
    from countyhub.audit import trail
    from countyhub.cli import noting

    with trail.as_(noting.keyboard()):
        code = command.execute(args)
        if code == 0:
            noting.note(args)
    return code


def parser() -> argparse.ArgumentParser:
    """All commands and options; the scripts for completion are made from it."""
    language = choose(None)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config", metavar="PATH", type=Path, default=DEFAULT_CONFIG,
        help=say(language, en="configuration file (default: %(default)s)", zh="配置文件（默认 %(default)s）"),
    )  # fmt: skip
    common.add_argument(
        "--language", choices=("zh", "en"), help=say(language, en="language of the output", zh="输出语言")
    )
    about = say(
        language, en="county hub: takes in what the village boxes send", zh="县级汇聚端：接收各村盒子上报的事件"
    )
    parser = argparse.ArgumentParser(prog="countyhub", description=about)
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    added = {
        name: parsers.add_parser(name, parents=[common], help=text, description=text)
        for name, text in (_helps(language) | storeargs.helps(language)).items()
    }
    boxargs.add(parsers.add_parser("box", help=_box_help(language), description=_box_help(language)), common, language)
    for name, text, add in (
        ("board", _board_help(language), boardargs.add_board), ("key", _key_help(language), boardargs.add_key),
        ("token", _token_help(language), tokenargs.add), ("matters", _matters_help(language), mattersargs.add),
        ("webhook", _webhook_help(language), webhookargs.add), ("ca", _ca_help(language), caargs.add_ca),
        ("notify", _notify_help(language), notifyargs.add), ("case", _case_help(language), caseargs.add),
        ("config", _config_help(language), configargs.add),
        ("user", _user_help(language), userargs.add_user), ("audit", _audit_help(language), userargs.add_audit),
    ):  # fmt: skip
        add(parsers.add_parser(name, help=text, description=text), common, language)
    boardargs.add_roster(added["roster"], language)
    registry = say(language, en="the county's registry, from files and to files", zh="县级登记表：检查、导入、导出")
    registryargs.add(parsers.add_parser("registry", help=registry, description=registry), common, language)
    storeargs.add(added, language)
    checkargs.add(added["check"], language)
    caargs.add_broker(added["broker-config"], language)
    mattersargs.add_run(added["run"], language)
    letters = added["deadletter"]
    letters.add_argument("action", choices=("list", "retry"), help=say(language, en="what to do", zh="操作"))
    letters.add_argument(
        "ids", nargs="*", type=int, help=say(language, en="messages; none: all", zh="编号；不填为全部")
    )
    letters.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    return parser


def _box_help(language: Language) -> str:
    return say(
        language,
        en="list, add, replace, revoke boxes, have one send again",
        zh="查看、新增、更换、吊销盒子，或让盒子补发",
    )


def _case_help(language: Language) -> str:
    return say(language, en="look at cases and handle them by hand", zh="查看案件，手工立案和办理")


def _board_help(language: Language) -> str:
    return say(language, en="notices, answers and grid workers of a box", zh="某个盒子的公示、答复和网格员名册")


def _key_help(language: Language) -> str:
    return say(language, en="the county key and the villages' keys", zh="县级密钥与各村密钥")


def _matters_help(language: Language) -> str:
    return say(language, en="what raw alarms mean together, and what was held back", zh="归并后的事项，以及未立案信号")


def _config_help(language: Language) -> str:
    return say(
        language, en="the county's part of boxes' configuration, signed", zh="县级下发给盒子的配置（签名）：下发、查看"
    )


def _ca_help(language: Language) -> str:
    return say(language, en="the county's own certificates", zh="县级 CA：建立、查看、续签")


def _user_help(language: Language) -> str:
    return say(language, en="who may log in at the console", zh="控制台用户：谁可以登录，能看什么、做什么")


def _audit_help(language: Language) -> str:
    return say(language, en="who did what, and whether that record is whole", zh="审计：谁做了什么，记录是否完整")


def _token_help(language: Language) -> str:
    return say(language, en="who may use the HTTP interface, and for what", zh="HTTP 接口的令牌：谁可以用，能做什么")


def _webhook_help(language: Language) -> str:
    return say(language, en="systems that are told of events by HTTP", zh="事件推送：通过 HTTP 通知其他系统")


def _notify_help(language: Language) -> str:
    return say(
        language, en="who is told of cases by which way, and calls for help", zh="通知：谁以何种方式得到通知，紧急求助"
    )


def _helps(language: Language) -> dict[str, str]:
    zh = language == "zh"
    return {
        "run": "运行汇聚端" if zh else "run the hub",
        "check": "检查各项是否正常，说明怎么办" if zh else "is everything right, and if not, what to do",
        "migrate": "把数据库升级到本版本的格式" if zh else "bring the database up to this version's format",
        "deadletter": "查看或重试未识别报文" if zh else "list or retry unread messages",
        "roster": "由人员表生成网格员名册（只含哈希）" if zh else "make a roster of hashes from a list of people",
        "broker-config": "生成 mosquitto 的配置、权限和证书"
        if zh
        else "write mosquitto's configuration, rights and certificates",
        "sample": "输出带注释的配置样例" if zh else "print a commented sample of the configuration",
        "version": "显示版本" if zh else "show versions",
    }
