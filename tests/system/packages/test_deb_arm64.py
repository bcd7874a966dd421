"""The arm64 packages on an emulated machine: each compiled part loads under Debian's own Python, the program starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.hubs import ROOT
from tests.nspawn import SUITES

NEEDED = ("qemu-aarch64-static", "mmdebstrap", "dpkg-deb")
ABSENT = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to unpack a system"),
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)} (qemu-user-static, mmdebstrap)"),
    pytest.mark.skipif(not (ROOT / ".uv" / "bin" / "uv").exists(), reason="uv is missing: make bootstraps it"),
]

PARTS = {
    "edgeagent": "msgspec._core lxml.etree lxml.objectify zstandard.backend_c cryptography.hazmat.bindings._rust "
    "numpy cv2 edgeagent.agent drivers.onvif.driver drivers.terminal.driver drivers.http_snapshot.driver",
    "countyhub": "msgspec._core greenlet asyncpg aio_pika sqlalchemy.ext.asyncio countyhub.hub countyhub.web.app",
}
LOAD = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print('loaded')"


@pytest.mark.parametrize("release", ["12", "13"])
def test_every_compiled_part_loads(tmp_path, release):
    dist, system = tmp_path / "dist", tmp_path / "system"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "builddeb.py", "--arch", "arm64", "--debian", release, "--level", "0",
         "--out", dist],
        check=True, timeout=600,
    )  # fmt: skip
    made = subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=extract", "--architectures=arm64", "--quiet",
         "--include=python3,libstdc++6,libgcc-s1,zlib1g,tzdata", SUITES[release], system],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"no arm64 system can be made here: {made.stderr[-300:]}")
    if not (system / "lib").exists():  # made by a script of a package, which an extracted system has not run
        (system / "lib").symlink_to("usr/lib")
    for package in dist.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, system], check=True)
    for name, parts in PARTS.items():
        launcher = (system / "usr" / "bin" / name).read_text()
        opening = launcher[: launcher.index("import faulthandler")]
        assert emulated(system, opening + LOAD, *parts.split()) == "loaded"
        assert emulated(system, launcher, "version")


def emulated(system, code, *words):
    """What the code prints under the emulated system's Python, isolated as the launcher is."""
    (python,) = (system / "usr" / "bin").glob("python3.??")
    shutil.copy(str(shutil.which("qemu-aarch64-static")), system / "qemu")  # static: it runs inside as it is
    command = ["chroot", system, "/qemu", f"/usr/bin/{python.name}", "-I", "-S", "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
