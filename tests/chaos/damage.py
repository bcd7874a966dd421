"""What bad flash and careless hands do to an outbox's files, given the folder of the store."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from edgeagent.outbox.file import FILE_NAME
from edgeagent.outbox.salvage import PAGE_BYTES


def page(store: Path, chance: random.Random) -> None:
    """One page, not the first, is noise."""
    file = store / FILE_NAME
    pages = file.stat().st_size // PAGE_BYTES
    if pages > 1:
        _overwrite(file, chance.randrange(1, pages) * PAGE_BYTES, chance.randbytes(PAGE_BYTES))


def header(store: Path, chance: random.Random) -> None:
    """The file no longer says that it is a database."""
    _overwrite(store / FILE_NAME, 0, chance.randbytes(100))


def bit(store: Path, chance: random.Random) -> None:
    """One bit of the database is the other way round."""
    _flip(store / FILE_NAME, chance)


def log_bit(store: Path, chance: random.Random) -> None:
    """One bit of the write-ahead log is the other way round."""
    _flip(store / f"{FILE_NAME}-wal", chance)


def log_cut(store: Path, chance: random.Random) -> None:
    """The write-ahead log ends too early."""
    file = store / f"{FILE_NAME}-wal"
    if file.exists():
        os.truncate(file, chance.randrange(file.stat().st_size + 1))


def short(store: Path, chance: random.Random) -> None:
    """The database ends too early."""
    file = store / FILE_NAME
    os.truncate(file, chance.randrange(file.stat().st_size + 1))


def empty(store: Path, chance: random.Random) -> None:
    """Nothing is left but the name."""
    os.truncate(store / FILE_NAME, 0)


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    work.__name__: work for work in (page, header, bit, log_bit, log_cut, short, empty)
}


def _overwrite(file: Path, offset: int, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(data)


def _flip(file: Path, chance: random.Random) -> None:
    if file.exists() and (size := file.stat().st_size):
        offset = chance.randrange(size)
        with file.open("r+b") as opened:
            opened.seek(offset)
            byte = opened.read(1)[0]
        _overwrite(file, offset, bytes([byte ^ 1 << chance.randrange(8)]))
