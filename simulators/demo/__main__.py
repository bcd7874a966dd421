"""`python -m simulators.demo`: start, play, count. Exit code 1 when anything was lost, came twice, or died."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from edgeagent.cli.say import choose
from simulators.demo.play import Options, play
from simulators.demo.village import Folder

_MARK = ".gridwire-demo"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.demo",
        description="整套系统一屏演示 / the whole product on one screen: devices, agent, broker, hub, console",
    )
    add = parser.add_argument
    add("--language", choices=("zh", "en"), help="语言 / language (LANG)")
    add("--seconds", type=_positive, metavar="N", help="N 秒后自行结束 / end by itself after N seconds")
    add("--speed", type=_positive, default=1.0, metavar="X", help="快 X 倍 / everything happens X times as often")
    add("--seed", type=int, default=1, help="随机种子 / seed of what happens")
    add("--dir", type=Path, help="文件保存在此 / keep the files here; it is emptied at the next start")
    add("--broker", type=_address, metavar="HOST:PORT", help="另用消息服务器 / another broker than the built-in one")
    add("--console-port", type=int, default=8480, help="县级页面端口，被占用则另选 / any free one when it is taken")
    add("--empty", action="store_true", help="没有过去一周的空县 / a county without a week behind it")
    return parser.parse_args(arguments)


class NotOurs(Exception):
    """The folder holds what no demo has put there."""


def emptied(path: Path) -> Path:
    """The folder, made or emptied: each demo begins anew. Raises `NotOurs`, OSError."""
    if path.exists() and not (path / _MARK).exists() and any(path.iterdir()):
        raise NotOurs("不是演示目录，且不为空 / not empty, and not of an earlier demo")
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=0o700, parents=True)
    (path / _MARK).touch()
    return path


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text}: > 0")
    return value


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: HOST:PORT")
    return host, int(port)


def main() -> int:
    arguments = parse_arguments()
    logging.getLogger("countyhub").setLevel(logging.ERROR)  # of the past week nobody is to be warned
    kept = arguments.dir is not None
    try:
        path = emptied(arguments.dir) if kept else Path(tempfile.mkdtemp(prefix="gridwire-demo-"))
    except (OSError, NotOurs) as error:
        print(f"{arguments.dir}: {error}", file=sys.stderr)
        return 2
    options = Options(
        folder=Folder(path.absolute()),
        is_kept=kept,
        language=choose(arguments.language),
        seconds=arguments.seconds,
        speed=arguments.speed,
        seed=arguments.seed,
        broker=arguments.broker,
        console_port=arguments.console_port,
        is_empty=arguments.empty,
    )
    return asyncio.run(play(options))


if __name__ == "__main__":
    sys.exit(main())
