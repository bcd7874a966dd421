"""One row of the audit as bytes, and its hash. Pure; whoever has the rows can reckon the chain anew, in any language.

The hash is SHA-256 over the previous hash (32 bytes) and the row as a JSON array of texts and numbers:
[id, microseconds since 1970, kind, who, person, address, object, detail], UTF-8, without blanks.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from gridwire.instants import microseconds

START: Final = bytes(32)
"""What stands before the first row."""


class Row(NamedTuple):
    """A row of the table `audit`."""

    id: int
    at: datetime
    kind: str
    who: str
    person: str
    address: str
    object: str
    detail: bytes
    previous: bytes
    hash: bytes = b""


class Anchor(NamedTuple):
    """A row's number and hash, as they were noted elsewhere."""

    id: int
    hash: bytes


def hash_of(row: Row) -> bytes:
    """As it must be, whatever stands in `hash`."""
    texts = (row.id, microseconds(row.at), row.kind, row.who, row.person, row.address, row.object, row.detail.decode())
    return hashlib.sha256(row.previous + msgspec.json.encode(texts)).digest()
