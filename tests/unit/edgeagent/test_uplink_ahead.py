"""Rows read ahead: whatever is taken is what the file has, in order, none left out and none twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeagent.outbox import Row
from edgeagent.uplink.ahead import Ahead
from gridwire.ranges import RangeSet


def row(n, lane="alarm"):
    return Row(lane, n, "S", n, b"{}")


def numbers(rows):
    return [each.n for each in rows]


def test_messages_are_served_one_after_the_other():
    ahead = Ahead()
    ahead.keep(1, [row(n) for n in range(1, 8)])
    assert numbers(ahead.take("alarm", 1, 100, 3)) == [1, 2, 3]
    assert numbers(ahead.take("alarm", 4, 100, 3)) == [4, 5, 6]
    assert numbers(ahead.take("alarm", 7, 100, 3)) == [7]
    assert ahead.take("alarm", 8, 100, 3) == []


def test_what_did_not_fit_comes_next():
    ahead = Ahead()
    ahead.keep(1, [row(n) for n in range(1, 8)])
    taken = ahead.take("alarm", 1, 100, 5)
    ahead.give_back(taken[2:])
    assert numbers(ahead.take("alarm", 3, 100, 5)) == [3, 4, 5, 6, 7]


def test_another_lane_or_an_earlier_row_asks_the_file():
    ahead = Ahead()
    ahead.keep(5, [row(n) for n in range(5, 8)])
    assert ahead.take("record", 5, 100, 3) == []
    assert ahead.take("alarm", 4, 100, 3) == []
    ahead.clear()
    assert ahead.take("alarm", 5, 100, 3) == []


@given(
    kept=st.sets(st.integers(1, 60)),
    wanted=st.sets(st.integers(1, 60)),
    settled=st.lists(st.integers(1, 60), max_size=40),
    sizes=st.lists(st.integers(1, 9), min_size=1),
    at_once=st.integers(1, 30),
)
def test_a_list_is_worked_off_as_if_each_row_were_read(kept, wanted, settled, sizes, at_once):
    """Rows missing in the file, rows acknowledged meanwhile, messages of any size."""
    ahead, todo, sent = Ahead(), RangeSet((n, n) for n in wanted), []
    acknowledged, gone, size = iter(settled), set(), iter(sizes * 60)
    while todo:
        first, last = next(todo.runs())
        limit = next(size)
        rows = ahead.take("alarm", first, last, limit)
        if not rows:
            ahead.keep(first, [row(n) for n in sorted(kept) if first <= n <= last][:at_once])
            rows = ahead.take("alarm", first, last, limit)
        if not rows:
            todo.remove_range(first, last)
            continue
        message = rows[: max(1, len(rows) // 2)]
        ahead.give_back(rows[len(message) :])
        sent += numbers(message)
        todo.remove_range(first, message[-1].n)
        if (n := next(acknowledged, None)) is not None:
            todo.remove_range(n, n)
            gone.add(n)
    assert sent == sorted(set(sent))
    assert kept & wanted - gone <= set(sent) <= kept & wanted
