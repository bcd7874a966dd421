"""What is sent next: urgent, live, backlog, higher lanes first; nothing offered is ever forgotten."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edgeagent.outbox import Row
from edgeagent.uplink.message import Message
from edgeagent.uplink.queue import MAX_LIVE_ROWS, Queue
from gridwire.events import EVENT_LANES, LANES


def row(lane, n):
    return Row(lane, n, "stream", n, b"{}")


def nothing():
    return {lane: [] for lane in LANES}


def test_live_goes_by_lane_and_media_is_never_live():
    queue = Queue()
    queue.offer([row("reading", 1), row("record", 1), row("media", 1), row("alarm", 1), row("urgent", 1)])
    order = []
    while (turn := queue.next(EVENT_LANES)) is not None:
        order.append((*turn, queue.live[turn[0]].popleft().n))
    assert order == [("urgent", True, 1), ("alarm", True, 1), ("record", True, 1), ("reading", True, 1)]
    assert list(queue.todo["media"]) == [1]


def test_a_call_for_help_that_waited_goes_before_a_reading_of_now_and_an_alarm_that_waited_after_it():
    queue = Queue()
    queue.restart(nothing() | {"urgent": [(1, 1)], "alarm": [(1, 1)]})
    queue.offer([row("urgent", 2), row("reading", 1)])
    order = []
    while (turn := queue.next(EVENT_LANES)) is not None:
        lane, live = turn
        order.append((lane, queue.live[lane].popleft().n if live else next(iter(queue.todo[lane]))))
        if not live:
            queue.settled(lane, 1, 1)
    assert order == [("urgent", 2), ("urgent", 1), ("reading", 1), ("alarm", 1)]


def test_a_new_connection_makes_everything_unsettled_backlog():
    queue = Queue()
    queue.offer([row("alarm", 7)])
    queue.restart(nothing() | {"alarm": [(3, 7)], "record": [(1, 1)]})
    assert queue.next(EVENT_LANES) == ("alarm", False)
    assert list(queue.todo["alarm"]) == [3, 4, 5, 6, 7]


def test_too_many_live_rows_become_backlog():
    queue = Queue()
    queue.offer(row("alarm", n) for n in range(1, MAX_LIVE_ROWS + 11))
    assert len(queue.live["alarm"]) == MAX_LIVE_ROWS
    assert list(queue.todo["alarm"].runs()) == [(MAX_LIVE_ROWS + 1, MAX_LIVE_ROWS + 10)]


def test_what_is_held_back_does_not_hold_the_rows_between_its_own():
    queue = Queue()
    queue.restart(nothing() | {"alarm": [(1, 9)]})
    suspect = Message("alarm", [row("alarm", n) for n in (2, 3, 7)], "topic", b"", "")
    queue.hold_back("alarm", suspect.numbers().runs())
    assert list(queue.todo["alarm"]) == [1, 4, 5, 6, 8, 9]


def test_after_a_silence_what_waited_is_no_longer_live():
    queue = Queue()
    queue.offer([row("alarm", 1), row("alarm", 2), row("record", 1)])
    queue.demote()
    assert queue.next(EVENT_LANES) == ("alarm", False)
    assert list(queue.todo["alarm"].runs()) == [(1, 2)]


class Anything(RuleBasedStateMachine):
    """However commits, refusals and acknowledgements mix: queued is exactly what was offered and is not settled."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.next = dict.fromkeys(LANES, 1)
        self.wanted = {lane: set() for lane in LANES}
        self.settled = {lane: set() for lane in LANES}

    @rule(lane=st.sampled_from(LANES), count=st.integers(1, 5))
    def commit(self, lane, count):
        rows = [row(lane, self.next[lane] + index) for index in range(count)]
        self.next[lane] += count
        self.queue.offer(rows)
        self.wanted[lane] |= {each.n for each in rows}

    @rule(lane=st.sampled_from(LANES), first=st.integers(1, 20), length=st.integers(0, 5))
    def settle(self, lane, first, length):
        self.queue.settled(lane, first, first + length)
        # What is still live was never sent, so nobody can have acknowledged it.
        live = {each.n for each in self.queue.live.get(lane, ())}
        self.wanted[lane] -= set(range(first, first + length + 1)) - live

    @rule(lane=st.sampled_from(LANES), first=st.integers(1, 20), length=st.integers(0, 5))
    def again(self, lane, first, length):
        self.queue.again(lane, [(first, first + length)])
        self.wanted[lane] |= set(range(first, first + length + 1))

    @rule()
    def demote(self):
        self.queue.demote()

    @rule()
    def reconnect(self):
        self.queue.restart({lane: [(n, n) for n in sorted(self.wanted[lane])] for lane in LANES})

    @invariant()
    def nothing_is_forgotten(self):
        for lane in LANES:
            live = {each.n for each in self.queue.live.get(lane, ())}
            assert live | set(self.queue.todo[lane]) == self.wanted[lane]

    @invariant()
    def higher_lanes_come_first(self):
        queued = [(lane, rows is self.queue.live) for rows in (self.queue.live, self.queue.todo)
                  for lane in EVENT_LANES if rows[lane]]  # fmt: skip
        queued.sort(key=lambda turn: turn[0] != "urgent")
        assert self.queue.next(EVENT_LANES) == (queued[0] if queued else None)


TestAnything = Anything.TestCase
