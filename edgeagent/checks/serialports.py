"""`serial`: is every serial port there, under a lasting name, open to the service's user, and nobody else's?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from edgeagent.checks.check import Check
from edgeagent.checks.permissions import allowed
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed

_NAMES = ("by-id", "by-path")
_MOVING = ("ttyUSB", "ttyACM")
"""Numbered in the order in which they were plugged in."""


class Missing(Fault):
    code = "check.serial-missing"
    en = "{device}: {port} does not exist: is the adapter plugged in? There are: {there} (edgeagent terminal --ports)"
    zh = "{device}：{port} 不存在：转接器是否插好？现有：{there}（见 edgeagent terminal --ports）"


class NoPort(Fault):
    code = "check.serial-no-port"
    en = "{device}: {port} is no serial port: write the name that edgeagent terminal --ports shows"
    zh = "{device}：{port} 不是串口：请填写 edgeagent terminal --ports 显示的名称"


class Closed(Fault):
    code = "check.serial-closed"
    en = (
        "{device}: user {user}, as which the agent runs, may not open {port}: usermod -aG {group} {user}, then "
        "restart it"
    )
    zh = "{device}：代理以用户 {user} 运行，无权打开 {port}：请执行 usermod -aG {group} {user}，然后重启代理"


class Taken(Fault):
    code = "check.serial-taken"
    en = "{device}: {port} is in use by {who}: end that program (systemctl disable --now …); a port serves one only"
    zh = "{device}：{port} 正被 {who} 使用：请停止该程序（systemctl disable --now …），一个串口只能由一个程序使用"


class MovingName(Fault):
    code = "check.serial-moving-name"
    level = "warn"
    en = "{device}: {port} may be another adapter after the next start: write {better}"
    zh = "{device}：下次启动后 {port} 可能变成另一个转接器：请改写为 {better}"


class Twice(Fault):
    code = "check.serial-twice"
    level = "warn"
    en = "{port} is configured for {devices}: only one of them can open it; correct the port of the others"
    zh = "{port} 同时配置给了 {devices}：只有一个能打开，请改正其余设备的端口"


def _look(scene: Scene) -> Iterable[Line]:
    users: dict[str, list[str]] = {}
    for name, device in scene.config.device.items():
        for port in dict.fromkeys(_ports(device.options)) if device.enabled else ():
            users.setdefault(os.path.realpath(scene.root / port.lstrip("/")), []).append(name)
            yield from _port(scene, name, port)
    for real, names in users.items():
        if len(names) > 1:
            yield found(Twice(port=real, devices=", ".join(names)), real)
    if not users:
        yield passed("没有配置串口", "no serial port is configured")


def _ports(options: Any) -> Iterator[str]:
    """Device files anywhere in a driver's settings, under the name `port`."""
    if isinstance(options, msgspec.Struct):
        for field in msgspec.structs.fields(options):
            value = getattr(options, field.name)
            if field.name == "port" and isinstance(value, str) and value.startswith("/"):
                yield value
            else:
                yield from _ports(value)
    elif isinstance(options, list | tuple):
        for each in options:
            yield from _ports(each)


def _port(scene: Scene, device: str, port: str) -> Iterable[Line]:
    file = scene.root / port.lstrip("/")
    try:
        status = file.stat()
    except OSError:
        there = ", ".join(_lasting(scene.root).values()) or "-"
        yield found(Missing(device=device, port=port, there=there), port)
        return
    if not stat.S_ISCHR(status.st_mode):
        yield found(NoPort(device=device, port=port), port)
        return
    if not allowed(file, scene.account, 0o6):
        yield found(Closed(device=device, port=port, user=scene.account.name, group=_group(status.st_gid)), port)
        return
    who = _user(file, scene)
    if who:
        yield found(Taken(device=device, port=port, who=who), port)
        return
    better = _lasting(scene.root).get(Path(os.path.realpath(file)).name)
    if better and Path(port).name.startswith(_MOVING):
        yield found(MovingName(device=device, port=port, better=better), port)
        return
    yield passed(f"{device}：{port} 存在且可用", f"{device}: {port} is there and free to use", port)


def _lasting(root: Path) -> dict[str, str]:
    """Name in /dev -> the name that stays, best last."""
    found_: dict[str, str] = {}
    for folder in reversed(_NAMES):
        for link in sorted((root / "dev/serial" / folder).glob("*")):
            found_[Path(os.path.realpath(link)).name] = f"/dev/serial/{folder}/{link.name}"
    return found_


def _user(file: Path, scene: Scene) -> str:
    """The process that has it open, unless it is the agent; empty also where we may not look."""
    real, own = os.path.realpath(file), os.getpid()
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(own) and _has_open(process, real):
            words = _words(process)
            if not (scene.agent_runs and any("edgeagent" in word for word in words)):
                return f"{Path(words[0]).name if words else '?'} ({process.name})"
    return ""


def _has_open(process: Path, real: str) -> bool:
    try:
        return any(os.readlink(each) == real for each in (process / "fd").iterdir())
    except OSError:  # ended, or not ours to see
        return False


def _words(process: Path) -> list[str]:
    try:
        return [word for word in (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0") if word]
    except OSError:
        return []


def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


CHECK = Check(
    "serial",
    "每个串口：存在、名称固定、服务用户可打开、没有被其他程序占用",
    "every serial port: there, under a lasting name, open to the service's user, used by nobody else",
    _look,
    (Missing, NoPort, Closed, Taken, MovingName, Twice),
    offline=False,
)
