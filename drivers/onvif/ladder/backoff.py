"""How long to wait before a camera is asked again, and how soon after an answer. Pure: times come in as arguments.

A camera that refuses connections is starting, or off: asking costs next to nothing and is how its return is seen at
once. One that answers, but wrongly, is asked less and less often. One that refuses our login is left alone:
`devicehttp.auth.REFUSAL_WAIT_S`.
"""

from __future__ import annotations

import random

MAX_WAIT_S = 30.0
# (outage younger than this, shortest and longest wait): every camera of a box at once costs 2 % of a core while young.
_AWAY = ((300.0, 0.5, 0.9), (1800.0, 2.0, 4.0), (float("inf"), 15.0, 30.0))

# Some cameras answer at once and for ever.
MIN_POLL_INTERVAL_S = 0.75
# So many answers in quick succession, none of which changed anything, are a chatty camera and no broken one.
BURST = 8


def wait_away_s(outage_s: float) -> float:
    """Before the next try at a camera that cannot be connected to since `outage_s`."""
    _, shortest, longest = next(row for row in _AWAY if outage_s < row[0])
    return random.uniform(shortest, longest)


def wait_wrong_s(failures: int) -> float:
    """Before the next try after so many wrong answers in a row."""
    return min(MAX_WAIT_S, 2.0 ** min(failures, 8) / 2) * random.uniform(0.5, 1.0)


class Pace:
    """When to poll again: at once after news, never faster than the camera deserves after anything else."""

    def __init__(self) -> None:
        self._spare = float(BURST)
        self._counted_s: float | None = None

    def wait_s(self, sent_s: float, now_s: float, *, brought: bool, changed: bool) -> float:
        """Seconds to wait after the answer to a poll that was sent at `sent_s`."""
        if changed:
            return 0.0
        if self._counted_s is not None:
            self._spare = min(BURST, self._spare + (now_s - self._counted_s) / MIN_POLL_INTERVAL_S)
        self._counted_s = now_s
        if brought and self._spare >= 1.0:
            self._spare -= 1.0
            return 0.0
        return max(0.0, MIN_POLL_INTERVAL_S - (now_s - sent_s))
