"""A keypad with a key for each thing that may be asked for, in the two forms in which keypads speak."""

from __future__ import annotations

from collections.abc import Callable

KEYS = {
    **{f"0{score}": f"rate:{score}" for score in range(1, 6)},
    "11": "item:0301", "12": "item:0302:proxy", "13": "item:0303:authorised", "14": "item:9999",
    "21": "report:0102", "31": "answers", "41": "sos", "51": "cancel",
}  # fmt: skip
"""Key -> what the driver is told that it means."""
FRAME_FORM: dict[str, object] = {
    "length": 6, "header": "AA 55", "at": 3, "checksum": "sum8", "covers_from": 2, "tail": "0D",
}  # fmt: skip
"""The frame of `frame`, as the driver's settings describe it."""


def frame(key: str) -> bytes:
    """AA 55 01 KEY SUM 0D; the sum is over 01 and KEY."""
    body = b"\x01" + bytes.fromhex(key)
    return b"\xaa\x55" + body + bytes((sum(body) & 0xFF,)) + b"\x0d"


class Keypad:
    """`as_lines`: one line of text a key, else a frame."""

    def __init__(self, send: Callable[[bytes], None], *, as_lines: bool) -> None:
        self._send, self._as_lines = send, as_lines

    def press(self, wish: str) -> None:
        """Press the key that asks for this. Raises KeyError when there is none."""
        key = {meaning: key for key, meaning in KEYS.items()}[wish]
        self.press_key(key)

    def press_key(self, key: str) -> None:
        """Press a key by its code, also one that means nothing."""
        self._send(key.encode() + b"\r\n" if self._as_lines else frame(key))
