"""Median, spread and ratios of rounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """What several rounds gave."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError when there is nothing to look at."""
    if not values:
        raise ValueError("no rounds")
    return Spread(median(values), min(values), max(values))


def ratios(ours: Sequence[float], peer: Sequence[float]) -> list[float]:
    """Ours by the peer's, round by round: what shook the machine in a round shook both. Raises ValueError."""
    if len(ours) != len(peer):
        raise ValueError(f"{len(ours)} rounds of ours, {len(peer)} of the peer's")
    return [mine / other for mine, other in zip(ours, peer, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed (nearest rank). Raises ValueError."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def figures(value: float) -> str:
    """Three figures, thousands apart: 0.873, 31,200, 1,350, 9.12."""
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 1000:
        digits = len(str(int(magnitude)))
        return f"{round(value, 3 - digits):,.0f}"
    if magnitude >= 100:
        return f"{value:.0f}"
    return f"{value:.{2 if magnitude < 10 else 1}f}" if magnitude >= 1 else f"{value:.3g}"
