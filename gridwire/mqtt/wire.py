"""A non-blocking TCP or TLS connection on the asyncio loop, buffered both ways, as paho wants a socket to look.

paho reads a packet with three `recv` and writes each with one `send`; through this, a burst of packets costs one of
each, and many small packets share one TLS record. Bytes are counted as MQTT sees them, without TLS and TCP.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable
from socket import SHUT_WR, SO_LINGER, SOL_SOCKET, socket

# As much as one TLS record holds: more in one go would only keep the loop from other work.
READ_BYTES = 16384
_LINGER_NOT = struct.pack("ii", 1, 0)


class Wire:
    """Owns `sock` from now on. `wake` is called, on the loop, whenever there is something to read or it broke."""

    def __init__(self, sock: socket, wake: Callable[[], None]) -> None:
        self._sock = sock
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._in = b""
        self._position = 0
        self._out = bytearray()
        self._writing = False
        self._closed = self._finishing = False
        self.ended = False
        self.error: OSError | None = None
        self.bytes_sent = 0
        self.bytes_received = 0
        self._loop.add_reader(sock.fileno(), self._fill)

    @property
    def readable(self) -> bool:
        """Whether `recv` has something to say: bytes, or that the connection ended."""
        return not self._closed and (self._position < len(self._in) or self.ended)

    @property
    def unsent_bytes(self) -> int:
        return len(self._out)

    # What paho calls.

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes of what has arrived. Raises BlockingIOError for "nothing yet"; `b""` is the end."""
        start = self._position
        if start < len(self._in):
            data = self._in[start : start + size]
            self._position = start + len(data)
            return data
        if self.error is not None:
            raise self.error
        if self.ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Take all of `data`; it leaves with the next `flush()`. The callers' window bounds how much that can be."""
        self._out += data
        return len(data)

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """paho asks for what is so already."""

    def close(self) -> None:
        """paho has no more use for it. What it has sent still leaves; the socket lives until `dispose()`."""
        self._closed = True
        self.flush()

    # What the loop and the link call.

    def dispose(self, *, reset: bool = False) -> None:
        """Close the socket, losing what is not sent. May be called twice.

        `reset`: the kernel throws away too what it has taken; else it goes on sending that, before a new connection.
        """
        if self._sock.fileno() >= 0:
            if reset:
                self._sock.setsockopt(SOL_SOCKET, SO_LINGER, _LINGER_NOT)
            self.ended = True
            self._loop.remove_reader(self._sock.fileno())
            self._watch_writable(False)
            self._sock.close()

    def finish(self) -> None:
        """Once all is sent, tell the other side that nothing more comes; then read (and discard) until it closes too.

        A socket closed with unread bytes in it resets the connection, at which a broker about to acknowledge something
        throws away what it has not read yet: our last messages, and the DISCONNECT that cancels the will.
        """
        self._finishing = True
        self.flush()

    def flush(self) -> None:
        """Write what paho has handed over; the loop comes back here when the socket would block."""
        while self._out and not self.ended:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
                break
            except ssl.SSLWantReadError:
                return  # TLS wants to hear something first; _fill comes back here
            except OSError as error:
                self._end(error)
                return
            self.bytes_sent += sent
            del self._out[:sent]
        self._watch_writable(bool(self._out) and not self.ended)
        if self._finishing and not self._out and not self.ended:
            with contextlib.suppress(OSError):  # the other side was quicker
                self._sock.shutdown(SHUT_WR)

    def _watch_writable(self, wanted: bool) -> None:
        if wanted and not self._writing:
            self._loop.add_writer(self._sock.fileno(), self.flush)
        elif self._writing and not wanted:
            self._loop.remove_writer(self._sock.fileno())
        self._writing = wanted

    def _fill(self) -> None:
        if self._position < len(self._in) and not self._closed:
            return  # the reader has not had its turn yet; the loop calls again
        try:
            data = self._sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._end(error)
            return
        if not data:
            self._end(None)
            return
        # The loop watches the kernel's buffer only: what TLS has decrypted already must be fetched now (it is there,
        # so this neither blocks nor fails).
        while isinstance(self._sock, ssl.SSLSocket) and (left := self._sock.pending()):
            data += self._sock.recv(left)
        self.bytes_received += len(data)
        self._in, self._position = data, 0
        if self._out:
            self.flush()
        self._wake()

    def _end(self, error: OSError | None) -> None:
        """The other side is gone. What has arrived before can still be read."""
        self.ended, self.error = True, error
        self._loop.remove_reader(self._sock.fileno())
        self._watch_writable(False)
        self._wake()
