"""What machine this is and which versions run on it: read from the kernel's files and from Python, nothing is run."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import ssl
from importlib import metadata
from pathlib import Path
from typing import Any

from edgeagent import __version__

PROPERTIES = "ActiveState,SubState,Result,NRestarts,ExecMainStatus,ExecMainStartTimestamp,MemoryCurrent,CPUUsageNSec"
"""Of the unit; nothing in them is anybody's."""
_LIBRARIES = (
    "aiosqlite", "cryptography", "lxml", "msgspec", "onvif-zeep", "opencv-python-headless", "paho-mqtt",
    "prometheus-client", "pyserial", "zeep", "zstandard",
)  # fmt: skip
_ROOT = Path("/")


def versions() -> dict[str, Any]:
    """Of the agent, Python, the system, and the libraries that matter."""
    return {
        "edgeagent": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "system": _fields("etc/os-release", "=").get("PRETTY_NAME", "").strip('"'),
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }


def hardware() -> dict[str, Any]:
    """Processor, memory, disks, adapters, how long it has run."""
    memory = _fields("proc/meminfo", ":")
    return {
        "model": _text("sys/firmware/devicetree/base/model") or _text("sys/class/dmi/id/product_name"),
        "processor": _fields("proc/cpuinfo", ":").get("model name", ""),
        "memory": {name: memory.get(name, "") for name in ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")},
        "uptime_s": _text("proc/uptime").partition(" ")[0],
        "load": _text("proc/loadavg"),
        "disks": {each.name: _text(f"sys/block/{each.name}/size") for each in _list("sys/block", "[!lr]*")},
        "root": shutil.disk_usage("/")._asdict(),
        "serial": [each.name for each in _list("dev/serial/by-id")],
        "usb": [_usb(each) for each in _list("sys/bus/usb/devices", "[0-9]*-*") if ":" not in each.name],
        "interfaces": {each.name: _text(f"sys/class/net/{each.name}/operstate") for each in _list("sys/class/net")},
        "clocks": [each.name for each in _list("sys/class/rtc")],
    }


def _usb(device: Path) -> str:
    path = f"sys/bus/usb/devices/{device.name}"
    return " ".join(_text(f"{path}/{name}") for name in ("idVendor", "idProduct", "manufacturer", "product"))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _list(path: str, pattern: str = "*") -> list[Path]:
    return sorted((_ROOT / path).glob(pattern))


def _text(path: str) -> str:
    try:
        return (_ROOT / path).read_text("utf-8", "replace").strip().strip("\0")
    except OSError:
        return ""


def _fields(path: str, mark: str) -> dict[str, str]:
    """Lines of a name, a mark and a value; of a name that comes again, the first."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(mark)
        found.setdefault(name.strip(), value.strip())
    return found
