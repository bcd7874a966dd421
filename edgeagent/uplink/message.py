"""What goes to the broker in one piece."""

from __future__ import annotations

from typing import NamedTuple

from edgeagent.outbox import Row
from gridwire.events import Lane
from gridwire.ranges import RangeSet


class Message(NamedTuple):
    """What to publish: rows of one lane in one payload."""

    lane: Lane
    rows: list[Row]
    topic: str
    payload: bytes
    content_type: str

    def numbers(self) -> RangeSet:
        """Its row numbers: one run as nearly always, else row by row."""
        first, last = self.rows[0].n, self.rows[-1].n
        is_whole = last - first + 1 == len(self.rows)
        return RangeSet([(first, last)] if is_whole else [(row.n, row.n) for row in self.rows])
