"""TCP ports of 127.0.0.1, for what cannot take port 0: a server that has to come back where it was, or one whose port
is written down before it starts.

A port stays with the process that asked for it. It is none that the kernel gives away by itself, to who listens at
port 0 or connects somewhere, and no other process of tests is given it, in this run or in another one beside it.
"""

from __future__ import annotations

import functools
import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path

NOBODY = 1
"""Nobody listens here: tcpmux, which no machine has had for decades, and which no test is given."""
_FIRST, _BLOCK, _BLOCKS = 10_000, 150, 150
"""Up to 32,499. The kernel's own begin at 32,768 (ip(7), ip_local_port_range)."""
_LISTENS = "0A"


def free_port() -> int:
    """The next port of this process that nothing listens on; the same again after 150 others.

    Raises RuntimeError when all of them are in use.
    """
    _, ours = _block(os.getpid())
    for port in itertools.islice(ours, _BLOCK):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # somebody was here before
                continue
            return port
    raise RuntimeError(f"all {_BLOCK} ports of this process are in use")


@functools.cache
def _block(pid: int) -> tuple[socket.socket, Iterator[int]]:
    """Ports that are this process' until it ends, and the sign of it: an abstract socket, which one process alone can
    bind, which is gone with it, and which those see that share its network."""
    for number in range(_BLOCKS):
        sign = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            sign.bind(f"\0ports-of-tests-{number}")
        except OSError:
            sign.close()
            continue
        first = _FIRST + number * _BLOCK
        return sign, itertools.cycle(range(first, first + _BLOCK))
    raise RuntimeError(f"more than {_BLOCKS} processes of tests run at once")


def listens(pid: int, *ports: int) -> bool:
    """Whether this very process listens at all of them; that anybody does, a connection would tell as well."""
    try:
        own = {_target(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # it has ended
        return False
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    found = {int(row[1].partition(":")[2], 16) for row in rows if row[3] == _LISTENS and f"socket:[{row[9]}]" in own}
    return found.issuperset(ports)


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except OSError:  # closed meanwhile
        return ""
