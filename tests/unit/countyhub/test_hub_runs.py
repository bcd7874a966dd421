"""Runs of numbers behave like the sets that they stand for; and what is missing follows from them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from countyhub.config import ReplaySettings
from countyhub.ingest import missing, runs
from countyhub.ingest.missing import Standing
from countyhub.ingest.replay import Asked, next_request

numbers = st.sets(st.integers(1, 60))


def members(some: runs.Runs) -> set[int]:
    return {number for first, last in some for number in range(first, last + 1)}


@given(numbers, numbers)
def test_runs_are_sets(one: set[int], other: set[int]) -> None:
    a, b = runs.of_numbers(one), runs.of_numbers(other)
    assert members(a) == one
    assert members(runs.union(a, b)) == one | other
    assert members(runs.subtract(a, b)) == one - other
    assert runs.count(a) == len(one)
    assert {number for number in range(62) if runs.contains(a, number)} == one


@given(numbers)
def test_runs_never_touch(some: set[int]) -> None:
    found = runs.of_numbers(some)
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(found))


def test_limit_takes_the_lowest() -> None:
    assert runs.limit([(1, 5), (9, 20)], max_runs=9, max_numbers=7) == [(1, 5), (9, 10)]
    assert runs.limit([(1, 5), (9, 20)], max_runs=1, max_numbers=99) == [(1, 5)]


@given(numbers, st.integers(1, 60), st.integers(1, 60))
def test_missing_and_lost_are_what_is_due_and_not_settled(settled: set[int], kept: int, unacked: int) -> None:
    standing = Standing(kept, unacked, 60, tuple(runs.of_numbers(settled)))
    due = set(range(1, unacked)) - settled
    assert members(standing.missing) == {number for number in due if number >= kept}
    assert members(standing.lost) == {number for number in due if number < kept}
    packed = missing.unpack(standing.stored_through, missing.pack(standing.above))
    assert packed == standing.settled


def test_replay_asks_for_the_next_piece_at_once_and_less_often_when_nothing_comes() -> None:
    settings = ReplaySettings(pause_s=10, pause_max_s=25, max_numbers=5)
    first = next_request(None, [(1, 20)], now_s=0, settings=settings)
    assert first == Asked(0, [(1, 5)], 10)
    assert next_request(first, [(1, 20)], now_s=9, settings=settings) is None
    assert next_request(first, [(6, 20)], now_s=1, settings=settings) == Asked(1, [(6, 10)], 10)
    second = next_request(first, [(1, 20)], now_s=10, settings=settings)
    assert second == Asked(10, [(1, 5)], 20)
    assert next_request(second, [(1, 20)], now_s=29, settings=settings) is None
    assert next_request(second, [(1, 20)], now_s=30, settings=settings) == Asked(30, [(1, 5)], 25)
    assert next_request(second, [(4, 20)], now_s=30, settings=settings) == Asked(30, [(4, 8)], 10)
    assert next_request(first, [], now_s=99, settings=settings) is None
