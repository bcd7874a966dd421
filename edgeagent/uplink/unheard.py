"""Pictures that the broker takes and nobody ever acknowledges. Pure.

A 3.1.1 broker that drops what is over its limit says success all the same. Such a picture must neither stand in the way
of those behind it nor be sent for ever over a metered link: after five times, while a smaller one got through, it is
proved that its size is the reason.
"""

from __future__ import annotations

TRIES = 5


class Unheard:
    """By row number, of this process: how often a picture was sent without an answer."""

    def __init__(self) -> None:
        self.after = 0
        """Pictures behind this row have their turn first."""
        self._tries: dict[int, tuple[int, int]] = {}
        self._smallest_heard: int | None = None

    def unanswered(self, n: int, size: int) -> bool:
        """It is about to be sent again. True when it is not worth it: then it is to be given up."""
        self.after = n
        tries = self._tries.get(n, (0, size))[0] + 1
        self._tries[n] = (tries, size)
        return tries >= TRIES and self._smallest_heard is not None and self._smallest_heard < size

    def heard(self, n: int, size: int) -> None:
        """The hub has it."""
        self._tries.pop(n, None)
        self._smallest_heard = size if self._smallest_heard is None else min(self._smallest_heard, size)
