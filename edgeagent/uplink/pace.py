"""How large a picture may be on the line as it is: one packet cannot overtake another, so a picture holds it. Pure."""

from __future__ import annotations

from gridwire.limits import MAX_PICTURE_BYTES

LINE_S = 3.0
"""How long a picture may hold the line."""
MIN_PICTURE_BYTES = 24 * 1024
"""Smaller ones show nothing."""
_TELLING_BYTES = 8 * 1024
"""What is shorter tells of the distance, not of the pace."""


class Pace:
    """Learns from the pictures that went: from the first byte to the broker's PUBACK."""

    def __init__(self) -> None:
        self._bytes_per_s: float | None = None

    def note(self, size: int, seconds: float) -> None:
        """A picture of so many bytes took so long. Each counts for half, so that the pace follows the line."""
        if size < _TELLING_BYTES:
            return
        told = size / max(seconds, 0.001)
        self._bytes_per_s = told if self._bytes_per_s is None else (self._bytes_per_s + told) / 2

    @property
    def picture_max_bytes(self) -> int:
        """The largest picture that this line takes within `LINE_S`; unlimited while nothing is known."""
        if self._bytes_per_s is None:
            return MAX_PICTURE_BYTES
        return round(min(max(self._bytes_per_s * LINE_S, MIN_PICTURE_BYTES), MAX_PICTURE_BYTES))
