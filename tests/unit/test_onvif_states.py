"""Only a change of value is an alarm, whatever a camera repeats, renames or forgets; a restart changes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.onvif.notifications import Notification
from drivers.onvif.states import States
from drivers.onvif.vocabulary import interpret

MOTION = "tns1:VideoSource/MotionAlarm"
LINE = "tns1:RuleEngine/LineDetector/Crossed"
FIELD = "tns1:RuleEngine/FieldDetector/ObjectsInside"
NOON = datetime(2024, 5, 25, 12, tzinfo=UTC)


def message(value, *, topic=MOTION, operation="Changed", source=None, key=None, time=NOON, name="State"):
    return Notification(topic, operation, source or {"Source": "1"}, key or {}, {name: value}, time)


def feed(states, *messages, now_s=0.0):
    """What the messages change: [(change, at_start), …]."""
    told = []
    for one in messages:
        for signal in interpret(one):
            for step in states.plan_all(one, signal, now_s):
                if step.change:
                    told.append((step.change, step.at_start))
                states.apply(step)
    return told


def test_on_and_off():
    states = States()
    assert feed(states, message("false", operation="Initialized")) == []
    assert feed(states, message("true"), message("true"), message("true")) == [("start", False)]
    assert feed(states, message("false"), message("false")) == [("end", False)]


def test_a_first_true_was_on_already():
    assert feed(States(), message("true", operation="Initialized")) == [("start", True)]
    assert feed(States(), message("true", operation="Changed")) == [("start", False)]


def test_changes_sent_as_initialized():
    states = States()
    states.end_sync()
    sent = [message(value, operation="Initialized") for value in ("false", "true", "true", "false", "true")]
    assert feed(states, *sent) == [("start", False), ("end", False), ("start", False)]


def test_an_empty_message_ends_all_states_of_its_topic():
    states = States()
    feed(states, message("true"), message("true", source={"Source": "2"}), message("true", topic=FIELD))
    empty = Notification(MOTION, "", {}, {}, {}, None)
    assert feed(states, empty, empty) == [("end", False), ("end", False)]
    assert len(states.lit) == 1


def test_sources_are_told_apart_whatever_their_order():
    states = States()
    assert feed(states, message("true", source={"a": "1", "b": "2"})) == [("start", False)]
    assert feed(states, message("true", source={"b": "2", "a": "1"})) == []
    assert feed(states, message("true", source={"a": "1", "b": "3"})) == [("start", False)]


def test_planning_changes_nothing_until_applied():
    states = States()
    one = message("true")
    (signal,) = interpret(one)
    assert states.plan(one, signal, 0.0).change == "start"
    assert states.plan(one, signal, 0.0).change == "start"
    step = states.plan(one, signal, 0.0)
    assert States.load(states.dump(step)).lit == [*States.load(states.dump()).lit, *States.load(states.dump(step)).lit]
    states.apply(step)
    assert states.plan(one, signal, 0.0).change is None


def test_restart_while_on_raises_nothing_twice():
    states = States()
    feed(states, message("true"))
    again = States.load(states.dump())
    assert feed(again, message("true", operation="Initialized")) == []
    assert feed(again, message("false")) == [("end", False)]


def test_restart_with_off_in_between_ends_it():
    states = States()
    feed(states, message("true"))
    again = States.load(states.dump())
    assert feed(again, message("false", operation="Initialized")) == [("end", False)]
    assert States.load(again.dump()).lit == []


def test_deleted_ends():
    states = States()
    feed(states, message("true"))
    assert feed(states, message("true", operation="Deleted")) == [("end", False)]
    assert feed(states, message("true", operation="Deleted")) == []


def test_pulses_repeat_only_as_pulses():
    states = States()
    first, second = (message(number, topic=LINE, operation="", name="ObjectId") for number in ("1", "2"))
    assert feed(states, first, first, first) == [("pulse", False)]
    assert feed(states, second) == [("pulse", False)]
    later = message("2", topic=LINE, operation="", name="ObjectId", time=NOON.replace(second=9))
    assert feed(states, later) == [("pulse", False)]


def test_a_pulse_without_a_sound_time_repeats_after_a_moment():
    states = States()
    pulse = message("1", topic=LINE, operation="", name="ObjectId", time=None)
    assert feed(states, pulse, pulse) == [("pulse", False)]
    assert feed(states, pulse, now_s=60.0) == [("pulse", False)]


def test_how_a_counter_stands_is_no_event():
    states = States()
    counter = {"topic": "tns1:RuleEngine/CountAggregation/Counter", "name": "Count"}
    assert feed(states, message("4", operation="Initialized", **counter)) == []
    assert feed(states, message("5", **counter)) == [("pulse", False)]
    assert feed(states, message("5", operation="Initialized", **counter)) == []


def test_endless_names_stay_bounded():
    states = States(limit=8)
    told = feed(states, *(message("true", source={"Source": str(number)}) for number in range(100)))
    assert len(told) == 8
    assert len(states.lit) == 8
    feed(states, *(message("false", source={"Source": str(number)}) for number in range(1000)))
    assert states.lit == []
    assert feed(states, message("true", source={"Source": "new"})) == [("start", False)]


def test_a_refused_state_says_so():
    states = States(limit=1)
    feed(states, message("true"))
    other = message("true", source={"Source": "2"})
    assert states.plan(other, interpret(other)[0], 0.0).refused


def test_an_object_that_went_unseen_is_ended():
    states = States()
    one = message("true", topic=FIELD, name="IsInside", key={"ObjectId": "7"})
    two = message("true", topic=FIELD, name="IsInside", key={"ObjectId": "8"})
    feed(states, one, two, message("true"))
    again = States.load(states.dump())
    again.begin_sync()
    feed(again, two._replace(operation="Initialized"))
    ended = list(again.unconfirmed(0.0))
    assert [(step.change, step.kind, step.identity.key) for step in ended] == [
        ("end", "intrusion", (("ObjectId", "7"),))
    ]
    again.apply(ended[0])
    assert list(again.unconfirmed(0.0)) == []
    assert len(again.lit) == 2


@pytest.mark.parametrize("rubbish", [None, b"", b"[", b'{"a": 1}', b"[[1,2]]", b"\xff"])
def test_a_spoilt_memory_counts_as_none(rubbish):
    assert States.load(rubbish).lit == []


VALUES = st.sampled_from(["true", "false"])
SENT = st.tuples(VALUES, st.sampled_from(["Initialized", "Changed", ""]), st.sampled_from(["1", "2"]), st.booleans())


@given(st.lists(SENT, max_size=40))
def test_starts_and_ends_alternate_over_any_restarts(sent):
    states = States()
    on = {"1": False, "2": False}
    for value, operation, source, restart in sent:
        if restart:
            states = States.load(states.dump())
        told = feed(states, message(value, operation=operation, source={"Source": source}))
        wanted = value == "true"
        assert [change for change, _ in told] == ([] if wanted == on[source] else ["start" if wanted else "end"])
        on[source] = wanted
