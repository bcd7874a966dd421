"""Which stored events happened since a given time, although the clock of the box may have been wrong. Pure.

Row numbers rise, recorded times need not: a clock steps. Hence every row is looked at, newest first. An event recorded
while the clock was not synchronised gets its time from a later one of the same boot; if there is none, it counts in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from edgeagent.clock import Stamp
from edgeagent.outbox.numbers import Book
from gridwire.events import EVENT_LANES, LANES, ClockState, Lane, PictureRef
from gridwire.ranges import RangeSet

PART_ROWS = 500
"""Rows looked at in one go: a few milliseconds, after which others have their turn."""


class _Pictures(msgspec.Struct):
    pictures: tuple[PictureRef, ...] = ()


class Recorded(msgspec.Struct):
    """Of an event what says when it was recorded, and which pictures are its own."""

    recordedtime: datetime
    monotonic: str
    clock: ClockState
    data: _Pictures


def recorded(body: bytes) -> Recorded | None:
    """None for bytes that are no event of ours."""
    with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
        return msgspec.json.decode(body, type=Recorded)
    return None


class Moments:
    """True times. Learns from each synchronised event when its boot was; show it the newest first."""

    def __init__(self, boot: str, now: Stamp) -> None:
        """`boot`: the machine's present one, of which the clock may know by now when it began."""
        self._booted: dict[str, datetime] = {boot: now.booted} if boot and now.clock == "synced" else {}

    def of(self, boot: str, event: Recorded) -> datetime | None:
        """None when nobody knows. `boot`: of the event's stream; empty when that is lost."""
        try:
            after_boot = timedelta(seconds=float(event.monotonic))
        except (ValueError, OverflowError):
            after_boot = None
        if event.clock == "synced":
            if boot and after_boot is not None:
                self._booted.setdefault(boot, event.recordedtime - after_boot)
            return event.recordedtime
        booted = self._booted.get(boot)
        return booted + after_boot if booted is not None and after_boot is not None else None


class Since:
    """Collects the rows since a time. Feed `take` with the rows of every window; `rows` is the answer.

    lane: only this one; for `media` the pictures that are named by events since then. None: all of them.
    stream: only rows of this one; None: of all.
    """

    def __init__(self, since: datetime, moments: Moments, book: Book, *, lane: Lane | None, stream: str | None) -> None:
        self.rows: dict[Lane, RangeSet] = {each: RangeSet() for each in LANES}
        self.unsure: dict[Lane, RangeSet] = {each: RangeSet() for each in LANES}
        """Those of `rows` of which nobody knows when they were recorded."""
        self._since, self._moments, self._book = since, moments, book
        self._lane, self._stream = lane, stream

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Lanes that have to be looked at."""
        return EVENT_LANES if self._lane in (None, "media") else (self._lane,)

    def windows(self, lane: Lane) -> Iterator[tuple[int, int]]:
        """Runs of kept row numbers, newest first, at most `PART_ROWS` long."""
        book = self._book.lanes[lane]
        for first, last in reversed(list(book.gone.missing_between(1, book.next - 1).runs())):
            for high in range(last, first - 1, -PART_ROWS):
                yield max(first, high - PART_ROWS + 1), high

    def take(self, lane: Lane, rows: Iterable[tuple[int, bytes]]) -> None:
        """The rows of one window, in order."""
        for n, body in reversed(list(rows)):
            event = recorded(body)
            stream = self._book.stream_of(lane, n)
            time = self._moments.of(stream.boot, event) if event is not None else None
            if time is not None and time < self._since:
                continue
            if self._stream in (None, stream.id):
                self._add(lane, n, unsure=time is None)
            for picture in event.data.pictures if event is not None else ():
                found = self._book.rows_of(picture.stream, "media", picture.seq, picture.seq)
                if found is not None and self._stream in (None, picture.stream):
                    self._add("media", found[0], unsure=time is None)

    def _add(self, lane: Lane, n: int, *, unsure: bool) -> None:
        if self._lane in (None, lane):
            self.rows[lane].add_range(n, n)
            if unsure:
                self.unsure[lane].add_range(n, n)
