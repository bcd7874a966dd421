"""Keypads whose frame the configuration describes, for there is no standard: rating keypads 评价器 and the like.

    HEADER … KEY … CHECKSUM      fixed length; checksum none, xor, sum8 or crc16 (CRC-16/MODBUS, low byte first)

or, where no length is given, one line of ASCII for each key. Sans-I/O.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from drivers.modbus.frames import crc16
from drivers.seriallink.framing import ScanningDecoder, xor_of

Checksum = Literal["none", "xor", "sum8", "crc16"]

_CHECKSUMS: dict[Checksum, tuple[int, Callable[[bytes], int]]] = {
    "none": (0, lambda data: 0),
    "xor": (1, xor_of),
    "sum8": (1, lambda data: sum(data) & 0xFF),
    "crc16": (2, crc16),
}
"""How many bytes it takes, and what it is of the bytes before."""


class FrameForm(NamedTuple):
    """`length`: the whole frame in bytes. `at`: where the key stands, counted from 0. `covers_from`: where the

    checksum begins to count; it stands last, and covers all between. `tail`: bytes that follow the checksum.
    """

    header: bytes
    length: int
    at: int
    checksum: Checksum = "none"
    covers_from: int = 0
    tail: bytes = b""

    @property
    def problem(self) -> str:
        """What is wrong with it, empty when nothing is."""
        end = self.length - len(self.tail) - _CHECKSUMS[self.checksum][0]
        if not self.header and self.checksum == "none":
            return "without a header or a checksum noise is a key / 没有帧头或校验，噪声会被当作按键"
        if not len(self.header) <= self.at < end:
            return "`at` must lie behind the header and before the checksum / at 必须在帧头之后、校验之前"
        return "" if self.covers_from < end else "`covers_from` lies behind the frame / covers_from 超出帧长"


class KeyDecoder(ScanningDecoder[bytes]):
    """Key bytes (one byte each) out of frames of one form."""

    def __init__(self, form: FrameForm) -> None:
        super().__init__()
        self._form = form

    def frame_length(self, data: bytes, at: int) -> int | None:
        """The form's length where the header stands, or may stand once more bytes have come."""
        seen = data[at : at + len(self._form.header)]
        return self._form.length if self._form.header.startswith(seen) else 0

    def parse(self, raw: bytes) -> bytes | None:
        """The key in one frame."""
        form = self._form
        size, compute = _CHECKSUMS[form.checksum]
        end = form.length - len(form.tail) - size
        if not raw.endswith(form.tail) or not raw.startswith(form.header):
            return None
        if compute(raw[form.covers_from : end]) != int.from_bytes(raw[end : end + size], "little"):
            return None
        return raw[form.at : form.at + 1]


def key_decoder(form: FrameForm) -> Callable[[], KeyDecoder]:
    """What makes a fresh decoder for each opening of the port."""
    return partial(KeyDecoder, form)
