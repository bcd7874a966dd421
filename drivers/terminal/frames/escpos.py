"""Receipt printers that speak ESC/POS: what is sent to print, and what their status bytes mean. Sans-I/O.

| what                    | bytes           | answer                                             |
|-------------------------|-----------------|----------------------------------------------------|
| reset                   | 1B 40           |                                                    |
| real-time status        | 10 04 01        | one byte, 12 always set, 08 offline                |
| real-time paper status  | 10 04 04        | one byte, 12 always set, 0C near its end, 60 out   |
| Chinese text follows    | 1C 26           | GB18030                                            |
| size of text            | 1D 21 n         | 00 usual, 11 double                                |
| in the middle, left     | 1B 61 01, 1B 61 00 |                                                 |
| QR code                 | 1D 28 6B …      | model 2, size, level, data, print                  |
| cut after feeding       | 1D 56 42 00     |                                                    |
| beep n times            | 1B 42 n t       |                                                    |

A printer that says nothing may have paper or not: silence is `unknown`, never `ok`.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Paper = Literal["ok", "near-end", "out", "unknown"]

RESET = bytes.fromhex("1B 40")
ASK_STATUS = bytes.fromhex("10 04 01")
ASK_PAPER = bytes.fromhex("10 04 04")
CHINESE = bytes.fromhex("1C 26")
CUT = bytes.fromhex("1D 56 42 00")

RESYNC = bytes(256) + RESET
"""For a printer that may wait for the rest of a QR code whose sender died: it would take the next tone for that."""

_SIZES = {False: bytes.fromhex("1D 21 00"), True: bytes.fromhex("1D 21 11")}
_SIDES = {False: bytes.fromhex("1B 61 00"), True: bytes.fromhex("1B 61 01")}
_ALWAYS, _ALWAYS_MASK = 0x12, 0x93
_OFFLINE = 0x08
_NEAR_END, _OUT = 0x0C, 0x60
_QR = bytes.fromhex("1D 28 6B")
MAX_QR_BYTES = 200
_CONTROL = dict.fromkeys((*range(32), 127))


class Line(NamedTuple):
    """A line of a receipt. `large`: double size; `centred`: in the middle of the paper."""

    text: str
    large: bool = False
    centred: bool = False


def beep(times: int, tenths: int) -> bytes:
    """So many tones of so many times 100 ms (by most makers), 1 to 9 each."""
    return bytes((0x1B, 0x42, times, tenths))


def is_status(byte: int) -> bool:
    """Whether a byte can be an answer to a status request: two bits are always set, two never."""
    return byte & _ALWAYS_MASK == _ALWAYS


def is_online(status: int) -> bool:
    """What the answer to `ASK_STATUS` says."""
    return not status & _OFFLINE


def paper_of(status: int) -> Paper:
    """What the answer to `ASK_PAPER` says. Of two sensor bits one is enough: makers use either."""
    if status & _OUT:
        return "out"
    return "near-end" if status & _NEAR_END else "ok"


def receipt(lines: Iterable[Line], qr: str = "") -> bytes:
    """A whole slip, cut at its end: lines, and below them a QR code of at most 200 bytes.

    Characters that GB18030 or a printer does not take are left out, control characters too.
    """
    parts = [RESET, CHINESE]
    for line in lines:
        text = line.text.translate(_CONTROL).encode("gb18030", "ignore")
        parts += [_SIDES[line.centred], _SIZES[line.large], text, b"\n"]
    parts += [_SIZES[False]]
    if qr:
        parts += [_SIDES[True], qr_code(qr), b"\n", _SIDES[False]]
    return b"".join([*parts, b"\n", CUT])


def qr_code(text: str, size: int = 6) -> bytes:
    """A QR code, model 2, `size` dots a module, error correction M. Raises ValueError when it is too long."""
    data = text.encode()
    if len(data) > MAX_QR_BYTES:
        raise ValueError(f"{len(data)} bytes are too many for a QR code on a receipt")
    stored = bytes((0x31, 0x50, 0x30)) + data
    commands = (b"\x31\x41\x32\x00", bytes((0x31, 0x43, size)), b"\x31\x45\x31", stored, b"\x31\x51\x30")
    return b"".join(_QR + len(command).to_bytes(2, "little") + command for command in commands)


class StatusDecoder:
    """Status bytes out of what a printer sends; anything else is dropped, and counted in `bad_bytes`."""

    is_midway = False

    def __init__(self) -> None:
        self.bad_bytes = 0

    def feed(self, data: bytes) -> list[int]:
        """The status bytes among these."""
        found = [byte for byte in data if is_status(byte)]
        self.bad_bytes += len(data) - len(found)
        return found

    def silence(self) -> list[int]:
        """There are no halves of a byte."""
        return []
