"""`python -m simulators.terminal --dir DIR`: a terminal with all parts until SIGTERM or SIGINT.

It prints the settings to put into a configuration, shows each slip as text, and is told by HTTP what people do;
`--json` prints one line for a parent instead.
"""

import argparse
import asyncio
import random
import secrets
import signal
import sys
from pathlib import Path

import msgspec

from simulators.terminal.control import ControlServer, describe
from simulators.terminal.printer import Slip
from simulators.terminal.rhythm import keep_visiting
from simulators.terminal.snippet import snippet
from simulators.terminal.terminal import ALL_PARTS, SimTerminal


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.terminal", description="模拟自助服务终端 / a simulated self-service terminal on ptys"
    )
    add = parser.add_argument
    add("--dir", type=Path, required=True, help="串口所在目录 / folder in which the ports appear")
    add("--control-port", type=int, default=0, help="控制端口 / port of the control server")
    add("--rhythm", type=float, metavar="SECONDS", help="平均每隔几秒来人 / somebody comes every so often")
    add("--seed", type=int, default=1, help="随机种子 / seed of the rhythm")
    add("--paced", action="store_true", help="按真实波特率收发 / bytes take as long as on real lines")
    add("--json", action="store_true", help="输出一行 JSON / print one line of JSON")
    return parser.parse_args(arguments)


def announce(terminal: SimTerminal, control: ControlServer, as_json: bool) -> None:
    if as_json:
        line = {"control_port": control.port, "control_url": control.url, **describe(terminal)}
        print(msgspec.json.encode(line).decode(), flush=True)
        return
    key_file = terminal.folder / "village.key"
    if not key_file.exists():
        key_file.touch(0o600)
        key_file.write_text(f"sim-1:{secrets.token_hex(32)}\n")
    print("# 写入配置 / put into a configuration, e.g. conf.d/desk.toml:")
    print(snippet(terminal.settings, key_file=str(key_file.resolve())))
    print(f"# 控制 / control  {control.url}")
    print(f"#   curl {control.url}/state")
    print(f'#   curl -d \'{{"text": "GW:item:0301"}}\' {control.url}/scan', flush=True)
    terminal.printer.on_slip = show


def show(slip: Slip) -> None:
    """A slip as it comes out of the printer."""
    lines = [*slip.lines, *(f"[QR {code}]" for code in slip.codes)]
    print("\n".join(f"| {line}" for line in lines) + "\n", flush=True)


async def run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with SimTerminal(options.dir, ALL_PARTS) as terminal:
        if options.paced:
            terminal.pace()
        control = ControlServer(terminal, port=options.control_port)
        await control.start()
        announce(terminal, control, options.json)
        rhythm = None
        if options.rhythm:
            rhythm = loop.create_task(keep_visiting(terminal, options.rhythm, random.Random(options.seed)))
        await stopped.wait()
        if rhythm is not None:
            rhythm.cancel()
        await control.stop()


def main() -> int:
    try:
        asyncio.run(run(parse_arguments()))
    except OSError as error:
        print(f"无法启动 / cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
