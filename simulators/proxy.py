"""A TCP proxy on 127.0.0.1 that fails on demand as uplinks do: cut, half-open, slow, far away, deaf.

    async with Proxy("127.0.0.1", broker_port) as proxy:
        ...  # connect to proxy.port
        proxy.cut()
        proxy.mend()

All methods but `start` and `stop` are plain calls, effective at once; they belong to the event loop that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Self

_CHUNK_BYTES = 16384
# What may be under way in one direction: enough for a second's delay at 1 MiB/s.
_MAX_CHUNKS = 64
_SLICES_PER_S = 20
_LINGER_NOT = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards each connection to the target. `connections` counts those accepted, `bytes_up` and `bytes_down` what
    was handed on to the target and to the clients, `bytes_dropped` the replies that were not."""

    def __init__(self, target_host: str, target_port: int, *, port: int = 0) -> None:
        self.port = port
        """Known after `start`."""
        self.connections = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.bytes_dropped = 0
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._pairs: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_cut = self._drops_replies = False
        self._bytes_per_s = 0.0
        self._delay_s = 0.0

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._pairs)
        self._end_connections()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return len(self._pairs)

    @property
    def is_cut(self) -> bool:
        return self._is_cut

    def cut(self) -> None:
        """Reset every connection, throw away what was under way, and reset whoever connects, until `mend`."""
        self._is_cut = True
        self._end_connections()

    def freeze(self) -> None:
        """Half-open: connections stand and new ones are accepted, but nothing is forwarded until `mend`.

        What was sent meanwhile arrives then, as TCP does it after a short outage.
        """
        self._flowing.clear()

    def slow(self, bytes_per_s: float) -> None:
        """At most so many bytes a second, in each direction of each connection; 0: as fast as it goes."""
        self._bytes_per_s = bytes_per_s

    def delay(self, ms: float) -> None:
        """Everything arrives so much later, in each direction."""
        self._delay_s = ms / 1000

    def drop_replies(self) -> None:
        """What clients say still arrives, what they are answered does not, until `mend`, which resets them.

        So clients never know that they were heard, and say it again: to a receiver this is how duplicates come about.
        """
        self._drops_replies = True

    def mend(self) -> None:
        """All is well again. Connections that replies may be missing from do not survive it."""
        if self._drops_replies:
            self._end_connections()
        self._is_cut = self._drops_replies = False
        self._bytes_per_s = self._delay_s = 0.0
        self._flowing.set()

    def _end_connections(self) -> None:
        for task, writers in self._pairs.items():
            for writer in writers:
                _reset(writer)
            task.cancel()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            # Closing the listening socket instead would give the port away.
            _reset(writer)
            return
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._pairs[task] = [writer]
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        for writer in self._pairs.pop(task):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until both directions have ended, or either breaks; then both sides see it close."""
        await self._flowing.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            return
        task = asyncio.current_task()
        assert task is not None
        self._pairs[task].append(far_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, far_writer, upward=True))
                group.create_task(self._forward(far_reader, writer, upward=False))
        except* OSError:
            pass

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upward: bool) -> None:
        """One direction until its end; raises OSError when either side breaks, which ends the other direction too."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MAX_CHUNKS)

        async def take_in() -> None:
            while data := await reader.read(_CHUNK_BYTES):
                await under_way.put((loop.time(), data))
            await under_way.put((loop.time(), b""))

        async with asyncio.TaskGroup() as group:
            group.create_task(take_in())
            while True:
                taken_s, data = await under_way.get()
                await asyncio.sleep(max(0.0, taken_s + self._delay_s - loop.time()))
                await self._flowing.wait()
                if not data:
                    break
                if self._drops_replies and not upward:
                    self.bytes_dropped += len(data)
                else:
                    await self._hand_on(data, writer, upward=upward)
        writer.write_eof()

    async def _hand_on(self, data: bytes, writer: asyncio.StreamWriter, *, upward: bool) -> None:
        rest = memoryview(data)
        while rest:
            rate = self._bytes_per_s
            size = max(1, int(rate / _SLICES_PER_S)) if rate else len(rest)
            piece, rest = rest[:size], rest[size:]
            writer.write(piece)
            await writer.drain()
            if upward:
                self.bytes_up += len(piece)
            else:
                self.bytes_down += len(piece)
            if rate:
                await asyncio.sleep(len(piece) / rate)
                await self._flowing.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, so that the peer knows at once."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):  # closed already: the other side was quicker
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
