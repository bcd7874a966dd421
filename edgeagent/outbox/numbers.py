"""Which numbers exist, in memory: streams, row numbers, what is kept and what is settled. Pure; the tables mirror it.

In a lane, rows carry a number `n` that rises by one from row to row through all streams of the file. A stream begins
above its `base`, and the number on the wire is `seq = n - base`. *Settled* is what needs no more sending: acknowledged
by the hub, or given up with a gap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gridwire.events import LANES, Lane
from gridwire.messages import LaneNumbers, StreamNumbers
from gridwire.ranges import RangeSet


class Row(NamedTuple):
    """A stored event, or a picture's row. `seq` is its number on the wire in `stream`."""

    lane: Lane
    n: int
    stream: str
    seq: int
    body: bytes


class Stream(NamedTuple):
    """One stream of the file. `bases`: for each lane the row number below its first row."""

    no: int
    id: str
    boot: str
    machine: str
    bases: dict[Lane, int]


class LaneBook:
    """One lane: the `next` row number to give, which rows are settled, and which of those are gone from the file."""

    def __init__(self, next_n: int = 1, settled: RangeSet | None = None, gone: RangeSet | None = None) -> None:
        self.next = next_n
        self.settled = settled if settled is not None else RangeSet()
        self.gone = gone if gone is not None else RangeSet()

    @property
    def oldest(self) -> int:
        """The lowest row number that is kept; `next` when none is."""
        kept = self.gone.missing_between(1, self.next - 1).first
        return self.next if kept is None else kept

    def unsettled(self) -> list[tuple[int, int]]:
        """Rows that the hub has not got yet, as inclusive ranges of row numbers. All of them are kept."""
        return list(self.settled.missing_between(1, self.next - 1).runs())

    def waiting(self) -> int:
        """How many rows are unsettled."""
        return sum(last - first + 1 for first, last in self.unsettled())

    def oldest_settled(self, at_most: int, below: int | None = None) -> tuple[int, int] | None:
        """The oldest run of settled rows still kept, all below `below`; never the newest row of the lane,

        by which the file remembers its place.
        """
        limit = min(self.next - 1, below if below is not None else self.next)
        for first, last in self.settled.runs():
            if first >= limit:
                break
            for low, high in self.gone.missing_between(first, min(last, limit - 1)).runs():
                return low, min(high, low + at_most - 1)
        return None

    def oldest_unsettled(self, at_most: int) -> tuple[int, int] | None:
        """The oldest run of rows that are not settled, without the newest row."""
        for first, last in self.unsettled():
            high = min(last, self.next - 2)
            if first <= high:
                return first, min(high, first + at_most - 1)
        return None


class Book:
    """All lanes and all streams of the file."""

    def __init__(self, streams: list[Stream], lanes: dict[Lane, LaneBook]) -> None:
        self.streams = streams
        self.lanes = lanes

    @property
    def current(self) -> Stream:
        return self.streams[-1]

    def by_id(self, stream: str) -> Stream | None:
        return next((known for known in self.streams if known.id == stream), None)

    def stream_of(self, lane: Lane, n: int) -> Stream:
        """The stream that row `n` was born in: the last one whose base lies below it."""
        index = bisect_left(self.streams, n, key=lambda stream: stream.bases[lane]) - 1
        return self.streams[max(index, 0)]

    def row(self, lane: Lane, n: int, body: bytes) -> Row:
        """A row with its number on the wire."""
        stream = self.stream_of(lane, n)
        return Row(lane, n, stream.id, n - stream.bases[lane], body)

    def rows(self, lane: Lane, found: Sequence[tuple[int, bytes]]) -> list[Row]:
        """Rows in order; all of one stream, as nearly always, ask for it once."""
        if found and (stream := self.stream_of(lane, found[0][0])) is self.stream_of(lane, found[-1][0]):
            base = stream.bases[lane]
            return [Row(lane, n, stream.id, n - base, body) for n, body in found]
        return [self.row(lane, n, body) for n, body in found]

    def spans(self, lane: Lane, first: int, last: int) -> Iterator[tuple[Stream, int, int]]:
        """Cut a run of row numbers at the borders of streams, as (stream, first seq, last seq)."""
        n = first
        while n <= last:
            stream = self.stream_of(lane, n)
            base = stream.bases[lane]
            until = min(last, self.end_of(stream, lane))
            yield stream, n - base, until - base
            n = until + 1

    def end_of(self, stream: Stream, lane: Lane) -> int:
        """Row number of the stream's last row in this lane; its base when it has none."""
        index = self.streams.index(stream)
        if index + 1 < len(self.streams):
            return self.streams[index + 1].bases[lane]
        return self.lanes[lane].next - 1

    def rows_of(self, stream: str, lane: Lane, first: int, last: int) -> tuple[int, int] | None:
        """Row numbers of a range of seqs, cut to what exists; None when nothing of it does."""
        known = self.by_id(stream)
        if known is None:
            return None
        base = known.bases[lane]
        low, high = base + max(first, 1), min(base + last, self.end_of(known, lane))
        return (low, high) if low <= high else None

    def numbers(self) -> list[StreamNumbers]:
        """What birth and health say: every stream that still has rows, and the current one."""
        return [report for stream in self.streams if (report := self._report(stream)).lanes or stream is self.current]

    def _report(self, stream: Stream) -> StreamNumbers:
        lanes = {lane: numbers for lane in LANES if (numbers := self._lane_numbers(stream, lane)) is not None}
        if stream is not self.current:
            lanes = {lane: it for lane, it in lanes.items() if it.oldest_kept < it.next or it.oldest_unacked < it.next}
        return StreamNumbers(stream=stream.id, boot=stream.boot, current=stream is self.current, lanes=lanes)

    def _lane_numbers(self, stream: Stream, lane: Lane) -> LaneNumbers | None:
        base, end, book = stream.bases[lane], self.end_of(stream, lane), self.lanes[lane]
        if end <= base:
            return None
        kept = book.gone.missing_between(base + 1, end).first
        unacked = book.settled.missing_between(base + 1, end).first
        return LaneNumbers(
            oldest_kept=(end + 1 if kept is None else kept) - base,
            oldest_unacked=(end + 1 if unacked is None else unacked) - base,
            next=end + 1 - base,
        )
