"""`python -m simulators.camera`: a farm of cameras until SIGTERM or SIGINT; `--json` prints one line for a parent."""

import argparse
import asyncio
import contextlib
import random
import signal
import sys

import msgspec

from simulators.camera.config import AUTH_MODES, CameraConfig
from simulators.camera.control import describe
from simulators.camera.farm import CameraFarm
from simulators.camera.picture import PictureUnavailable
from simulators.camera.quirks import QUIRKS
from simulators.camera.rhythm import keep_raising


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.camera",
        description="模拟 ONVIF 摄像机 / simulated ONVIF cameras on 127.0.0.1",
        epilog="故障 / quirks: " + "; ".join(f"{name}: {meaning}" for name, meaning in QUIRKS.items()),
    )
    add = parser.add_argument
    add("--count", type=int, default=1, help="台数 / how many cameras")
    add("--base-port", type=int, default=0, help="首台端口，0 为任意 / port of the first, 0 for any free ones")
    add("--control-port", type=int, default=0, help="控制端口 / port of the control server")
    add("--discovery-port", type=int, help="发现端口（仅本机单播）/ UDP port for probes sent to 127.0.0.1")
    add("--multicast", action="store_true", help="也监听 / also listen on 239.255.255.250:3702")
    add("--user", default="admin", help="用户 / user")
    add("--password", default="camera-2024", help="密码 / password")
    add("--auth", choices=AUTH_MODES, default="both", help="认证方式 / accepted credentials")
    add("--slots", type=int, default=5, help="订阅上限 / subscriptions at a time")
    add("--clock-offset", type=float, default=0.0, metavar="SECONDS", help="时钟偏差 / error of the cameras' clock")
    add("--quirk", action="append", default=[], choices=sorted(QUIRKS), metavar="NAME", help="故障 / see below")
    add("--picture-width", type=int, default=640, metavar="PX", help="图片宽度 / width of pictures")
    add("--rhythm", type=float, metavar="SECONDS", help="平均每隔几秒报警 / raise an alarm every so often")
    add("--seed", type=int, default=1, help="随机种子 / seed of the rhythm")
    add("--json", action="store_true", help="输出一行 JSON / print one line of JSON")
    return parser.parse_args(arguments)


def configs(options: argparse.Namespace) -> list[CameraConfig]:
    return [
        CameraConfig(
            name=f"camera-{index + 1}",
            port=options.base_port + index if options.base_port else 0,
            user=options.user,
            password=options.password,
            auth=options.auth,
            slots=options.slots,
            clock_offset_s=options.clock_offset,
            picture_width_px=options.picture_width,
            quirks=frozenset(options.quirk),
            serial=f"GC2000-{index + 1:06d}",
        )
        for index in range(options.count)
    ]


def announce(farm: CameraFarm, as_json: bool) -> None:
    cameras = [describe(camera) for camera in farm.cameras.values()]
    discovery_port = farm.discovery.port if farm.discovery is not None else None
    if as_json:
        control = {"control_port": farm.control.port, "control_url": farm.control.url}
        line = {**control, "discovery_port": discovery_port, "cameras": cameras}
        print(msgspec.json.encode(line).decode(), flush=True)
        return
    for camera in farm.cameras.values():
        print(f"{camera.name}  {camera.xaddr}  {camera.snapshot_uri}")
    print(f"控制 / control  {farm.control.url}", flush=True)
    if discovery_port is not None:
        print(f"发现 / discovery  udp://127.0.0.1:{discovery_port}", flush=True)


async def run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    farm = CameraFarm(
        configs(options),
        control_port=options.control_port,
        discovery_port=options.discovery_port,
        multicast=options.multicast,
    )
    async with farm:
        announce(farm, options.json)
        rhythm = None
        if options.rhythm:
            chance = random.Random(options.seed)
            rhythm = loop.create_task(keep_raising(list(farm.cameras.values()), options.rhythm, chance))
        await stopped.wait()
        if rhythm is not None:
            rhythm.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rhythm


def main() -> int:
    try:
        asyncio.run(run(parse_arguments()))
    except (PictureUnavailable, OSError) as error:
        print(f"无法启动 / cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
