"""Parts that speak by themselves, a scanner and an IC/EM reader, and the beeper, which only listens."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor

TRIGGER = bytes.fromhex("7E000801000201ABCD")
TRIGGER_ANSWER = bytes.fromhex("02000001003331")
_M1_BYTES = 4
_BEEP, _STATUS = b"\x1b\x42", b"\x10\x04"


def card_frame(uid: bytes) -> bytes:
    """The binary frame of an IC (4 bytes of UID) or EM (5 bytes) card."""
    checked = bytes((len(uid) + 5, 0x01 if len(uid) == _M1_BYTES else 0x02)) + uid
    return b"\x02" + checked + bytes((reduce(xor, checked), 0x03))


def ascii_card_frame(uid: bytes) -> bytes:
    """The frame of an EM reader that speaks ASCII."""
    return b"\x02" + f"{uid.hex()}{reduce(xor, uid):02x}".upper().encode() + b"\x03"


class Scanner:
    """Sends a line for each code, and answers the trigger command in the middle of the stream, as the GM65 does."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.suffix = b"\r"
        self.prefix = b""
        self._send = send
        self._buffer = b""

    def scan(self, text: str) -> None:
        self._send(self.prefix + text.encode() + self.suffix)

    def take(self, data: bytes) -> None:
        self._buffer += data
        while TRIGGER in self._buffer:
            self._buffer = self._buffer.split(TRIGGER, 1)[1]
            self._send(TRIGGER_ANSWER)


@dataclass(frozen=True)
class Beep:
    """`ESC B n t`: n times, t units of about 50 ms each; when it was heard."""

    times: int
    units: int
    monotonic_s: float


class Beeper:
    """A buzzer or printer: keeps what was written to it, and what was heard of it; answers status requests."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.beeps: list[Beep] = []
        self.written = bytearray()
        self._send = send
        self._buffer = b""

    def take(self, data: bytes) -> None:
        self.written += data
        self._buffer += data
        while len(self._buffer) > 1:
            if self._buffer.startswith(_BEEP):
                if len(self._buffer) < 4:
                    return
                self.beeps.append(Beep(self._buffer[2], self._buffer[3], time.monotonic()))
                self._buffer = self._buffer[4:]
            elif self._buffer.startswith(_STATUS):
                if len(self._buffer) < 3:
                    return
                self._send(b"\x12")
                self._buffer = self._buffer[3:]
            else:
                self._buffer = self._buffer[1:]
