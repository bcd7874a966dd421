"""What is in flight: sent, not yet acknowledged by the hub. Pure; time comes in as an argument (seconds, monotonic).

Time runs from the broker's PUBACK. After `hub.resend_after_s` of the settings without acknowledgement the oldest
message alone goes again, and the pause doubles up to 15 minutes, so that a hub that is down is not buried; any
acknowledgement restores it. While the hub answers, only a message that a later one has overtaken counts as lost: a slow
hub is not a deaf one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from gridwire.events import Lane
from gridwire.ranges import RangeSet

MAX_MESSAGES = 64
MAX_BYTES = 512 * 1024
MAX_PAUSE_S = 900.0
URGENT_BEHIND_PICTURE_S = 2.0
URGENT_ALONE_S = 10.0
"""How long a call for help may wait for the broker's PUBACK before a new connection is the shorter way."""


class Flight:
    """One message on its way. `rows`: row numbers that the hub has not acknowledged yet."""

    __slots__ = ("lane", "overtaken", "puback_at", "rows", "sent_at", "size")

    def __init__(self, lane: Lane, rows: RangeSet, size: int, sent_at: float = 0.0) -> None:
        self.lane = lane
        self.rows = rows
        self.size = size
        self.sent_at = sent_at
        self.puback_at: float | None = None
        self.overtaken = False


class Window:
    """All flights of one connection, oldest first. `urgent` is outside the limits."""

    def __init__(self, resend_after_s: float) -> None:
        self.flights: list[Flight] = []
        self._usual_s = resend_after_s
        self._pause_s = resend_after_s
        self._quiet_since = 0.0
        self._resent_at = 0.0
        self._patience = 1.0
        self._count = 0
        self._bytes = 0

    def has_room(self, size: int = 0) -> bool:
        """Whether a further message of `size` bytes may go. A single one always may, whatever its size."""
        return self._count == 0 or (self._count < MAX_MESSAGES and self._bytes + size <= MAX_BYTES)

    def has_picture(self) -> bool:
        return any(flight.lane == "media" for flight in self.flights)

    def add(self, flight: Flight) -> None:
        if not self.flights:
            self._quiet_since = 0.0  # nobody was asked, so nobody has been silent
        self.flights.append(flight)
        if flight.lane != "urgent":
            self._count += 1
            self._bytes += flight.size

    def remove(self, flight: Flight) -> None:
        """It is answered, refused, or about to go again."""
        if flight not in self.flights:
            return
        self.flights.remove(flight)
        if flight.lane != "urgent":
            self._count -= 1
            self._bytes -= flight.size

    def clear(self) -> None:
        self.flights.clear()
        self._count = self._bytes = 0
        self._pause_s = self._usual_s

    def arrived(self, flight: Flight, now: float) -> None:
        """The broker has it."""
        flight.puback_at = now
        if flight.lane == "urgent":
            self._patience = 1.0
        if self._quiet_since == 0.0:
            self._quiet_since = now

    def settled(self, lane: Lane, ranges: Iterable[tuple[int, int]], now: float) -> bool:
        """The hub has these rows. True when it had been silent for longer than the usual pause."""
        was_silent = self._quiet_since > 0 and now - self._quiet_since > self._usual_s
        self._pause_s, self._quiet_since = self._usual_s, now
        ranges = list(ranges)
        for index, flight in enumerate(list(self.flights)):
            if flight.lane != lane:
                continue
            for first, last in ranges:
                flight.rows.remove_range(first, last)
            if not flight.rows:
                self._overtake(self.flights[:index])
        for flight in [flight for flight in self.flights if not flight.rows]:
            self.remove(flight)
        return was_silent

    def due(self, now: float) -> Flight | None:
        """The oldest message, if it is to go again now; the pause until the next one then doubles."""
        oldest = next((flight for flight in self.flights if flight.puback_at is not None), None)
        if oldest is None or oldest.puback_at is None:
            return None
        if oldest.overtaken and now - oldest.puback_at >= self._usual_s:
            return oldest
        if now - max(oldest.puback_at, self._quiet_since, self._resent_at) < self._pause_s:
            return None
        self._resent_at = now
        self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S) * random.uniform(0.8, 1.0)
        return oldest

    def urgent_is_stuck(self, now: float) -> bool:
        """Whether a call for help waits for the broker so long that a new connection is better: there it goes first.

        One packet cannot overtake another, and a picture on a slow line takes its time; a line that is half-open takes
        the keep-alive's. Each yes doubles the patience until the broker has taken one: the line may just be that bad.
        """
        behind_picture = False
        for flight in self.flights:
            if flight.puback_at is not None:
                continue
            if flight.lane == "media":
                behind_picture = True
            elif flight.lane == "urgent":
                limit_s = URGENT_BEHIND_PICTURE_S if behind_picture else URGENT_ALONE_S
                if now - flight.sent_at >= limit_s * self._patience:
                    self._patience *= 2
                    return True
        return False

    @staticmethod
    def _overtake(earlier: Iterable[Flight]) -> None:
        for flight in earlier:
            if flight.puback_at is not None:
                flight.overtaken = True
