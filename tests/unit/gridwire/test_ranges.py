"""RangeSet against a plain set."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridwire.ranges import RangeSet

numbers = st.integers(1, 60)
pairs = st.tuples(numbers, st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1]))
steps = st.lists(st.tuples(st.sampled_from(["add", "range", "merge", "remove"]), pairs), max_size=30)


def members(pair):
    return set(range(pair[0], pair[1] + 1))


@given(steps)
def test_behaves_like_a_set(steps):
    ranges, plain = RangeSet(), set()
    for what, pair in steps:
        if what == "add":
            ranges.add(pair[0])
            plain.add(pair[0])
        elif what == "range":
            ranges.add_range(*pair)
            plain |= members(pair)
        elif what == "merge":
            ranges.merge(RangeSet.from_pairs([pair, pair]))
            plain |= members(pair)
        else:
            ranges.remove_range(*pair)
            plain -= members(pair)
        assert list(ranges) == sorted(plain)
    runs = ranges.to_pairs()
    assert all(left[1] + 1 < right[0] for left, right in pairwise(runs))
    assert ranges.count() == len(plain)
    assert bool(ranges) == bool(plain)
    assert (ranges.first, ranges.last) == ((min(plain), max(plain)) if plain else (None, None))
    assert RangeSet.from_pairs(reversed(runs)) == ranges
    assert {n for n in range(80) if n in ranges} == plain


@given(st.lists(pairs, max_size=8), numbers, numbers)
def test_missing_is_the_complement(held, first, last):
    ranges = RangeSet(held)
    expected = members((first, last)) - set().union(*map(members, held))
    assert set(ranges.missing_between(first, last)) == expected


def test_refuses_a_range_that_runs_backwards():
    with pytest.raises(ValueError, match="no range"):
        RangeSet([(2, 1)])
    with pytest.raises(ValueError, match="no range"):
        RangeSet().remove_range(2, 1)


def test_shows_its_runs():
    ranges = RangeSet([(5, 6), (1, 2)])
    ranges.add(3)
    assert repr(ranges) == "RangeSet([(1, 3), (5, 6)])"
    assert ranges != "something else"


@given(st.lists(pairs, max_size=8), st.lists(pairs, max_size=8))
def test_common_and_without_are_those_of_sets(one, other):
    a, b = RangeSet(one), RangeSet(other)
    assert set(a.common(b)) == set(a) & set(b)
    assert set(a.without(b)) == set(a) - set(b)
    assert (a, b) == (RangeSet(one), RangeSet(other)), "neither is changed"


def test_lowest_is_bounded_in_runs_and_in_numbers():
    ranges = RangeSet([(1, 5), (9, 20)])
    assert ranges.lowest(runs=9, numbers=7) == RangeSet([(1, 5), (9, 10)])
    assert ranges.lowest(runs=1, numbers=99) == RangeSet([(1, 5)])
