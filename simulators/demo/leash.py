"""`python -m simulators.demo.leash PARENT COMMAND…`: becomes COMMAND, which dies with PARENT however that ends.

The kernel keeps the promise (PR_SET_PDEATHSIG of prctl(2), which lasts over exec), by kill -9 of the parent too.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(0)  # it died before we had asked
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
