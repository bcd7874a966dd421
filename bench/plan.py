"""How much is measured: all of it, or a quick look; in how many rounds is said at the command (`__main__`)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.results import Results


class Plan(NamedTuple):
    """`folder`: scratch on the disk that is measured. `rounds`: of each work, in turns with its peers.
    `quick`: a tenth of the events."""

    folder: Path
    results: Results
    rounds: int
    quick: bool

    def repeats(self, at_most: int) -> int:
        """Rounds of a work of which one takes minutes: the whole bench is to end within an hour."""
        return min(self.rounds, at_most)

    def events(self, full: int) -> int:
        return max(200, full // 10) if self.quick else full

    def seconds(self, full: float, quick: float) -> float:
        return quick if self.quick else full
