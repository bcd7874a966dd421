"""A serial server: a part's port in the network, as raw TCP (`socket://`) or by RFC 2217, one client at a time."""

import asyncio
import contextlib
import os
import socket
import threading
import tty
from collections.abc import Callable
from typing import Self

import serial
from serial.rfc2217 import PortManager

_BYTES = 4096
_LOOK_S = 0.02


def _ignore(data: bytes) -> None:
    """Nobody listens."""


class RawServer:
    """Passes bytes on between one TCP client and the device. `on_bytes` gets what the driver writes."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.on_bytes: Callable[[bytes], None] = _ignore
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self.port}"

    @property
    def clients(self) -> int:
        return len(self._writers)

    def send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(_BYTES):
                self.received += data
                self.on_bytes(data)
        self._writers.remove(writer)
        writer.close()


class _PtySerial(serial.Serial):
    """A pty has none of a serial port's control lines."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None: ...

    def _update_rts_state(self) -> None: ...


class Rfc2217Server:
    """pyserial's own server side of RFC 2217 over a pty, in threads. `device` is the descriptor of the device's end."""

    def __init__(self) -> None:
        self.device, slave = os.openpty()
        tty.setraw(slave)
        self._serial = _PtySerial(os.ttyname(slave), timeout=_LOOK_S)
        os.close(slave)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._client: socket.socket | None = None
        self._alive = True
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._alive = False
        self.hang_up()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        self._serial.close()
        os.close(self.device)

    @property
    def url(self) -> str:
        return f"rfc2217://127.0.0.1:{self.port}"

    @property
    def baud(self) -> int:
        """As the client has set it."""
        return int(self._serial.baudrate)

    def hang_up(self) -> None:
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while self._alive:
                self._client, _ = self._listener.accept()
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._talk(self._client)

    def _talk(self, client: socket.socket) -> None:
        lock = threading.Lock()
        over = threading.Event()

        class Connection:
            def write(self, data: bytes) -> None:
                with lock, contextlib.suppress(OSError):
                    client.sendall(data)

        manager = PortManager(self._serial, Connection())  # type: ignore[arg-type]  # the stubs want one of its own

        def upwards() -> None:
            while not over.is_set():
                if data := self._serial.read(self._serial.in_waiting or 1):
                    Connection().write(b"".join(manager.escape(data)))

        reading = threading.Thread(target=upwards, daemon=True)
        reading.start()
        with contextlib.suppress(OSError):
            while data := client.recv(_BYTES):
                self._serial.write(b"".join(manager.filter(data)))
        over.set()
        reading.join()
        client.close()
