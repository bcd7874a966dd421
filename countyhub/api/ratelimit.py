"""How often somebody may ask: a bucket that fills at a steady pace and holds as much as one minute's worth. Pure.

Buckets are kept in memory, each process its own; the number of them is bounded, the longest unused go first.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

WINDOW_S = 60
BUCKETS_MAX = 10_000


class Verdict(NamedTuple):
    """`left`: how many more at once; `wait_s`: whole seconds until one more is possible, 0 when it is now."""

    allowed: bool
    left: int
    wait_s: int
    full_s: int


class Limits:
    """So many a minute for each key; as many at once after a minute's rest."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float, *, dry: bool = False) -> Verdict:
        """One more at the monotonic time `now`; `dry`: only look."""
        pace = self.per_minute / WINDOW_S
        held, since = self._buckets.get(key, (float(self.per_minute), now))
        held = min(float(self.per_minute), held + max(0.0, now - since) * pace)
        allowed = held >= 1
        if allowed and not dry:
            held -= 1
        if not dry:
            self._buckets[key] = (held, now)
            self._buckets.move_to_end(key)
            while len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
        wait = 0 if held >= 1 else math.ceil((1 - held) / pace)
        return Verdict(allowed, math.floor(held), wait, math.ceil((self.per_minute - held) / pace))
