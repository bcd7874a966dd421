"""The arguments of `edgeagent discover` and `edgeagent camera`, apart from what they do."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgeagent.cli.say import say
from gridwire.problem import Language


def add_to_discover(parser: argparse.ArgumentParser, language: Language) -> None:
    """Where to look, what to try, where to write."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--interface", metavar="NAME", action="append", default=[],
        help=say(language, en="search on this network interface only, e.g. eth0; may be repeated (default: all)",
                 zh="只在该网卡上搜索，如 eth0，可重复（默认全部）"),
    )  # fmt: skip
    where.add_argument(
        "--range", metavar="A-B", action="append", default=[],
        help=say(language, en="ask these addresses one by one: 192.168.1.0/24 or 192.168.1.10-192.168.1.60",
                 zh="逐个询问这些地址：192.168.1.0/24 或 192.168.1.10-192.168.1.60"),
    )  # fmt: skip
    parser.add_argument(
        "--port", metavar="N", action="append", default=[], type=_port,
        help=say(language, en="with --range: a further port to try", zh="配合 --range：另外尝试的端口"),
    )  # fmt: skip
    parser.add_argument("--user", metavar="U", help=say(language, en="user of the cameras", zh="摄像机用户名"))
    parser.add_argument(
        "--password-file", metavar="F", type=Path,
        help=say(language, en="file with the password; else it is asked for", zh="密码文件；不给则提示输入"),
    )  # fmt: skip
    parser.add_argument(
        "--login", metavar="U:F", action="append", default=[],
        help=say(language, en="a further user and password file; of all, two are tried at most",
                 zh="另一组用户名和密码文件；每台最多尝试两组"),
    )  # fmt: skip
    parser.add_argument(
        "--write", metavar="FILE", type=Path,
        help=say(language, en="add the new cameras to this file, e.g. /etc/edgeagent/conf.d/cameras.toml",
                 zh="把新摄像机写入该文件，如 /etc/edgeagent/conf.d/cameras.toml"),
    )  # fmt: skip
    parser.add_argument(
        "--timeout", metavar="S", type=_seconds, default=5.0,
        help=say(language, en="seconds to wait for answers (default: %(default)g)",
                 zh="等待应答的秒数（默认 %(default)g）"),
    )  # fmt: skip
    parser.add_argument("--probe-port", type=_port, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help=say(language, en="answer as JSON", zh="输出 JSON"))


def add_to_camera(parser: argparse.ArgumentParser, language: Language) -> None:
    """Which device, how long."""
    parser.add_argument("device", metavar="ID", help=say(language, en="device id of the configuration", zh="设备编号"))
    parser.add_argument(
        "--seconds", metavar="N", type=_seconds,
        help=say(language, en="stop after so many seconds (default: Ctrl-C)", zh="多少秒后结束（默认按 Ctrl-C）"),
    )  # fmt: skip
    parser.add_argument(
        "--picture", metavar="FILE.png", type=Path, nargs="?", const=Path("-"),
        help=say(language, en="is its picture any good, and why; beside the usual view into FILE.png",
                 zh="视频质量诊断：画面是否正常及原因；与平时画面并排存入 FILE.png"),
    )  # fmt: skip
    parser.add_argument(
        "--picture-reset", action="store_true",
        help=say(language, en="the camera was moved on purpose: learn anew what it usually shows",
                 zh="摄像机已按计划移动：重新学习平时画面"),
    )  # fmt: skip
    parser.add_argument(
        "--snapshot", metavar="FILE", type=Path,
        help=say(language, en="save one picture of now to this file", zh="抓拍一张图片存入该文件"),
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help=say(language, en="one JSON object a line", zh="每行输出一个 JSON")
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError("1-65535")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0.1 <= number <= 86400:
        raise argparse.ArgumentTypeError("0.1-86400")
    return number
