"""GET over HTTP on this machine, without threads and without a proxy of the environment in between."""

from __future__ import annotations

import asyncio

TIMEOUT_S = 3.0


class NoAnswer(Exception):
    """Nobody there, too slow, or not a 200."""


async def fetch(port: int, path: str) -> bytes:
    """The body. Raises `NoAnswer`."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await _ask(port, f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    except (OSError, TimeoutError) as error:
        raise NoAnswer(f"127.0.0.1:{port}{path}: {error!r}") from error
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise NoAnswer(f"127.0.0.1:{port}{path}: {head[:80]!r}")
    return body


async def _ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()
