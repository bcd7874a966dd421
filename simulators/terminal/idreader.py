"""A resident ID-card reader (SAM module) that answers status, module id, find, select and read.

It keeps the order find, select, read, and after a read says "no card" until the card is lifted, as most readers do.
"""

from collections.abc import Callable
from functools import reduce
from operator import xor

from simulators.terminal.cards import Card

PREAMBLE = bytes.fromhex("AAAAAA9669")
_MODULE_ID = bytes.fromhex("0501010000000000A1B2C3D400000001")
_BAD_CHECKSUM, _BAD_COMMAND, _READ_FAILED, _NO_CARD, _SELECT_FAILED = 0x10, 0x21, 0x41, 0x80, 0x81


def frame(body: bytes) -> bytes:
    """Preamble, length, body and XOR."""
    checked = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + checked + bytes((reduce(xor, checked),))


def answer(status: int, data: bytes = b"") -> bytes:
    return frame(bytes((0, 0, status)) + data)


def read_answer(card: Card) -> bytes:
    """The 1295 bytes that carry a card's text and photo."""
    sizes = len(card.text).to_bytes(2, "big") + len(card.photo).to_bytes(2, "big")
    return answer(0x90, sizes + card.text + card.photo)


class IdReader:
    """`hides_after_read`: find says "no card" after a read until the card is lifted. `reads_again`: a second read of a
    selected card works. `reads` counts the read answers given since the card was put down, `finds` all looks for one.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.hides_after_read = True
        self.reads_again = True
        self.card: Card | None = None
        self.reads = 0
        self.finds = 0
        self.fails_reads = 0
        """So many reads fail, as with a worn card; the card is found and selected all the same."""
        self._selected = False
        self._found = False
        self.cable = send
        """Where its answers go; a worse cable may be put in its place."""
        self._buffer = b""

    def present(self, card: Card) -> None:
        self.lift()
        self.card = card

    def lift(self) -> None:
        self.card = None
        self._found = self._selected = False
        self.reads = 0

    def lose_power(self) -> None:
        """Unplugged: it forgets what it had found and read; the card stays where it lies."""
        self._found = self._selected = False
        self.reads = 0
        self._buffer = b""

    def take(self, data: bytes) -> None:
        """Bytes from the driver; what is no request is passed over."""
        self._buffer += data
        while (start := self._buffer.find(PREAMBLE)) >= 0:
            rest = self._buffer[start + len(PREAMBLE) :]
            size = int.from_bytes(rest[:2], "big")
            if len(rest) < 2 or len(rest) < 2 + size:
                return
            self._buffer = rest[2 + size :]
            self.cable(self._answer(rest[: 2 + size]))

    def _answer(self, checked: bytes) -> bytes:
        if reduce(xor, checked) != 0:
            return answer(_BAD_CHECKSUM)
        commands = {
            b"\x11\xff": lambda: answer(0x90),
            b"\x12\xff": lambda: answer(0x90, _MODULE_ID),
            b"\x20\x01": self._find,
            b"\x20\x02": self._select,
            b"\x30\x01": self._read,
        }
        command = commands.get(checked[2:4])
        return command() if command else answer(_BAD_COMMAND)

    def _find(self) -> bytes:
        self.finds += 1
        self._selected = False
        self._found = self.card is not None and not (self.hides_after_read and self.reads)
        return answer(0x9F, bytes(4)) if self._found else answer(_NO_CARD)

    def _select(self) -> bytes:
        self._selected, self._found = self._found, False
        return answer(0x90, bytes(8)) if self._selected else answer(_SELECT_FAILED)

    def _read(self) -> bytes:
        if self.card is None or not self._selected or (self.reads and not self.reads_again):
            return answer(_READ_FAILED)
        if self.fails_reads > 0:
            self.fails_reads -= 1
            return answer(_READ_FAILED)
        self.reads += 1
        return read_answer(self.card)
