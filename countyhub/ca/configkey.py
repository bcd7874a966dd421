"""The county's key that signs its part of the boxes' configuration: one file beside the CA, for nobody else to read.

Boxes get its public half when they enrol and at every renewal. A new key reaches them with the next renewal only.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from countyhub.ca import files
from gridwire.signing import KEY_BYTES, public_of

FILE = "config.key"


def key(folder: Path) -> bytes:
    """The private key, made at the first call. `folder`: the CA's. Raises `KeyOpen`, `NotWritten`, OSError."""
    path = folder / FILE
    if not path.exists():
        _make(path)
    files.check_private(path)
    return path.read_bytes()


def public(folder: Path) -> str:
    """Base64. Raises as `key`."""
    return public_of(key(folder))


def _make(path: Path) -> None:
    """Of two processes that make it at once, one wins."""
    mine = path.with_name(f".{FILE}.{os.getpid()}.first")
    files.write(mine, os.urandom(KEY_BYTES), files.PRIVATE)
    with contextlib.suppress(FileExistsError):
        os.link(mine, path)
    mine.unlink()
