"""Pictures on the wire: whether what came is a whole JPEG, and its digest. Pure.

Only begin and end are looked at (ISO/IEC 10918-1, markers SOI and EOI); whether it can be decoded, the box has seen.
"""

from __future__ import annotations

import hashlib

from gridwire.limits import MAX_PICTURE_BYTES
from gridwire.refusals import Empty, JpegTruncated, NotJpeg, PictureTooLarge, first_bytes

START = b"\xff\xd8\xff"
END = b"\xff\xd9"
TAIL_BYTES = 512
"""Some cameras pad a picture: its end is looked for in this many last bytes."""


def check_jpeg(payload: bytes) -> str:
    """The SHA-256 of a whole JPEG, in hex; raises `Empty`, `PictureTooLarge`, `NotJpeg`, `JpegTruncated`."""
    if not payload:
        raise Empty
    if len(payload) > MAX_PICTURE_BYTES:
        raise PictureTooLarge(size=len(payload), limit=MAX_PICTURE_BYTES)
    if not payload.startswith(START):
        raise NotJpeg(first=first_bytes(payload))
    if END not in payload[len(START) :][-TAIL_BYTES:]:
        raise JpegTruncated(size=len(payload))
    return hashlib.sha256(payload).hexdigest()
