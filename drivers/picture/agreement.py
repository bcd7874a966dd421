"""When a fault becomes an alarm: two of three snapshots show it; and ends: two of three do not. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

WINDOW = 3
NEEDED = 2


class Change(NamedTuple):
    """Faults that began and that ended with this snapshot."""

    started: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()


class Agreement:
    """Fed with what each snapshot showed. A single odd picture, a bus before the lens say, is no alarm.

    `on`: faults that are on already, as after a restart; they end when two of three snapshots are without them.
    """

    def __init__(self, on: Iterable[str] = ()) -> None:
        self._on = frozenset(on)
        self._seen: deque[frozenset[str]] = deque([self._on] * WINDOW, maxlen=WINDOW)

    @property
    def on(self) -> frozenset[str]:
        return self._on

    def feed(self, faults: frozenset[str]) -> Change:
        """The faults of one more snapshot; what begins and ends by them.

        Different faults add up: covered once and moved once is something twice, and is named after the latest.
        """
        self._seen.append(faults)
        counts = {name: sum(name in seen for seen in self._seen) for name in self._on.union(*self._seen)}
        now = frozenset(name for name, count in counts.items() if count >= NEEDED)
        if not now and faults and sum(map(bool, self._seen)) >= NEEDED and not self._on:
            now = faults
        change = Change(now - self._on, self._on - now)
        self._on = now
        return change
