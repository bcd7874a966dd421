"""Which message a connection breaks over, where the broker tells no limit."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from edgeagent.uplink.suspect import MIN_BYTES, SOON_S, STANDS_S, Suspect


class Row(NamedTuple):
    n: int


class Message(NamedTuple):
    lane: str
    rows: list[Row]
    payload: bytes


def message(n: int, size: int = 50_000, lane: str = "media") -> Message:
    return Message(lane, [Row(n)], bytes(size))


class Line:
    """Connections one after the other, a minute apart."""

    def __init__(self) -> None:
        self.suspect = Suspect()
        self.now = 0.0

    def up(self) -> None:
        self.now += 60
        self.suspect.connected(self.now)

    def breaks(self, *sent: Message, after_s: float = 0.2) -> Message | None:
        self.up()
        for each in sent:
            self.suspect.sent(each, self.now)
        self.now += after_s
        return self.suspect.broke(self.now)

    def tried(self, held: Message) -> Message | None:
        """A connection that stands without the suspect, and breaks with it."""
        self.up()
        assert held in self.suspect.held
        assert self.suspect.due(self.now + STANDS_S - 0.1) is None
        self.now += STANDS_S
        assert self.suspect.due(self.now) == held
        self.suspect.sent(held, self.now)
        assert self.suspect.due(self.now) is None
        return self.suspect.broke(self.now + 0.2)


@pytest.fixture
def line():
    return Line()


def test_three_breaks_over_the_largest_are_proof(line):
    small, large = message(1, 2000, "alarm"), message(7)
    assert line.breaks(small, large) is None
    assert line.suspect.held == []  # once is nothing: lines do break
    assert line.breaks(large, small) is None
    assert line.tried(large) == large
    assert line.suspect.held == []
    assert line.suspect.too_large_bytes == 50_000


def test_after_a_proof_what_is_as_large_needs_one_break(line):
    large, as_large, smaller = message(7), message(8), message(9, 40_000)
    line.breaks(large)
    line.breaks(large)
    assert line.tried(large) == large
    assert line.breaks(as_large) == as_large
    assert line.breaks(smaller) is None
    line.up()
    line.suspect.answered(message(10, 60_000))
    assert line.suspect.too_large_bytes is None
    assert line.breaks(message(11)) is None


def test_what_arrived_is_not_suspected(line):
    large = message(7)
    line.breaks(large)
    line.breaks(large)
    line.up()
    line.suspect.sent(large, line.now)
    line.suspect.answered(large)
    assert line.suspect.held == []
    assert line.suspect.broke(line.now + 1) is None
    assert line.breaks(large) is None
    assert line.breaks(large) is None


def test_breaks_over_different_messages_prove_nothing(line):
    for n in range(10):
        assert line.breaks(message(n, 50_000 + n)) is None
        assert line.suspect.held == []


def test_a_break_long_after_the_sending_has_another_cause(line):
    large = message(7)
    for _ in range(5):
        assert line.breaks(large, after_s=SOON_S + 1) is None
    assert line.suspect.held == []


def test_a_line_that_breaks_without_the_suspect_does_not_condemn_it(line):
    large = message(7)
    line.breaks(large)
    line.breaks(large)
    for n in range(5):
        assert line.breaks() is None
        assert line.breaks(message(n, 2000, "alarm")) is None
        assert line.suspect.held == [large]
        assert line.suspect.holds_pictures
    assert line.tried(large) == large
    assert not line.suspect.holds_pictures


def test_of_several_the_smallest_is_tried_and_proves_the_others(line):
    large, smaller = message(7), message(3, 30_000, "alarm")
    for each in (large, large, smaller, smaller):
        assert line.breaks(each) is None
    assert line.suspect.held == [large, smaller]
    assert line.tried(smaller) == smaller
    assert line.suspect.held == []
    assert line.breaks(large) == large
    assert line.suspect.too_large_bytes == 30_000


def test_one_that_arrives_after_all_leaves_the_larger_one_suspected(line):
    large, smaller = message(7), message(3, 30_000, "alarm")
    for each in (large, large, smaller, smaller):
        line.breaks(each)
    line.up()
    line.suspect.sent(smaller, line.now)
    line.suspect.answered(smaller)
    assert line.suspect.held == [large]
    assert line.suspect.due(line.now + STANDS_S) == large


def test_our_own_ending_counts_for_nothing(line):
    large = message(7)
    for _ in range(5):
        line.up()
        line.suspect.sent(large, line.now)
        line.suspect.forgive()
        assert line.suspect.broke(line.now) is None
    assert line.breaks(large) is None
    assert line.suspect.held == []


@pytest.mark.parametrize("never", [message(1, 60_000, "urgent"), message(1, MIN_BYTES - 1, "alarm")])
def test_a_call_for_help_and_small_events_are_never_held(line, never):
    for _ in range(5):
        assert line.breaks(never) is None
        assert line.suspect.held == []


def test_what_needs_no_more_sending_is_let_go(line):
    large = message(7)
    line.breaks(large)
    line.breaks(large)
    line.suspect.forget(large)
    assert line.suspect.held == []
    line.up()
    assert line.suspect.due(line.now + 100) is None
