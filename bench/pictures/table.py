"""What was found of each fault, for docs/benchmarks.md: counts, and what they promise. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from bench.pictures.faults import STRENGTHS
from bench.results import Results

HEAD = ("fault", *(f"{strength}: found, named rightly, of" for strength in STRENGTHS))


def rows(results: Results, work: str) -> Iterator[tuple[str, ...]]:
    """One for each kind and way; then the sum of all."""
    kinds = [name for name in results.contenders(work) if name != "ours"]
    sums = {strength: [0.0, 0.0, 0.0] for strength in STRENGTHS}
    for kind in sorted(kinds):
        cells = {strength: results.get(work, strength, kind) for strength in STRENGTHS}
        for strength, found in cells.items():
            sums[strength] = [total + one for total, one in zip(sums[strength], found, strict=True)]
        yield kind, *(_cell(found) for found in cells.values())
    if kinds:
        yield "**all**", *(f"{_cell(found)} (at least {_at_least(found):.1%})" for found in sums.values())


def _cell(found: list[float]) -> str:
    alarms, right, shown = found
    return f"{alarms:.0f}, {right:.0f} of {shown:.0f}"


def _at_least(found: list[float]) -> float:
    """Lower end of the Wilson interval of 95 % for the share that was found."""
    alarms, _, shown = found
    share, z = alarms / shown, 1.96
    middle = share + z * z / (2 * shown)
    return (middle - z * sqrt(share * (1 - share) / shown + z * z / (4 * shown * shown))) / (1 + z * z / shown)
