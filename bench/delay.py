"""A TCP link with a round trip, a process of its own, that also counts what passes: `python -m bench.delay PORT MS`.

Half of the round trip each way, order kept, bandwidth not limited. Prints its port; prints its counts whenever a line
comes on stdin, and cuts all connections first if that line is `cut`. Ends when stdin is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Counts:
    """Bytes and chunks, up (client to server) and down, and connections."""

    def __init__(self) -> None:
        self.up = self.down = self.chunks_up = self.chunks_down = self.connections = 0

    def add(self, size: int, *, up: bool) -> None:
        if up:
            self.up += size
            self.chunks_up += 1
        else:
            self.down += size
            self.chunks_down += 1


class Link:
    """The server side: each connection gets two halves, joined crosswise."""

    def __init__(self, target: int, one_way_s: float) -> None:
        self.counts = Counts()
        self._target, self._one_way_s = target, one_way_s
        self._open: set[asyncio.Transport] = set()

    async def start(self) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Half(self, up=True), "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        for transport in tuple(self._open):
            transport.abort()

    async def dial(self, near: Half) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(lambda: Half(self, up=False), "127.0.0.1", self._target)
        except OSError:
            near.end()
            return
        self.counts.connections += 1
        near.join(far)

    def later(self, half: Half, data: bytes) -> None:
        """Hand over after the delay; at once when there is none."""
        if self._one_way_s:
            asyncio.get_running_loop().call_later(self._one_way_s, half.write, data)
        else:
            half.write(data)

    def opened(self, transport: asyncio.Transport) -> None:
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        self._open.discard(transport)


class Half(asyncio.Protocol):
    """One of the two TCP connections. `up`: the client's, so that what it reads goes up."""

    def __init__(self, link: Link, *, up: bool) -> None:
        self._link, self._up = link, up
        self._other: Half | None = None
        self._early: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._link.opened(transport)
        if self._up:
            self._dialling = asyncio.ensure_future(self._link.dial(self))

    def join(self, other: Half) -> None:
        self._other, other._other = other, self
        early, self._early = self._early, []
        for data in early:
            self._link.later(other, data)

    def data_received(self, data: bytes) -> None:
        self._link.counts.add(len(data), up=self._up)
        if self._other is None:
            self._early.append(data)
        else:
            self._link.later(self._other, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._link.closed(self._transport)
            self._transport = None
        if self._other is not None:
            self._other.end()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def end(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def serve(target: int, round_trip_ms: float) -> None:
    link = Link(target, round_trip_ms / 2000)
    print(json.dumps({"port": await link.start()}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == "cut":
            link.cut()
        print(json.dumps(vars(link.counts)), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
