"""Pairs two sequences in order: of all pairings in which both sides rise, one that pairs the most. Pure.

Greedy pairing goes wrong when states change faster than a camera's clock can tell: a wrong pair is a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Pairs:
    """Candidates come by `add`, in the order of the left side; `best` gives the pairs (left, right)."""

    def __init__(self, right_count: int) -> None:
        # A Fenwick tree over the right side: the best chain that ends at or before a place.
        self._tree: list[_Chain | None] = [None] * (right_count + 1)

    def add(self, left: int, rights: Iterable[int], weight: tuple[int, int]) -> None:
        """`left` may be paired with any one of `rights`. Weights add up; the first number of a weight counts first."""
        for right in sorted(rights, reverse=True):  # so that no chain holds `left` twice
            before = self._until(right)
            total = weight if before is None else (before.total[0] + weight[0], before.total[1] + weight[1])
            self._put(right, _Chain(total, (left, right), before))

    def best(self) -> list[tuple[int, int]]:
        chain, found = self._until(len(self._tree) - 1), []
        while chain is not None:
            found.append(chain.pair)
            chain = chain.before
        return found[::-1]

    def _until(self, right: int) -> _Chain | None:
        """The best chain of pairs whose right side is below this."""
        best = None
        while right > 0:
            best = _better(best, self._tree[right])
            right &= right - 1
        return best

    def _put(self, right: int, chain: _Chain) -> None:
        right += 1
        while right < len(self._tree):
            self._tree[right] = _better(self._tree[right], chain)
            right += right & -right


class _Chain(NamedTuple):
    total: tuple[int, int]
    pair: tuple[int, int]
    before: _Chain | None


def _better(one: _Chain | None, other: _Chain | None) -> _Chain | None:
    if one is None or other is None:
        return one or other
    # Of equals the one that leaves more room, so that of two rows alike the second is the one too many.
    return max(one, other, key=lambda chain: (chain.total, -chain.pair[1], -chain.pair[0]))
