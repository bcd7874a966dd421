"""A serial port that is a pty: the driver opens the slave behind a lasting name, the simulated device holds the master.

Unplugging closes the pty, as pulling a USB plug does; plugging in makes a new one behind the same name. A pty carries
bytes in no time; with `baud` they take as long as on a line of that speed, ten bits a byte, in both directions.
"""

import asyncio
import os
import select
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Fault = Literal["half", "noise", "checksum", "mute"]
FAULTS: tuple[Fault, ...] = ("half", "noise", "checksum", "mute")
_NOISE = bytes.fromhex("00FFAAAA02AA0300FE")
_GARBLED = bytes(64)
_BITS_A_BYTE = 10
_PACKET_BYTES = 62
"""What a USB adapter hands on at once."""


class PtyPort:
    """One part's port. `link` is what the driver is configured with."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.on_bytes: Callable[[bytes], None] = _ignore
        """Gets what the driver writes."""
        self.faults: deque[Fault] = deque()
        """Each spoils one frame that the device sends."""
        self.garbled = False
        """The speeds differ: whatever the device sends arrives as zeros."""
        self.is_stuck = False
        """It takes no bytes: they pile up in the port until that is full. See `stick`."""
        self.unsent_bytes = 0
        """What nobody took because nobody reads the port."""
        self.baud = 0
        """0: as fast as a pty is."""
        self._master = -1
        self._slave = -1
        self._sent_at_s = 0.0

    @property
    def is_plugged(self) -> bool:
        return self._master >= 0

    def plug(self) -> None:
        if self.is_plugged:
            return
        self._master, self._slave = os.openpty()
        # Kept open on this side too: else the master reads errors whenever no driver has the port.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        if not self.is_stuck:
            asyncio.get_running_loop().add_reader(self._master, self._read)
        fresh = self.link.with_name(self.link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)

    def unplug(self) -> None:
        if not self.is_plugged:
            return
        self.link.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    @property
    def is_all_read(self) -> bool:
        """Whether the driver has read all that was put into the pty. What it has not read is lost by `unplug`, on a
        busy machine also what the kernel has not handed through yet: to ask makes it do so."""
        waiting = select.poll()
        waiting.register(self._slave, select.POLLIN)
        return not waiting.poll(0)

    def stick(self, *, stuck: bool = True) -> None:
        """Take no more bytes, or take them again."""
        self.is_stuck = stuck
        if self.is_plugged:
            loop = asyncio.get_running_loop()
            if stuck:
                loop.remove_reader(self._master)
            else:
                loop.add_reader(self._master, self._read)

    def send(self, frame: bytes) -> None:
        """Send a frame to the driver, spoilt by the next fault that was ordered."""
        if self.faults:
            frame = _spoil(frame, self.faults.popleft())
        self.send_raw(_GARBLED if self.garbled and frame else frame)

    def send_raw(self, data: bytes) -> None:
        """Send exactly these bytes."""
        if not self.baud:
            self._put(data, self._master)
            return
        loop = asyncio.get_running_loop()
        self._sent_at_s = max(self._sent_at_s, loop.time())
        for start in range(0, len(data), _PACKET_BYTES):
            packet = data[start : start + _PACKET_BYTES]
            self._sent_at_s += self._line_s(packet)
            loop.call_at(self._sent_at_s, self._put, packet, self._master)

    def _line_s(self, data: bytes) -> float:
        return _BITS_A_BYTE * len(data) / self.baud

    def _put(self, data: bytes, master: int) -> None:
        """Into the pty, unless that has been unplugged since."""
        if not self.is_plugged or master != self._master:
            return
        try:
            sent = os.write(self._master, data)
        except BlockingIOError:
            sent = 0
        self.unsent_bytes += len(data) - sent

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        if self.baud:
            asyncio.get_running_loop().call_later(self._line_s(data), self.on_bytes, data)
        else:
            self.on_bytes(data)


def _ignore(data: bytes) -> None:
    """A device that does not listen."""


def _spoil(frame: bytes, fault: Fault) -> bytes:
    middle = len(frame) // 2
    match fault:
        case "half":
            return frame[:middle]
        case "noise":
            return _NOISE + frame + _NOISE
        case "checksum":
            return frame[:middle] + bytes((frame[middle] ^ 0x01,)) + frame[middle + 1 :]
        case "mute":
            return b""
