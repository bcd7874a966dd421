"""What is in flight: how much may be, what goes again and when. Time is an argument, so nothing here waits."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edgeagent.uplink.window import MAX_BYTES, MAX_MESSAGES, MAX_PAUSE_S, Flight, Window
from gridwire.ranges import RangeSet


def flight(n=1, size=100, lane="alarm", until=None):
    return Flight(lane, RangeSet([(n, until or n)]), size)


def arrived(window, *flights, now=0.0):
    for each in flights:
        window.add(each)
        window.arrived(each, now)


def test_sixty_four_messages_and_urgent_besides():
    window = Window(30)
    for n in range(MAX_MESSAGES):
        assert window.has_room(100)
        window.add(flight(n + 1))
    assert not window.has_room(100)
    window.add(flight(1, lane="urgent"))
    assert not window.has_room(100)
    window.settled("urgent", [(1, 1)], 1.0)
    assert not window.has_room(100)
    window.settled("alarm", [(5, 5)], 1.0)
    assert window.has_room(100)


def test_bytes_count_and_a_single_one_always_goes():
    window = Window(30)
    assert window.has_room(10 * MAX_BYTES)
    big = flight(1, MAX_BYTES - 100)
    window.add(big)
    assert window.has_room(100)
    assert not window.has_room(101)
    window.remove(big)
    window.remove(big)
    assert window.has_room(10 * MAX_BYTES)


def test_a_batch_leaves_the_window_when_the_last_of_it_is_acknowledged():
    window = Window(30)
    batch = flight(1, until=10)
    arrived(window, batch)
    window.settled("alarm", [(1, 4), (6, 10)], 1.0)
    assert list(batch.rows) == [5]
    assert window.flights == [batch]
    window.settled("record", [(5, 5)], 1.0)
    assert window.flights == [batch]
    window.settled("alarm", [(5, 5)], 1.0)
    assert window.flights == []


def test_time_runs_from_puback_and_only_the_oldest_goes_again():
    window = Window(30)
    first, second = flight(1), flight(2)
    window.add(first)
    window.add(second)
    assert window.due(1e6) is None
    window.arrived(second, 100.0)
    window.arrived(first, 110.0)
    assert window.due(139.9) is None
    assert window.due(140.0) is first
    assert window.due(140.1) is None


def test_the_pause_doubles_up_to_a_quarter_of_an_hour_and_any_answer_restores_it():
    random.seed(1)
    window = Window(30)
    arrived(window, flight(1), flight(2))
    now, pauses = 0.0, []
    for _ in range(12):
        begun = now
        while window.due(now) is None:
            now += 1
        pauses.append(now - begun)
    assert pauses[0] == 30
    assert all(later >= earlier * 1.2 or later > 0.75 * MAX_PAUSE_S for earlier, later in pairwise(pauses))
    assert max(pauses) <= MAX_PAUSE_S
    assert min(pauses[-3:]) > 0.75 * MAX_PAUSE_S
    window.settled("alarm", [(1, 1)], now)
    assert window.due(now + 29) is None
    assert window.due(now + 30) is not None


def test_while_the_hub_answers_only_what_was_overtaken_goes_again():
    window = Window(30)
    lost, answered, young = flight(1), flight(2), flight(3)
    arrived(window, lost, answered, young)
    window.settled("alarm", [(2, 2)], 29.0)
    assert (lost.overtaken, young.overtaken) == (True, False)
    assert window.due(29.5) is None
    assert window.due(30.0) is lost
    window.remove(lost)
    assert window.due(30.0) is None
    assert window.due(59.0) is young


def test_a_silence_ends_with_the_first_answer():
    window = Window(30)
    arrived(window, flight(1), flight(2), now=100.0)
    assert window.settled("alarm", [(1, 1)], 131.0)
    assert not window.settled("alarm", [(2, 2)], 132.0)


def test_a_resend_does_not_hide_the_silence():
    window = Window(30)
    arrived(window, flight(1), flight(2), now=100.0)
    assert window.due(130.0) is not None
    assert window.settled("alarm", [(1, 1)], 131.0)


@pytest.mark.parametrize("lane", ["alarm", "urgent"])
def test_nobody_is_silent_whom_nobody_asked(lane):
    window = Window(30)
    arrived(window, flight(1, lane=lane), now=100.0)
    window.settled(lane, [(1, 1)], 101.0)
    arrived(window, flight(2, lane=lane), now=500.0)
    assert not window.settled(lane, [(2, 2)], 501.0)


def test_a_new_connection_begins_with_the_usual_pause():
    window = Window(30)
    arrived(window, flight(1), now=0.0)
    for now in (30.0, 100.0, 300.0):
        window.due(now)
    window.clear()
    assert (window.flights, window.has_room(MAX_BYTES)) == ([], True)
    again = flight(1)
    arrived(window, again, now=400.0)
    assert window.due(429.9) is None
    assert window.due(430.0) is again


@pytest.mark.parametrize(
    ("lanes", "stuck_after_s"), [(("media", "urgent"), 2.0), (("urgent", "media"), 10.0), (("alarm", "urgent"), 10.0)]
)
def test_a_call_for_help_that_the_broker_does_not_take_asks_for_a_new_connection(lanes, stuck_after_s):
    window = Window(30)
    for lane in lanes:
        window.add(Flight(lane, RangeSet([(1, 1)]), 100, 50.0))
    assert not window.urgent_is_stuck(50.0 + stuck_after_s - 0.1)
    assert window.urgent_is_stuck(50.0 + stuck_after_s)
    window.clear()
    window.add(Flight("urgent", RangeSet([(1, 1)]), 100, 70.0))
    assert not window.urgent_is_stuck(89.9), "on a line that is just that bad it would never get through"
    assert window.urgent_is_stuck(90.0)
    window.arrived(window.flights[0], 95.0)
    assert not window.urgent_is_stuck(1000.0)
    window.add(Flight("urgent", RangeSet([(2, 2)]), 100, 1000.0))
    assert window.urgent_is_stuck(1010.0)


def test_no_call_for_help_no_new_connection():
    window = Window(30)
    window.add(Flight("media", RangeSet([(1, 1)]), 100, 0.0))
    window.add(Flight("alarm", RangeSet([(1, 1)]), 100, 0.0))
    assert not window.urgent_is_stuck(1e6)


class Anything(RuleBasedStateMachine):
    """Counts and bytes are those of what is in flight, whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.window = Window(30)
        self.now = 1.0
        self.next = 1

    @rule(size=st.integers(1, 70_000), lane=st.sampled_from(["urgent", "alarm", "media"]), rows=st.integers(1, 5))
    def send(self, size, lane, rows):
        if lane != "urgent" and not self.window.has_room(size):
            return
        self.window.add(Flight(lane, RangeSet([(self.next, self.next + rows - 1)]), size))
        self.next += rows

    @precondition(lambda self: self.window.flights)
    @rule(data=st.data())
    def puback(self, data):
        self.window.arrived(data.draw(st.sampled_from(self.window.flights)), self.now)

    @rule(first=st.integers(1, 60), length=st.integers(0, 9), lane=st.sampled_from(["urgent", "alarm", "media"]))
    def answer(self, first, length, lane):
        self.window.settled(lane, [(first, first + length)], self.now)

    @rule(seconds=st.floats(0.1, 1000))
    def wait(self, seconds):
        self.now += seconds
        due = self.window.due(self.now)
        if due is not None:
            arrived_ = [each for each in self.window.flights if each.puback_at is not None]
            assert due is arrived_[0]
            self.window.remove(due)

    @rule()
    def reconnect(self):
        self.window.clear()

    @invariant()
    def the_limits_hold(self):
        counted = [each for each in self.window.flights if each.lane != "urgent"]
        assert self.window._count == len(counted) <= MAX_MESSAGES
        assert self.window._bytes == sum(each.size for each in counted)
        assert len(counted) == 1 or self.window._bytes <= MAX_BYTES
        assert all(each.rows for each in self.window.flights)


TestAnything = Anything.TestCase
