"""TCP ports of this machine."""

from __future__ import annotations

import asyncio
import socket


def free_port(wanted: int = 0) -> int:
    """`wanted` when nothing listens on it, else any free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free, whatever lingers on it
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return int(probe.getsockname()[1])


async def accepts(host: str, port: int, timeout_s: float = 3.0) -> bool:
    """Whether somebody listens there."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
