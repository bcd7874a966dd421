"""EM readers that speak ASCII by themselves when a card is shown (9600 8N1).

    02 + 10 hex digits (5 bytes of UID) + 2 hex digits (XOR of the 5) + 03

`02 36 32 45 33 30 38 36 43 45 44 30 38 03` is UID 62E3086CED. Some readers leave 02 and 03 out: then the 12 digits
stand alone, ended by another character or by silence.
"""

import re

from drivers.seriallink.framing import xor_of
from drivers.terminal.frames.icem import CardSeen

_DIGITS = 12
_NO_HEX = re.compile(rb"[^0-9A-Fa-f]")


class EmAsciiDecoder:
    """Cards out of the byte stream of an ASCII EM reader. A run of hex digits of any other length is no card."""

    def __init__(self) -> None:
        self._buffer = b""
        self.bad_bytes = 0

    @property
    def is_midway(self) -> bool:
        """Whether digits wait for the rest of a frame."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[CardSeen]:
        """Cards completed by these bytes."""
        *whole, self._buffer = _NO_HEX.split(self._buffer + data)
        self._forget_endless_run()
        return self._cards(whole)

    def silence(self) -> list[CardSeen]:
        """The line fell quiet: what has come is either a whole frame or dropped."""
        run, self._buffer = self._buffer, b""
        return self._cards([run])

    def _forget_endless_run(self) -> None:
        # Kept one digit longer than a frame, so that the tail of a run is not taken for a frame of its own.
        keep = _DIGITS + 1
        self.bad_bytes += max(0, len(self._buffer) - keep)
        self._buffer = self._buffer[:keep]

    def _cards(self, runs: list[bytes]) -> list[CardSeen]:
        cards: list[CardSeen] = []
        for run in runs:
            card = _parse(run)
            if card is not None:
                cards.append(card)
            else:
                self.bad_bytes += len(run)
        return cards


def _parse(run: bytes) -> CardSeen | None:
    if len(run) != _DIGITS:
        return None
    *uid, checksum = bytes.fromhex(run.decode("ascii"))
    return CardSeen("em4100", bytes(uid)) if xor_of(uid) == checksum else None
