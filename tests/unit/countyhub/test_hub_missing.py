"""What is missing and lost of a lane follows from what is settled; and it is asked for with growing pauses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from countyhub.config import ReplaySettings
from countyhub.ingest import missing
from countyhub.ingest.missing import Standing
from countyhub.ingest.replay import Asked, next_request
from gridwire.ranges import RangeSet

numbers = st.sets(st.integers(1, 60))


def ranges(some: set[int]) -> RangeSet:
    return RangeSet((number, number) for number in some)


@given(numbers, st.integers(1, 60), st.integers(1, 60))
def test_missing_and_lost_are_what_is_due_and_not_settled(settled: set[int], kept: int, unacked: int) -> None:
    standing = Standing(kept, unacked, 60, ranges(settled))
    due = set(range(1, unacked)) - settled
    assert set(standing.due) == due
    assert set(standing.missing) == {number for number in due if number >= kept}
    assert set(standing.lost) == {number for number in due if number < kept}
    packed = missing.unpack(standing.stored_through, missing.pack(standing.above))
    assert packed == standing.settled


@given(numbers, numbers)
def test_what_is_settled_on_top_changes_no_other_standing(settled: set[int], more: set[int]) -> None:
    before = Standing(settled=ranges(settled))
    assert set(before.with_settled(ranges(more)).settled) == settled | more
    assert set(before.settled) == settled


def asked(at_s: float, first: int, last: int, pause_s: float) -> Asked:
    return Asked(at_s, RangeSet([(first, last)]), pause_s)


def test_replay_asks_for_the_next_piece_at_once_and_less_often_when_nothing_comes() -> None:
    settings = ReplaySettings(pause_s=10, pause_max_s=25, max_numbers=5)

    def then(last: Asked | None, first_missing: int, now_s: float) -> Asked | None:
        return next_request(last, RangeSet([(first_missing, 20)]), now_s=now_s, settings=settings)

    first = then(None, 1, 0)
    assert first == asked(0, 1, 5, 10)
    assert then(first, 1, 9) is None
    assert then(first, 6, 1) == asked(1, 6, 10, 10)
    second = then(first, 1, 10)
    assert second == asked(10, 1, 5, 20)
    assert then(second, 1, 29) is None
    assert then(second, 1, 30) == asked(30, 1, 5, 25)
    assert then(second, 4, 30) == asked(30, 4, 8, 10)
    assert next_request(first, RangeSet(), now_s=99, settings=settings) is None
