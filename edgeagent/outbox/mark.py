"""The numbers given so far, beside the database: how a file that has lost its newest rows is known for one.

SQLite drops what stands behind a bad frame of its log and says that all is well. A small file that is overwritten
after each commit, without a sync, knows better once the agent has crashed; after a power cut it may be older, which
tells nothing and does no harm. Blocking, some microseconds.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent.outbox.numbers import LaneBook, Stream
from gridwire import wholefile
from gridwire.events import LANES, Lane

FILE_NAME = "mark"
_NUMBERS_BYTES = 512
_CHECK_BYTES = 8


class Mark(NamedTuple):
    """`following`: the next row number of each lane; `through`: every row up to there was settled."""

    streams: list[Stream]
    following: dict[Lane, int]
    through: dict[Lane, int]

    def knows(self, ids: Sequence[str]) -> bool:
        """Whether it is no older than a file with these streams."""
        return {stream.id for stream in self.streams} >= set(ids)

    def raise_to(self, lanes: Mapping[Lane, LaneBook]) -> dict[Lane, tuple[int, int]]:
        """Numbers that were given are not given again; tells those that the file does not know of."""
        unknown: dict[Lane, tuple[int, int]] = {}
        for lane, book in lanes.items():
            if self.through[lane]:
                book.settled.add_range(1, self.through[lane])
            if self.following[lane] > book.next:
                unknown[lane] = (book.next, self.following[lane] - 1)
                book.next = self.following[lane]
        return unknown


class MarkFile:
    """`streams` is written when a stream begins, `numbers` with each commit. What cannot be written is left out."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def read(self) -> Mark | None:
        """None when there is none, or none that is whole."""
        try:
            data = self._path.read_bytes()
            following, through = msgspec.json.decode(
                _checked(data[:_NUMBERS_BYTES]), type=tuple[dict[Lane, int], dict[Lane, int]]
            )
            streams = msgspec.json.decode(_checked(data[_NUMBERS_BYTES:]), type=list[Stream])
        except (OSError, ValueError):
            return None
        whole = all(set(stream.bases) == set(LANES) for stream in streams)
        return Mark(streams, following, through) if whole and set(following) == set(through) == set(LANES) else None

    def streams(self, streams: Sequence[Stream], lanes: Mapping[Lane, LaneBook]) -> None:
        with contextlib.suppress(OSError):
            wholefile.replace(self._path, _numbers(lanes) + _with_check(msgspec.json.encode(streams)), on_disk=False)

    def numbers(self, lanes: Mapping[Lane, LaneBook]) -> None:
        """In place, not as a whole file: a torn one is known by its checksum, and this is done with each commit."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            os.pwrite(descriptor, _numbers(lanes), 0)
        except OSError:
            return
        finally:
            os.close(descriptor)


def _numbers(lanes: Mapping[Lane, LaneBook]) -> bytes:
    through = {lane: first[1] if (first := next(iter(book.settled.runs()), (0, 0)))[0] == 1 else 0
               for lane, book in lanes.items()}  # fmt: skip
    text = msgspec.json.encode(({lane: book.next for lane, book in lanes.items()}, through))
    return _with_check(text.ljust(_NUMBERS_BYTES - _CHECK_BYTES))


def _with_check(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text) + text


def _checked(data: bytes) -> bytes:
    """Raises ValueError."""
    if int(data[:_CHECK_BYTES], 16) != zlib.crc32(data[_CHECK_BYTES:]):
        raise ValueError("the mark is torn")
    return data[_CHECK_BYTES:]
