"""H.264 without an encoder: keyframes of raw samples (I_PCM), and frames in between that say "as before" (P_Skip).

Enough of ITU-T H.264 (7.3) for every decoder, and for what matters in tests: whoever joins between two keyframes has no
picture to repeat. Drawn small, for nothing is compressed.
"""

import base64
import re
import struct
from collections.abc import Iterator

WIDTH, HEIGHT = 320, 176
_COLUMNS, _ROWS = WIDTH // 16, HEIGHT // 16
_SPS, _PPS, _KEY, _BETWEEN = 7, 8, 5, 1
_FRAME_NUMBER_BITS = 4
MAX_PAYLOAD_BYTES = 1400
_FRAGMENT = 28


class _Bits:
    """Fixed numbers and Exp-Golomb codes, most significant bit first."""

    def __init__(self) -> None:
        self._text = ""

    def fixed(self, value: int, bits: int) -> "_Bits":
        self._text += f"{value:0{bits}b}"
        return self

    def golomb(self, *values: int) -> "_Bits":
        for value in values:
            code = f"{value + 1:b}"
            self._text += "0" * (len(code) - 1) + code
        return self

    def aligned(self) -> bytes:
        """All so far, filled up with zeros."""
        text = self._text + "0" * (-len(self._text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")

    def ended(self) -> bytes:
        """All so far, and the stop bit."""
        return self.fixed(1, 1).aligned()


def parameter_sets() -> tuple[bytes, bytes]:
    """SPS and PPS: Baseline profile, one reference frame, order of output as decoded, no deblocking."""
    sps = _Bits().fixed(66, 8).fixed(0b1100_0000, 8).fixed(30, 8)
    sps.golomb(0, 0, 2, 1).fixed(0, 1).golomb(_COLUMNS - 1, _ROWS - 1).fixed(0b1100, 4)
    pps = _Bits().golomb(0, 0).fixed(0b00, 2).golomb(0, 0, 0).fixed(0, 3).golomb(0, 0, 0).fixed(0b100, 3)
    return _unit(3, _SPS, sps.ended()), _unit(3, _PPS, pps.ended())


def sprop() -> str:
    """The parameter sets as an SDP names them."""
    return ",".join(base64.b64encode(each).decode() for each in parameter_sets())


def keyframe(jpeg: bytes) -> list[bytes]:
    """The units of a keyframe that shows this JPEG, made small."""
    head = _Bits().golomb(0, 7, 0).fixed(0, _FRAME_NUMBER_BITS).golomb(0).fixed(0, 2).golomb(0, 1)
    blocks = _macroblocks(jpeg)
    # mb_type 25 of an I slice is I_PCM; the first shares its byte with the slice's head.
    coded = head.golomb(25).aligned() + blocks[0]
    again = _Bits().golomb(25).aligned()
    body = coded + b"".join(again + block for block in blocks[1:]) + b"\x80"
    return [*parameter_sets(), _unit(3, _KEY, body)]


def between(number: int) -> list[bytes]:
    """The unit of the frame that comes `number` frames after a keyframe: every macroblock as before."""
    head = _Bits().golomb(0, 5, 0).fixed(number % 2**_FRAME_NUMBER_BITS, _FRAME_NUMBER_BITS).fixed(0, 3).golomb(0, 1)
    return [_unit(2, _BETWEEN, head.golomb(_COLUMNS * _ROWS).ended())]


def packets(units: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    """RTP payloads of one frame (RFC 6184): single units, and fragments (FU-A) of large ones."""
    for unit in units:
        last_unit = unit is units[-1]
        if len(unit) <= MAX_PAYLOAD_BYTES:
            yield unit, last_unit
            continue
        body, room = unit[1:], MAX_PAYLOAD_BYTES - 2
        for at in range(0, len(body), room):
            first, last = at == 0, at + room >= len(body)
            marks = (0x80 if first else 0) | (0x40 if last else 0) | (unit[0] & 0x1F)
            yield struct.pack("BB", (unit[0] & 0xE0) | _FRAGMENT, marks) + body[at : at + room], last and last_unit


def _unit(importance: int, kind: int, body: bytes) -> bytes:
    """With the bytes that keep a start code from appearing inside."""
    return bytes([importance << 5 | kind]) + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", body)


def _macroblocks(jpeg: bytes) -> list[bytes]:
    """256 samples of brightness and twice 64 of colour, for each 16 x 16 pixels."""
    import cv2
    import numpy as np

    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    planes = cv2.cvtColor(cv2.resize(frame, (WIDTH, HEIGHT)), cv2.COLOR_BGR2YUV_I420).reshape(-1)
    light = WIDTH * HEIGHT
    luma = planes[:light].reshape(_ROWS, 16, _COLUMNS, 16).transpose(0, 2, 1, 3)
    chroma = planes[light:].reshape(2, _ROWS, 8, _COLUMNS, 8).transpose(1, 3, 0, 2, 4)
    places = [(row, column) for row in range(_ROWS) for column in range(_COLUMNS)]
    return [luma[place].tobytes() + chroma[place].tobytes() for place in places]
