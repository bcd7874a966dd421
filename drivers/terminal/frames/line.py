"""Scanners: a code, then CR, LF, CRLF or TAB, and perhaps a prefix before it (9600 or 115200 8N1).

Modules of the GM65 family answer a trigger command in the middle of the code stream; that answer is filtered out.

| what                  | bytes                        |
|-----------------------|------------------------------|
| trigger one scan      | 7E 00 08 01 00 02 01 AB CD   |
| answer to the trigger | 02 00 00 01 00 33 31         |

Their CRC is XMODEM (polynomial 1021, start 0), over what stands between the first byte and the CRC. `AB CD` in its
place asks the module not to check it.
"""

import re
from binascii import crc_hqx

TRIGGER = bytes.fromhex("7E0008010002 01 ABCD")
_ANSWER_BODY = bytes.fromhex("00000100")
TRIGGER_ANSWER = b"\x02" + _ANSWER_BODY + crc_hqx(_ANSWER_BODY, 0).to_bytes(2, "big")

# The largest QR code holds 2,953 bytes; what is longer is no line.
MAX_LINE_BYTES = 4096
_ENDS = re.compile(rb"[\r\n\t]")


class LineDecoder:
    """Scanned codes out of a byte stream, as text, without prefix, suffix and line end.

    A line without the configured prefix or suffix, with control characters or in no known encoding is dropped:
    `bad_bytes` counts it.
    """

    def __init__(self, prefix: str = "", suffix: str = "") -> None:
        self._prefix, self._suffix = prefix.encode(), suffix.encode()
        self._buffer = b""
        self._overlong = False
        self.bad_bytes = 0

    @property
    def is_midway(self) -> bool:
        """Whether a line waits for its end."""
        return bool(self._buffer) or self._overlong

    def feed(self, data: bytes) -> list[str]:
        """Codes completed by these bytes."""
        self._buffer = (self._buffer + data).replace(TRIGGER_ANSWER, b"")
        held = _start_of_answer(self._buffer)
        *lines, rest = _ENDS.split(self._buffer[: len(self._buffer) - held])
        codes = [code for line in lines if (code := self._code(line)) is not None]
        self._buffer = rest + self._buffer[len(self._buffer) - held :]
        self._drop_overlong()
        return codes

    def silence(self) -> list[str]:
        """The line fell quiet: half a code is dropped, lest it be joined to the next."""
        self.bad_bytes += len(self._buffer)
        self._buffer, self._overlong = b"", False
        return []

    def _drop_overlong(self) -> None:
        if len(self._buffer) > MAX_LINE_BYTES:
            self.bad_bytes += len(self._buffer)
            self._buffer, self._overlong = b"", True

    def _code(self, line: bytes) -> str | None:
        was_overlong, self._overlong = self._overlong, False
        if not line:
            return None
        framed = len(line) >= len(self._prefix) + len(self._suffix)
        framed = framed and line.startswith(self._prefix) and line.endswith(self._suffix)
        text = _decode(line[len(self._prefix) : len(line) - len(self._suffix)]) if framed and not was_overlong else None
        if not text:
            self.bad_bytes += len(line)
            return None
        return text


def _start_of_answer(data: bytes) -> int:
    """How many bytes at the end could be the beginning of a trigger answer."""
    for length in range(len(TRIGGER_ANSWER) - 1, 0, -1):
        if data.endswith(TRIGGER_ANSWER[:length]):
            return length
    return 0


def _decode(line: bytes) -> str | None:
    """The text of a code: UTF-8, else GB18030 (what Chinese scanners send); None when it is neither."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.strip() if text.isprintable() else None
    return None
