"""Whether the box's clock is right, also where a service may not ask the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from edgeagent.clock import Clock
from tests.hubs import ROOT

DENY = """
import ctypes, os, platform, struct
numbers = {"x86_64": (159, 305, 141), "aarch64": (171, 266, 140)}[platform.machine()]  # adjtimex, clock_adjtime, nice
code = struct.pack("<HBBI", 0x20, 0, 0, 0)  # load the number of the system call
for number in numbers:
    code += struct.pack("<HBBI", 0x15, 0, 1, number) + struct.pack("<HBBI", 0x06, 0, 0, 0x00050001)  # EPERM
code += struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)
buffer = ctypes.create_string_buffer(code)
program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())
"""
"""What ProtectClock=yes and SystemCallFilter=~@resources of a unit do to a process."""


def denied(code, *words):
    """What the code prints in a process that is kept from clock and priorities."""
    run = subprocess.run(
        [sys.executable, "-c", DENY + code, *words], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("age_s", "state"), [(10, "synced"), (-10, "synced"), (40_000, "unsynced"), (None, "unsynced")]
)
def test_where_the_kernel_may_not_be_asked_timesyncd_says_it(tmp_path, age_s, state):
    file = tmp_path / "synchronized"
    if age_s is not None:
        file.touch()
        os.utime(file, (time.time() - age_s,) * 2)
    code = "import pathlib, sys; from edgeagent.clock import Clock; c = Clock(pathlib.Path(sys.argv[1])); "
    assert denied(code + "print(c.state(), c.state())", str(file)) == f"{state} {state}"


def test_where_it_may_the_kernel_says_it(tmp_path):
    assert Clock(tmp_path / "none").state() == Clock().state()


def test_a_child_that_may_not_give_way_runs_all_the_same():
    code = (
        "import os, subprocess, sys;"
        "command = [sys.executable, '-m', 'drivers.snapshot.bounded', str(os.getpid()), 'this'];"
        "sys.exit(subprocess.run(command, stdout=subprocess.DEVNULL).returncode)"
    )
    assert denied(code) == ""
