"""What is to be sent next: urgent events however old, then live ones, then backlog; each by lane, in the order of
`gridwire.events.LANES`. Pure; rows are named by number, not held.

*Live* is what was committed while connected; it is kept here with its bytes, bounded, so that it needs no read.
*Todo* is everything else: backlog, what overflowed, and what is *asked* for once more, which outlives a broken link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from edgeagent.outbox import Row
from gridwire.events import EVENT_LANES, LANES, Lane
from gridwire.ranges import RangeSet

URGENT: tuple[Lane, ...] = ("urgent",)
MAX_LIVE_ROWS = 1000
"""A lane's live rows at most, some 400 KiB; more become backlog."""


class Queue:
    """Per lane: live rows with bytes, todo as numbers. Empty while there is no connection."""

    def __init__(self) -> None:
        self.live: dict[Lane, deque[Row]] = {lane: deque() for lane in EVENT_LANES}
        self.todo: dict[Lane, RangeSet] = {lane: RangeSet() for lane in LANES}
        self.asked: dict[Lane, RangeSet] = {lane: RangeSet() for lane in LANES}
        """To be sent again by order, and not acknowledged since."""

    def restart(self, unsettled: Mapping[Lane, Iterable[tuple[int, int]]]) -> None:
        """A connection begins: everything unsettled is backlog, and what was asked for."""
        for rows in self.live.values():
            rows.clear()
        self.todo = {lane: RangeSet(unsettled[lane]) for lane in LANES}
        for lane, asked in self.asked.items():
            self.again(lane, asked.runs())

    def offer(self, rows: Iterable[Row]) -> None:
        """Rows that have just been committed."""
        for row in rows:
            live = self.live.get(row.lane)
            if live is None or len(live) >= MAX_LIVE_ROWS:
                self.todo[row.lane].add(row.n)
            else:
                live.append(row)

    def again(self, lane: Lane, rows: Iterable[tuple[int, int]]) -> None:
        """Rows to be sent once more: refused for now, or not acknowledged in time."""
        for first, last in rows:
            self.todo[lane].add_range(first, last)

    def ask(self, lane: Lane, rows: RangeSet) -> None:
        """Rows to be sent once more by order, whether they are settled or not."""
        self.asked[lane].merge(rows)
        self.again(lane, rows.runs())

    def settled(self, lane: Lane, first: int, last: int) -> None:
        """These need no more sending."""
        self.asked[lane].remove_range(first, last)
        self.todo[lane].remove_range(first, last)

    def hold_back(self, lane: Lane, rows: Iterable[tuple[int, int]]) -> None:
        """These, and no row between them, do not go on this connection, unless somebody else sees to it."""
        for first, last in rows:
            self.todo[lane].remove_range(first, last)

    def demote(self) -> None:
        """The hub answers again after a silence: what waited meanwhile is no longer live."""
        for lane, rows in self.live.items():
            for row in rows:
                self.todo[lane].add(row.n)
            rows.clear()

    def next(self, lanes: Sequence[Lane]) -> tuple[Lane, bool] | None:
        """The lane of events whose turn it is, and whether its live rows are meant. A call for help that waited through
        a cut goes before a motion alarm of now."""
        urgent = [lane for lane in lanes if lane in URGENT]
        turns: Sequence[tuple[Sequence[Lane], Mapping[Lane, deque[Row] | RangeSet]]]
        turns = ((urgent, self.live), (urgent, self.todo), (lanes, self.live), (lanes, self.todo))
        return next(((lane, rows is self.live) for some, rows in turns for lane in some if rows[lane]), None)
