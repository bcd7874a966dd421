"""`python -m drivers.snapshot.bounded PARENT MODULE`: runs MODULE in bounds, which every child of ours has.

It dies with PARENT however that ends (PR_SET_PDEATHSIG of prctl(2)), never takes more than `MAX_MEMORY_BYTES` of
address space, and gives way to the agent, also where memory is short: an event matters more than its picture.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import runpy
import signal
import sys
from pathlib import Path

# OpenCV alone maps 290 MiB and touches 60 of them; a picture of 40 megapixels takes 120 MiB, a 4K stream 150.
MAX_MEMORY_BYTES = 768 * 1024 * 1024
_NICE = 5
_FIRST_TO_GO = "1000"
"""oom_score_adj of proc(5): where memory is short, the kernel ends this process, and not the agent."""
_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, module = int(sys.argv[1]), sys.argv[2]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(0)  # it died before we had asked
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, MAX_MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold pictures and passwords
    with contextlib.suppress(OSError):  # without /proc
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    with contextlib.suppress(PermissionError):  # a service that is kept from the @resources of systemd may not
        os.nice(_NICE)
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
