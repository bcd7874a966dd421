"""Numbers in Modbus registers: what their bytes mean. Pure.

A register has 16 bits, high byte first; two of them carry 32 bits, in which order of words differs by maker.
"""

import math
import struct
from typing import Literal

NumberType = Literal[
    "uint16", "int16", "uint32", "int32", "float32", "uint32-swapped", "int32-swapped", "float32-swapped"
]
_CODES = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "float32": "f"}
_WORD_BYTES = 2


def word_count(kind: NumberType) -> int:
    """How many registers such a number takes."""
    return struct.calcsize(">" + _CODES[kind.removesuffix("-swapped")]) // _WORD_BYTES


def number_in(data: bytes, kind: NumberType) -> float | None:
    """The number in the bytes of its registers; None when there are too few, or it is no number (NaN, infinite)."""
    if len(data) != word_count(kind) * _WORD_BYTES:
        return None
    if kind.endswith("-swapped"):
        data = data[_WORD_BYTES:] + data[:_WORD_BYTES]
    (value,) = struct.unpack(">" + _CODES[kind.removesuffix("-swapped")], data)
    return float(value) if math.isfinite(value) else None
