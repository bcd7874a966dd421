"""Opens what a terminal's part hangs on, and gives a descriptor for the event loop, whatever it is behind.

A device file (pyserial, exclusively), `socket://HOST:PORT` (a serial server that passes bytes on, a plain TCP socket)
or `rfc2217://HOST:PORT` (one that can be told the speed; pyserial speaks it, in one thread, behind a pair of sockets).
pyserial's own `socket://` is not used: after the peer has closed, it reports a waiting byte for ever.
"""

from __future__ import annotations

import contextlib
import logging
import re
import select
import socket
import termios
import threading
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import serial

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
# A serial server that lost its power says nothing: asked after so long, and given up after so long without an answer.
_KEEPALIVE_IDLE_S = 15
_GIVE_UP_MS = 30_000
_PUMP_S = 0.05
_PUMP_BYTES = 4096
_CHARACTERS = 6
"""Place of the special characters, VMIN among them, in what tcgetattr gives."""
_NETWORK = re.compile(r"(socket|rfc2217)://[^/?#@\s]+:[0-9]{1,5}/?")

# termios.error is no OSError, although it stands for one; pyserial's SerialException is an OSError.
PORT_ERRORS = (OSError, termios.error)


class Speed(NamedTuple):
    """How the bytes look on the line."""

    baud: int
    data_bits: int
    parity: str
    stop_bits: int


class Port(Protocol):
    """An open port: a descriptor to read and write, and what closes it."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...

    def reset_output_buffer(self) -> None:
        """Forget what a stuck device has not taken: the kernel would wait for that while closing."""

    can_wait: bool
    """Whether `wake_from` works."""

    def wake_from(self, count: int) -> None:
        """Become readable only when so many bytes are there, 1 to 255. Raises `PORT_ERRORS`."""


def is_network(port: str) -> bool:
    """Whether it is meant as an address in the network."""
    return "://" in port


def is_valid(port: str) -> bool:
    """Whether it is a device file's name, or an address of a kind that can be opened."""
    return not is_network(port) or _NETWORK.fullmatch(port) is not None


def open_port(port: str, speed: Speed, write_timeout_s: float) -> Port:
    """Open it; blocks for seconds at the worst. Raises `PORT_ERRORS`, ValueError (a speed that it does not have)."""
    if port.startswith("socket://"):
        return _SocketPort(port)
    if port.startswith("rfc2217://"):
        return _Pump(port, speed, write_timeout_s)
    return _Device(
        port,
        speed.baud,
        bytesize=speed.data_bits,
        parity=speed.parity,
        stopbits=speed.stop_bits,
        timeout=0,
        write_timeout=write_timeout_s,
        exclusive=True,  # the default open lets a second process steal bytes
    )


def close_port(port: Port) -> None:
    """Close it, whatever state it is in."""
    try:
        port.close()
    except PORT_ERRORS:
        # The device is gone. pyserial closes the descriptor first, and the descriptor is gone whatever close says.
        log.debug("error while closing a port")


class _Device(serial.Serial):
    """A serial port of this machine."""

    can_wait = True

    def wake_from(self, count: int) -> None:
        modes = termios.tcgetattr(self.fileno())
        modes[_CHARACTERS][termios.VMIN] = count
        termios.tcsetattr(self.fileno(), termios.TCSANOW, modes)


class _SocketPort:
    """A TCP connection whose bytes are those of the line."""

    can_wait = True

    def wake_from(self, count: int) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GIVE_UP_MS)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def reset_output_buffer(self) -> None:
        """A closed socket keeps nobody waiting."""


class _Pump:
    """pyserial's RFC 2217 port, which has no descriptor: a thread carries its bytes to and from one end of a pair."""

    can_wait = False

    def wake_from(self, count: int) -> None:
        """A pair of sockets wakes at every byte."""

    def __init__(self, url: str, speed: Speed, write_timeout_s: float) -> None:
        self._serial = serial.serial_for_url(
            f"{url.rstrip('/')}?timeout={CONNECT_TIMEOUT_S:g}",
            speed.baud,
            bytesize=speed.data_bits,
            parity=speed.parity,
            stopbits=speed.stop_bits,
            timeout=_PUMP_S,
        )
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        self._ending = threading.Event()
        threading.Thread(target=self._carry, name="rfc2217", daemon=True).start()

    def fileno(self) -> int:
        return self._ours.fileno()

    def close(self) -> None:
        self._ending.set()
        self._ours.close()

    def reset_output_buffer(self) -> None:
        """The thread is not waited for."""

    def _carry(self) -> None:
        """Until closed, or the far end is gone: then our end reads the end of the stream."""
        try:
            while not self._ending.is_set():
                if data := self._serial.read(max(1, self._serial.in_waiting)):
                    self._hand_over(data)
                with contextlib.suppress(BlockingIOError):
                    self._serial.write(self._theirs.recv(_PUMP_BYTES))
        except OSError as error:
            log.debug("rfc2217: %s", error)
        finally:
            self._theirs.close()
            with contextlib.suppress(OSError):
                self._serial.close()

    def _hand_over(self, data: bytes) -> None:
        while data:
            if not select.select([], [self._theirs], [], CONNECT_TIMEOUT_S)[1]:
                raise TimeoutError("nobody takes the bytes")
            data = data[self._theirs.send(data) :]
