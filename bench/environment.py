"""The peers' own environments, `.cache/bench/NAME`, installed from hash-locked NAME.txt. Ours never depends on them.

New versions: edit NAME.in, then
    .uv/bin/uv pip compile --generate-hashes --python-version 3.11 bench/NAME.in -o bench/NAME.txt
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
NAMES = ("peers", "onvif-zeep", "onvif-zeep-async", "onvif-python")
"""The three clients for ONVIF all call their package `onvif`: no two of them can be in one environment."""
OURS = Path(sys.executable)
PEERS = CACHE / "peers" / "bin" / "python"
_VERSION = r"^([a-z0-9-]+)==(\S+)"
_UV = ROOT / ".uv" / "bin" / "uv"


def python_of(name: str) -> Path:
    """The interpreter of one of `NAMES`."""
    return CACHE / name / "bin" / "python"


def install() -> None:
    """Make the environments, unless they are as their locks want them. Raises CalledProcessError."""
    for name in NAMES:
        _install(name, _lock(name))


def install_one(name: str) -> Path:
    """The interpreter of an environment that one work alone needs, made at its first use. Raises CalledProcessError."""
    _install(name, _lock(name))
    return python_of(name)


def _install(name: str, lock: Path) -> None:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = CACHE / name / ".installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    python = python_of(name)
    subprocess.run([_UV, "venv", "--quiet", "--clear", "--python", OURS, CACHE / name], check=True)
    subprocess.run([_UV, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock], check=True)
    stamp.write_text(digest)


def _lock(name: str) -> Path:
    return ROOT / "bench" / f"{name}.txt"


def missing() -> list[str]:
    """Debian packages that a measurement needs and this machine has not."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return [package for package in ("mosquitto", "openssl") if shutil.which(package, path=path) is None]


def versions() -> dict[str, str]:
    """The peers' versions, as locked."""
    locks = (_lock(name).read_text() for name in NAMES)
    return {name: version for lock in locks for name, version in re.findall(_VERSION, lock, re.MULTILINE)}
