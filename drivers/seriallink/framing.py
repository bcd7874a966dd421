"""What decoders of frames share: how one is fed, and how it finds its way after noise. A base to derive yours from.

Sans-I/O: bytes in, whole frames out. A decoder never raises on input; what it could not use, it counts.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import reduce
from operator import xor
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


def xor_of(data: Iterable[int]) -> int:
    """XOR of all bytes."""
    return reduce(xor, data, 0)


class ScanningDecoder(ABC, Generic[Frame]):
    """Looks for a frame at each place of what has arrived; a false start costs one byte, never a frame.

    `bad_bytes` counts the bytes that were in no frame.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.bad_bytes = 0

    @abstractmethod
    def frame_length(self, data: bytes, at: int) -> int | None:
        """Length of the frame that begins at data[at]; 0 when none can; None when more bytes must tell."""

    @abstractmethod
    def parse(self, raw: bytes) -> Frame | None:
        """The frame in exactly these bytes, None when its checksum or its end is wrong."""

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes."""
        self._buffer += data
        return self._scan(final=False)

    def silence(self) -> list[Frame]:
        """The line fell quiet: drop what is half, hand over whole frames that stood behind a false start."""
        return self._scan(final=True)

    @property
    def is_midway(self) -> bool:
        """Whether bytes wait for the rest of a frame."""
        return bool(self._buffer)

    def _scan(self, *, final: bool) -> list[Frame]:
        frames: list[Frame] = []
        data, at = self._buffer, 0
        while at < len(data):
            length = self.frame_length(data, at)
            if length is None or at + length > len(data):
                if not final:
                    break
                length = 0
            frame = self.parse(data[at : at + length]) if length else None
            if frame is None:
                at += 1
                self.bad_bytes += 1
            else:
                frames.append(frame)
                at += length
        self._buffer = data[at:]
        return frames
