"""Packages for tests in booted machines: built once for a run, hardly compressed, and what to do with them there."""

from __future__ import annotations

import atexit
import functools
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import nspawn
from tests.hubs import ROOT

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
OLD, NEW = "0.1.0", "0.1.0+1"
UV = ROOT / ".uv" / "bin" / "uv"
_READ = (
    "gridwire", "edgeagent", "drivers", "countyhub", "systemd", "config", "docs", "monitoring", "scripts/deb",
    "CHANGELOG.md", "uv.lock",
)  # fmt: skip


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="debs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def built(*names: str, version: str = OLD, debian: tuple[str, ...] = ("12", "13")) -> Path:
    """Folder with these packages for this kind of machine; each is built once in a run. Skips where it cannot be."""
    if not ARCH or not UV.exists():
        pytest.skip("uv is missing (make bootstraps it), or no package is made for this kind of machine")
    folder = _folder()
    for release in debian:
        absent = [name for name in names if not (folder / file_name(name, release, version)).exists()]
        if absent:
            subprocess.run(
                [sys.executable, ROOT / "scripts" / "builddeb.py", *absent, "--arch", ARCH, "--version", version,
                 "--debian", release, "--level", "0", "--out", folder],
                check=True, timeout=800,
            )  # fmt: skip
    return folder


def sources() -> str:
    """What a build reads of this tree."""
    listed = [path for name in _READ for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]) if path.is_file()]
    return hashlib.sha256(b"".join(path.read_bytes() for path in listed if "__pycache__" not in path.parts)).hexdigest()


def file_name(name: str, release: str, version: str = OLD) -> str:
    return f"{name}_{version}-1~deb{release}_{ARCH}.deb"


def install(machine: nspawn.Machine, name: str, release: str, version: str = OLD) -> str:
    """As a technician does without a network, or a program for many boxes: nobody answers questions."""
    return machine.run(f"dpkg --force-confold -i /mnt/{file_name(name, release, version)} 2>&1", timeout_s=300)


def put(machine: nspawn.Machine, path: str, text: str) -> None:
    machine.run(f"mkdir -p $(dirname {path}) && cat > {path} <<'END'\n{text}\nEND")
