"""The peers' own environment, `.cache/bench/peers`, installed from the hash-locked peers.txt. Ours never depends on it.

New versions: edit peers.in, then
    .uv/bin/uv pip compile --generate-hashes --python-version 3.11 bench/peers.in -o bench/peers.txt
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
LOCK = ROOT / "bench" / "peers.txt"
OURS = Path(sys.executable)
PEERS = CACHE / "peers" / "bin" / "python"
_UV = ROOT / ".uv" / "bin" / "uv"


def install() -> None:
    """Make the environment, unless it is as the lock wants it. Raises CalledProcessError."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = CACHE / "peers" / ".installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run([_UV, "venv", "--quiet", "--clear", "--python", OURS, CACHE / "peers"], check=True)
    subprocess.run([_UV, "pip", "sync", "--quiet", "--require-hashes", "--python", PEERS, LOCK], check=True)
    stamp.write_text(digest)


def missing() -> list[str]:
    """Debian packages that a measurement needs and this machine has not."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return [package for package in ("mosquitto", "openssl") if shutil.which(package, path=path) is None]


def versions() -> dict[str, str]:
    """The peers' versions, as locked."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))
