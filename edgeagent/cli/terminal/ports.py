"""`edgeagent terminal --ports`: the serial ports of this machine, their lasting names, and what hangs on them.

Read from /dev and /sys; no port is opened.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgeagent.cli.say import say, table
from gridwire.problem import Language

_NETWORK = ("socket://", "rfc2217://")
_TTY = re.compile(r"tty(S|USB|ACM|AMA|O|mxc|THS|GS)[0-9]+")


class Port(NamedTuple):
    """`device`: its name now; `name`: the one to configure; `what`: as the adapter says."""

    device: str
    name: str
    what: str


class Used(NamedTuple):
    """A part of the configuration."""

    device: str
    part: str
    port: str


def show(root: Path, devices: Mapping[str, Mapping[str, Any]], language: Language, *, as_json: bool) -> int:
    """Prints all ports, then what is configured and is not there. Exit code 1 when something configured is missing."""
    ports, used = list(found(root)), list(configured(devices))
    real = {port.device: [each for each in used if _same(root, each.port, port.device)] for port in ports}
    known = {each for uses in real.values() for each in uses}
    local = [each for each in used if each not in known and not each.port.startswith(_NETWORK)]
    missing = [each for each in local if not (root / each.port.lstrip("/")).exists()]
    unlisted = [each for each in local if each not in missing]  # a pty, or what a driver of its own makes
    remote = [each for each in used if each.port.startswith(_NETWORK)]
    if as_json:
        for port in ports:
            print(json.dumps({**port._asdict(), "used_by": [_who(each) for each in real[port.device]]}))
        for each in missing + unlisted + remote:
            told = {"device": "", "name": each.port, "what": "", "used_by": [_who(each)], "missing": each in missing}
            print(json.dumps(told, ensure_ascii=False))
        return 1 if missing else 0
    head = ("端口", "设备", "适配器", "所接部件") if language == "zh" else ("port", "now", "adapter", "part")
    rows = [(p.name, p.device, p.what or "-", ", ".join(map(_who, real[p.device])) or "-") for p in ports]
    rows += [(each.port, "-", say(language, en="serial server", zh="串口服务器"), _who(each)) for each in remote]
    absent = say(language, en="NOT THERE: unplugged?", zh="不存在：是否未插入？")
    rows += [(each.port, "-", absent, _who(each)) for each in missing]
    rows += [(each.port, os.path.realpath(root / each.port.lstrip("/")), "-", _who(each)) for each in unlisted]
    if rows:
        print("\n".join(table([head, *rows])))
    else:
        print(say(language, en="this machine has no serial port", zh="本机没有串口"))
    return 1 if missing else 0


def found(root: Path) -> Iterator[Port]:
    """Every serial port that exists, under its name of /dev/serial/by-id where there is one, else by-path."""
    lasting: dict[str, str] = {}
    for folder in ("by-path", "by-id"):  # the latter is better, and comes later
        for link in sorted((root / "dev/serial" / folder).glob("*")):
            lasting[Path(os.path.realpath(link)).name] = f"/dev/serial/{folder}/{link.name}"
    for tty in sorted((root / "sys/class/tty").glob("tty*")):
        if _TTY.fullmatch(tty.name) and (tty / "device").exists() and _text(tty / "type") != "0":
            device = f"/dev/{tty.name}"
            yield Port(device, lasting.get(tty.name, device), _adapter(Path(os.path.realpath(tty / "device"))))


def configured(devices: Mapping[str, Mapping[str, Any]]) -> Iterator[Used]:
    """The parts of all terminals, also of tables with mistakes in them."""
    for name, settings in devices.items():
        parts = settings.get("part") if settings.get("driver") == "terminal" else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and isinstance(part.get("port"), str):
                yield Used(name, str(part.get("name") or part.get("protocol", "")), part["port"])


def _who(used: Used) -> str:
    return f"{used.device}/{used.part}"


def _same(root: Path, port: str, device: str) -> bool:
    """Whether a configured name leads to that device."""
    return Path(os.path.realpath(root / port.lstrip("/"))).name == Path(device).name and not port.startswith(_NETWORK)


def _adapter(device: Path) -> str:
    """Maker and product of the USB adapter that it belongs to; empty for a port of the board."""
    for folder in (device, *device.parents):
        if (folder / "idVendor").exists():
            said = [_text(folder / name) for name in ("manufacturer", "product")]
            ids = f"{_text(folder / 'idVendor')}:{_text(folder / 'idProduct')}"
            return " ".join(text for text in (*said, ids) if text)
    return ""


def _text(file: Path) -> str:
    try:
        return "".join(char for char in file.read_text("utf-8", "replace").strip() if char.isprintable())[:64]
    except OSError:
        return ""
