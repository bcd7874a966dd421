"""What hangs on a port, as far as it can be asked: printers and ID-card readers answer, card readers never do.

Two questions that change nothing: ESC/POS real-time status (`10 04 01`), which others ignore, and the SAM module's
status. The printer's comes first, so that it never prints the other one.
"""

from __future__ import annotations

import os
import select
import time
from typing import NamedTuple

from drivers.seriallink.port import PORT_ERRORS, Port, Speed, close_port, open_port
from drivers.terminal.frames.escpos import ASK_STATUS, is_status
from drivers.terminal.frames.sam_idcard import STATUS, SamDecoder

_PRINTER_BAUDS = (9600, 19200, 38400, 115200)
_READER_BAUDS = (115200, 9600)
ANSWER_S = 0.3
WRITE_TIMEOUT_S = 0.5


class Identified(NamedTuple):
    """A part's `protocol` and `baud`."""

    protocol: str
    baud: int


def identify(port: str) -> Identified | None:
    """None when nothing answers, or the port cannot be opened. Blocks for about two seconds at most."""
    for baud in _PRINTER_BAUDS:
        said = _asked(port, baud, ASK_STATUS)
        if len(said) == 1 and is_status(said[0]):
            return Identified("escpos", baud)
    for baud in _READER_BAUDS:
        if SamDecoder().feed(_asked(port, baud, STATUS)):
            return Identified("sam_idcard", baud)
    return None


def _asked(port: str, baud: int, question: bytes) -> bytes:
    """What comes within `ANSWER_S`; nothing where the port fails."""
    try:
        opened = open_port(port, Speed(baud, 8, "N", 1), WRITE_TIMEOUT_S)
    except PORT_ERRORS:
        return b""
    try:
        os.write(opened.fileno(), question)
        return _heard(opened)
    except PORT_ERRORS:
        return b""
    finally:
        opened.reset_output_buffer()
        close_port(opened)


def _heard(opened: Port) -> bytes:
    data, ends_s = b"", time.monotonic() + ANSWER_S
    while (left_s := ends_s - time.monotonic()) > 0 and len(data) < 64:
        if not select.select([opened.fileno()], [], [], left_s)[0]:
            break
        data += os.read(opened.fileno(), 64)
    return data
