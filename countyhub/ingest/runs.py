"""Sets of numbers as sorted runs `[(first, last), …]`, both ends included, never touching each other. Pure.

A stream of a million events in order is one run: this is what makes acknowledging and looking for holes cheap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Run = tuple[int, int]
Runs = list[Run]


def of_numbers(numbers: Iterable[int]) -> Runs:
    """The runs of single numbers, in any order, repeated or not."""
    return union((number, number) for number in numbers)


def union(*many: Iterable[Run]) -> Runs:
    """All numbers of all runs given, in any order, overlapping or not."""
    joined: Runs = []
    for first, last in sorted(run for runs in many for run in runs):
        if joined and first <= joined[-1][1] + 1:
            if last > joined[-1][1]:
                joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def subtract(runs: Runs, away: Runs) -> Runs:
    """The numbers of `runs` that are not in `away`. Both in proper form."""
    left: Runs = []
    at = 0
    for first, last in runs:
        while at < len(away) and away[at][1] < first:
            at += 1
        begin, other = first, at
        while other < len(away) and away[other][0] <= last:
            if begin < away[other][0]:
                left.append((begin, away[other][0] - 1))
            begin = away[other][1] + 1
            other += 1
        if begin <= last:
            left.append((begin, last))
    return left


def contains(runs: Sequence[Run], number: int) -> bool:
    """Whether `number` is in one of the runs (in proper form)."""
    at = bisect_right(runs, (number, 1 << 63))
    return at > 0 and number <= runs[at - 1][1]


def count(runs: Iterable[Run]) -> int:
    """How many numbers there are."""
    return sum(last - first + 1 for first, last in runs)


def limit(runs: Runs, *, max_runs: int, max_numbers: int) -> Runs:
    """The lowest of them: at most so many runs and so many numbers."""
    chosen: Runs = []
    for first, last in runs[:max_runs]:
        if max_numbers <= 0:
            break
        last = min(last, first + max_numbers - 1)  # noqa: PLW2901  # the run, cut short
        chosen.append((first, last))
        max_numbers -= last - first + 1
    return chosen
