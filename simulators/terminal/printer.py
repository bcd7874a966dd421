"""A receipt printer (ESC/POS) that keeps its slips as text, so that people and tests can read what was printed.

It obeys what a receipt is made of (reset, Chinese text, size, side, QR code, cut, beep) and answers status requests.
Without paper, or with its cover open, it prints nothing and keeps nothing; `mute` it never answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Literal

from simulators.terminal.speakers import Beep

Paper = Literal["ok", "near-end", "out"]
_PAPER_BITS = {"ok": 0x00, "near-end": 0x0C, "out": 0x60}
_ALWAYS, _OFFLINE = 0x12, 0x08
_STATUS, _PAPER = 1, 4
_QR_STORE, _QR_PRINT = b"\x31\x50\x30", b"\x31\x51\x30"
_FIXED = {
    b"\x1b\x40": 2,
    b"\x1c\x26": 2,
    b"\x1d\x21": 3,
    b"\x1b\x61": 3,
    b"\x1d\x56": 4,
    b"\x1b\x42": 4,
    b"\x10\x04": 3,
}
"""Command -> its length with its arguments, where that is not 2."""


@dataclass
class Slip:
    """What stood between two cuts. `raw`: its bytes."""

    lines: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    """Texts of its QR codes."""
    raw: bytes = field(default=b"", repr=False)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    monotonic_s: float = field(default_factory=monotonic)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Printer:
    """`slips` are whole ones, cut. `paper`, `online`, `mute` are what is wrong with it, if anything."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.slips: list[Slip] = []
        self.beeps: list[Beep] = []
        self.unprinted = 0
        """Slips that came while it could not print."""
        self.paper: Paper = "ok"
        self.online = True
        self.mute = False
        self.asked = 0
        """Status requests."""
        self.on_slip: Callable[[Slip], None] = lambda slip: None
        self._send = send
        self.lose_power()

    def lose_power(self) -> None:
        """What was half printed stays half."""
        self._buffer, self._line = b"", b""
        self._slip, self._code = Slip(), ""

    def take(self, data: bytes) -> None:
        """Bytes from the driver."""
        self._buffer += data
        while self._buffer:
            size = self._size()
            if size is None or size > len(self._buffer):
                return
            whole, self._buffer = self._buffer[:size], self._buffer[size:]
            self._slip.raw += whole
            self._obey(whole)

    def _size(self) -> int | None:
        """Length of what stands first; None when more bytes must tell."""
        if self._buffer[0] not in (0x10, 0x1B, 0x1C, 0x1D):
            return 1
        head = self._buffer[:2]
        if len(head) < 2:
            return None
        if head == b"\x1d\x28":  # GS ( k pL pH …
            return None if len(self._buffer) < 5 else 5 + int.from_bytes(self._buffer[3:5], "little")
        return _FIXED.get(head, 2)

    def _obey(self, whole: bytes) -> None:
        match whole[:2]:
            case b"\x10\x04":
                self._answer(whole[2])
            case b"\x1b\x42":
                self.beeps.append(Beep(whole[2], whole[3], monotonic()))
            case b"\x1b\x40":
                self._line = b""
            case b"\x1d\x28":
                self._code_command(whole[5:])
            case b"\x1d\x56":
                self._cut()
            case b"\n":
                self._slip.lines.append(self._line.decode("gb18030", "replace"))
                self._line = b""
            case _ if len(whole) == 1 and whole != b"\0":
                self._line += whole

    def _code_command(self, command: bytes) -> None:
        if command.startswith(_QR_STORE):
            self._code = command[len(_QR_STORE) :].decode("utf-8", "replace")
        elif command == _QR_PRINT:
            self._slip.codes.append(self._code)

    def _cut(self) -> None:
        slip, self._slip, self._line = self._slip, Slip(), b""
        slip.time, slip.monotonic_s = datetime.now(UTC), monotonic()
        if self.paper == "out" or not self.online:
            self.unprinted += 1
            return
        self.slips.append(slip)
        self.on_slip(slip)

    def _answer(self, what: int) -> None:
        self.asked += 1
        self._slip.raw = self._slip.raw[:-3]  # asked in the midst of a slip, and no part of it
        if self.mute:
            return
        if what == _STATUS:
            self._send(bytes((_ALWAYS | (0 if self.online and self.paper != "out" else _OFFLINE),)))
        elif what == _PAPER:
            self._send(bytes((_ALWAYS | _PAPER_BITS[self.paper],)))
