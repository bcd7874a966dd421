"""A set of numbers kept as runs: what was sent, what was acknowledged, what is missing. Pure.

Appending at the end, the usual case, takes constant time; anything else takes a binary search and the runs it touches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice


class RangeSet:
    """Whole numbers as sorted, disjoint runs `first..last` (both included), never adjacent to each other."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in pairs:
            self.add_range(first, last)

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[int, int]]) -> RangeSet:
        """From pairs of first and last, in any order, also overlapping; raises `ValueError` where last < first."""
        return cls(pairs)

    def to_pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple(self.runs())

    def runs(self) -> Iterator[tuple[int, int]]:
        """The runs in order, as first and last."""
        return zip(self._firsts, self._lasts, strict=True)

    def copy(self) -> RangeSet:
        """Another set with the same numbers."""
        return RangeSet.from_pairs(self.to_pairs())

    def add(self, number: int) -> None:
        if self._lasts and number == self._lasts[-1] + 1:
            self._lasts[-1] = number
        else:
            self.add_range(number, number)

    def add_range(self, first: int, last: int) -> None:
        """Add first..last; raises `ValueError` where last < first."""
        if last < first:
            raise ValueError(f"{first}..{last} is no range")
        if not self._lasts or first > self._lasts[-1] + 1:
            self._firsts.append(first)
            self._lasts.append(last)
            return
        begin = bisect_left(self._lasts, first - 1)  # the first run that touches or follows
        end = bisect_right(self._firsts, last + 1)  # behind the last run that touches
        if begin < end:
            first = min(first, self._firsts[begin])
            last = max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]

    def merge(self, other: RangeSet) -> None:
        """Add all numbers of the other."""
        for first, last in other.runs():
            self.add_range(first, last)

    def remove_range(self, first: int, last: int) -> None:
        """Take first..last out; raises `ValueError` where last < first."""
        if last < first:
            raise ValueError(f"{first}..{last} is no range")
        begin = bisect_left(self._lasts, first)
        end = bisect_right(self._firsts, last)
        if begin >= end:
            return
        left, right = self._firsts[begin], self._lasts[end - 1]
        kept = [(left, first - 1)] * (left < first) + [(last + 1, right)] * (last < right)
        self._firsts[begin:end] = [run[0] for run in kept]
        self._lasts[begin:end] = [run[1] for run in kept]

    def missing_between(self, first: int, last: int) -> RangeSet:
        """The numbers of first..last that are not in the set; empty where last < first."""
        missing = RangeSet()
        index = bisect_left(self._lasts, first)
        while first <= last and index < len(self._firsts) and self._firsts[index] <= last:
            if first < self._firsts[index]:
                missing.add_range(first, self._firsts[index] - 1)
            first = self._lasts[index] + 1
            index += 1
        if first <= last:
            missing.add_range(first, last)
        return missing

    def common(self, other: RangeSet) -> RangeSet:
        """The numbers that are in both."""
        found = self.copy()
        for first, last in self.runs():
            for missing in other.missing_between(first, last).runs():
                found.remove_range(*missing)
        return found

    def without(self, other: RangeSet) -> RangeSet:
        """The numbers that are here and not there."""
        found = self.copy()
        for run in other.runs():
            found.remove_range(*run)
        return found

    def lowest(self, *, runs: int, numbers: int) -> RangeSet:
        """The lowest of them: at most so many runs and so many numbers."""
        found = RangeSet()
        for first, last in islice(self.runs(), runs):
            if numbers <= 0:
                break
            found.add_range(first, min(last, first + numbers - 1))
            numbers -= last - first + 1
        return found

    def count(self) -> int:
        """How many numbers there are (`len` is not it: nobody should expect a cheap one)."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    @property
    def first(self) -> int | None:
        return self._firsts[0] if self._firsts else None

    @property
    def last(self) -> int | None:
        return self._lasts[-1] if self._lasts else None

    def __contains__(self, number: int) -> bool:
        index = bisect_left(self._lasts, number)
        return index < len(self._firsts) and self._firsts[index] <= number

    def __iter__(self) -> Iterator[int]:
        for first, last in self.runs():
            yield from range(first, last + 1)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RangeSet):
            return NotImplemented
        return self._firsts == other._firsts and self._lasts == other._lasts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"RangeSet({list(self.runs())})"
