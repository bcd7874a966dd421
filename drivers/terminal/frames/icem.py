"""IC and EM card readers that speak binary frames by themselves when a card is shown (9600 8N1).

    02 LEN TYPE UID… XOR 03        LEN: the whole frame; XOR: over LEN, TYPE and UID

| TYPE | card   | UID bytes | example                         |
|------|--------|-----------|---------------------------------|
| 01   | M1     | 4         | 02 09 01 6B 3D 12 D6 9A 03      |
| 02   | EM4100 | 5         | 02 0A 02 06 00 8E 6D 5D B0 03   |
"""

from dataclasses import dataclass

from drivers.seriallink.framing import ScanningDecoder, xor_of

_START, _END = 0x02, 0x03
# TYPE -> (name of the card, UID bytes)
_TYPES = {0x01: ("m1", 4), 0x02: ("em4100", 5)}
_BYTES_AROUND_UID = 5


@dataclass(frozen=True)
class CardSeen:
    """A card shown to a reader: its technology, and its UID in the order in which the reader sent it."""

    technology: str
    uid: bytes


class IcEmDecoder(ScanningDecoder[CardSeen]):
    """Frames of the binary IC/EM readers out of a byte stream."""

    def frame_length(self, data: bytes, at: int) -> int | None:
        """LEN must be what TYPE says: two bytes that agree are a good sign of a frame."""
        if data[at] != _START:
            return 0
        if at + 3 > len(data):
            return None
        known = _TYPES.get(data[at + 2])
        if known is None or data[at + 1] != known[1] + _BYTES_AROUND_UID:
            return 0
        return data[at + 1]

    def parse(self, raw: bytes) -> CardSeen | None:
        """The card in one frame."""
        if raw[-1] != _END or xor_of(raw[1:-2]) != raw[-2]:
            return None
        return CardSeen(_TYPES[raw[2]][0], raw[3:-2])
