"""A baseline JPEG as RTP payloads (RFC 2435): tables go with each frame, Huffman tables are the standard ones. Pure."""

import struct
from collections.abc import Iterator

MAX_PAYLOAD_BYTES = 1400
_TABLES_IN_BAND = 255
_TABLE_BYTES = 64
_DQT, _SOF0, _SOS = 0xDB, 0xC0, 0xDA
# Sampling of the brightness -> the type that the RFC gives it: 4:2:2, 4:2:0.
_TYPES = {0x21: 0, 0x22: 1}


def packets(jpeg: bytes) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one frame, and whether each is the last. Raises ValueError for what the RFC cannot carry."""
    tables, kind, width, height, scan = _parts(jpeg)
    quantization = struct.pack(">BBH", 0, 0, len(tables)) + tables
    at = 0
    while at < len(scan):
        head = struct.pack(">I", at) + bytes([kind, _TABLES_IN_BAND, width // 8, height // 8])
        head += quantization if at == 0 else b""
        part = scan[at : at + MAX_PAYLOAD_BYTES - len(head)]
        at += len(part)
        yield head + part, at == len(scan)


def _parts(jpeg: bytes) -> tuple[bytes, int, int, int, bytes]:
    """Quantization tables, type, width, height, entropy-coded data."""
    tables, kind, width, height, at = b"", 0, 0, 0, 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == _DQT:
            tables += b"".join(body[start + 1 : start + 1 + _TABLE_BYTES] for start in range(0, len(body), 65))
        elif marker == _SOF0:
            height, width = struct.unpack(">HH", body[1:5])
            kind = _TYPES[body[7]]
        elif marker == _SOS:
            break
    if not 0 < width <= 2040 or width % 8 or height % 8 or len(tables) != 2 * _TABLE_BYTES:
        raise ValueError("only baseline JPEGs with two tables and sides of whole blocks, at most 2040 wide")
    return tables, kind, width, height, jpeg[at:-2]
