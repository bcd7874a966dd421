"""The command `edgeagent`. One file a command, imported only when it is called: start-up is quick on a small box."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from edgeagent.cli import checkargs, deviceargs, enrolargs, outboxargs, rulesargs, setupargs, terminalargs
from edgeagent.cli.say import choose, say
from gridwire.logformats import FORMATS

DEFAULT_CONFIG = Path("/etc/edgeagent/edgeagent.toml")
NESTED = ("config", "outbox", "rules")
"""Commands with commands of their own, which take the common arguments."""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point. Returns the exit code: 0 well, 1 failed, 2 wrong use, 78 wrong configuration."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no Chinese shows ? instead of failing
            stream.reconfigure(errors="replace")
    args = parser().parse_args(argv)
    command = importlib.import_module(f"edgeagent.cli.{args.command.replace('-', '')}")
    try:
        code: int = command.execute(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, e.g. `head`, has gone
        sys.stderr.close()
        return 141
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
    about = say(language, en="agent of a village box: cameras and terminals to the county hub", zh="村级盒子代理程序")
    whole = argparse.ArgumentParser(prog="edgeagent", description=about)
    parsers = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    added = {
        name: parsers.add_parser(name, parents=[] if name in NESTED else [common], help=text, description=text)
        for name, text in _helps(language).items()
    }
    added["run"].add_argument(
        "--log-format", choices=FORMATS, default="",
        help=say(
            language,
            en="how to log; json: an object a line (default: as LOG_FORMAT says, else auto)",
            zh="日志格式；json 为每行一个对象（默认取环境变量 LOG_FORMAT，否则为 auto）",
        ),
    )  # fmt: skip
    outboxargs.add_to(added["outbox"], common, language)
    rulesargs.add_to(added["rules"], common, language)
    setupargs.add_to(added["setup"], language)
    enrolargs.add_to(added["enroll"], language)
    deviceargs.add_to_discover(added["discover"], language)
    deviceargs.add_to_camera(added["camera"], language)
    terminalargs.add_to(added["terminal"], language)
    checkargs.add_to_check(added["check"], language)
    checkargs.add_to_config(added["config"], common, language)
    checkargs.add_to_bundle(added["support-bundle"], language)
    added["status"].add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))
    added["status"].add_argument("--port", type=int, help=say(language, en="port of the status page", zh="状态页端口"))
    sample = added["sample"]
    sample.add_argument(
        "--driver", metavar="NAME", help=say(language, en="only a device of this driver", zh="只输出该驱动的设备表")
    )
    sample.add_argument(
        "--minimal", action="store_true", help=say(language, en="only what must be set", zh="只输出必填项")
    )
    return whole


def _helps(language: str) -> dict[str, str]:
    zh = language == "zh"
    return {
        "run": "运行代理" if zh else "run the agent",
        "setup": "问答式设置本机：村、上行、摄像机、终端" if zh else "set this box up by questions and answers",
        "enroll": "凭令牌向汇聚端注册本机" if zh else "make this machine a box of the county, with a token",
        "check": "检查配置、本机、网络和设备，说明怎么办"
        if zh
        else "check files, machine, network, devices: what to do",
        "config": "比较配置文件、默认值和运行中的设置" if zh else "compare files, defaults and what is in force",
        "status": "查看正在运行的代理" if zh else "show how the running agent is",
        "discover": "查找网络中的摄像机" if zh else "find the cameras in the network",
        "camera": "实时查看一台摄像机发来什么" if zh else "show live what one camera sends",
        "terminal": "实时查看、测试自助服务终端的各个部件" if zh else "show live and test the parts of a terminal",
        "outbox": "查看、导出、检查、补传待发库" if zh else "show, export, verify and send again what is kept",
        "rules": "查看生效的报警规则，用历史报警试算" if zh else "show what rules count, try them on records",
        "support-bundle": "收集排障资料，不含密码和个人信息"
        if zh
        else "gather what support needs; no secret, nobody's data",
        "sample": "输出带注释的配置样例" if zh else "print a commented sample of the configuration",
        "version": "显示版本" if zh else "show versions",
    }
