"""Rows read beyond the message that needed them: one visit to the file serves several messages of a backlog. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edgeagent.outbox import Row

READ_ROWS = 500
READ_BYTES = 512 * 1024
"""At most so much is held in memory."""


class Ahead:
    """A stretch of one lane: every row that the file has between `begin` and the last of them."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque()
        self._begin = 0

    def keep(self, begin: int, rows: Sequence[Row]) -> None:
        """What a read from `begin` has brought, none left out."""
        self._rows, self._begin = deque(rows), begin

    def clear(self) -> None:
        self._rows.clear()

    def take(self, lane: str, first: int, last: int, limit: int) -> list[Row]:
        """Rows of first..last from the front; none when the file must be asked. Rows before `first` are let go."""
        if not self._rows or self._rows[0].lane != lane or first < self._begin:
            return []
        while self._rows and self._rows[0].n < first:
            self._rows.popleft()
        found: list[Row] = []
        while self._rows and len(found) < limit and self._rows[0].n <= last:
            found.append(self._rows.popleft())
        if found:
            self._begin = found[-1].n + 1
        return found

    def give_back(self, rows: Sequence[Row]) -> None:
        """Rows just taken, from the end, that did not fit into the message."""
        self._rows.extendleft(reversed(rows))
        if rows:
            self._begin = rows[0].n
