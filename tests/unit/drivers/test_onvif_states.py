"""Only a change of value is an alarm, whatever a camera repeats, renames or forgets; a restart changes nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.onvif.notifications import Notification
from drivers.onvif.states import MAX_OBJECTS, RENEW_S, States
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


def test_an_empty_message_ends_a_person_who_is_there_and_is_a_pulse_otherwise():
    states = States()
    topic = "tns1:UserAlarm/IVA/HumanShapeDetect"
    empty = Notification(topic, "", {}, {}, {}, None)
    assert feed(states, message("true", topic=topic), empty) == [("start", False), ("end", False)]
    assert feed(states, empty) == [("pulse", False)]


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


def told_again(states):
    """Ends that are due when the camera has told how everything stands."""
    return [(step.change, step.kind) for step in states.unconfirmed(0.0)]


def resynced(states, *initialized):
    states = States.load(states.dump())
    states.begin_sync()
    feed(states, *(one._replace(operation="Initialized") for one in initialized))
    return states


TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"


def test_a_rule_that_the_camera_no_longer_names_is_over():
    states = States()
    tampered = message("true", topic=TAMPER, name="IsTamper")
    feed(states, tampered._replace(operation="Initialized"), message("false", operation="Initialized"))
    again = resynced(states, message("false"))
    assert told_again(again) == [("end", "tamper")]


def test_one_that_it_names_as_on_is_not():
    states = States()
    tampered = message("true", topic=TAMPER, name="IsTamper", operation="Initialized")
    feed(states, tampered)
    assert told_again(resynced(states, tampered, message("false"))) == []


def test_silence_of_a_camera_that_tells_nothing_at_the_start_ends_nothing():
    states = States()
    feed(states, message("true", topic=TAMPER, name="IsTamper"))
    assert told_again(resynced(states)) == []
    # Also one that has told it in the past: whether it still tells at the start, nobody knows.
    feed(told := States(), message("true", topic=TAMPER, name="IsTamper", operation="Initialized"))
    assert told_again(resynced(told)) == []
    # It names other things at the start, and has never named this one: some topics are only ever sent as changes.
    assert told_again(resynced(states, message("false"))) == []


def test_told_is_remembered_when_it_is_told_later():
    states = States()
    tampered = message("true", topic=TAMPER, name="IsTamper")
    feed(states, tampered, tampered._replace(operation="Initialized"))
    assert told_again(resynced(states, message("false"))) == [("end", "tamper")]


def test_what_a_release_before_remembered_is_read():
    assert (
        States.load(b'[[["VideoSource/MotionAlarm",[["Source","1"]],[],"State"],"motion","","t"]]').lit[0].told is False
    )


def test_both_names_of_a_video_source_are_one():
    states = States()
    at_first = message("true", source={"VideoSourceConfigurationToken": "vsconf"}, operation="Initialized")
    then = message("false", source={"VideoSourceConfigurationToken": "VideoSourceToken"})
    assert feed(states, at_first, then) == [("start", True), ("end", False)]


def test_started_by_one_topic_and_ended_by_another():
    states = States()
    begun, over = (
        Notification(f"a:VideoAnalytics/Intrusion{phase}", "Changed", {"Rule": "1"}, {}, {}, NOON)
        for phase in ("Started", "Ended")
    )
    assert feed(states, begun, begun, over, over) == [("start", False), ("end", False)]


def test_who_comes_again_without_having_gone_has_come_again():
    states = States()
    human = message("true", topic="tns1:UserAlarm/IVA/HumanShapeDetect")
    assert feed(states, human) == [("start", False)]
    assert feed(states, human, now_s=15.0) == []
    assert feed(states, human, now_s=RENEW_S) == []
    assert feed(states, human, now_s=2 * RENEW_S) == [("end", False), ("start", False)]
    assert len(states.lit) == 1
    assert feed(states, human._replace(operation="Initialized"), now_s=9 * RENEW_S) == []


def test_what_lasts_is_not_new_when_it_is_said_again():
    states = States()
    tampered = message("true", topic=TAMPER, name="IsTamper")
    assert feed(states, tampered) == [("start", False)]
    assert feed(states, tampered, now_s=9 * RENEW_S) == []


def test_objects_that_never_go_give_way_to_those_that_come():
    states = States()
    sent = [message("true", topic=FIELD, name="IsInside", key={"ObjectId": str(n)}) for n in range(MAX_OBJECTS + 3)]
    told = feed(states, *sent, message("true"))
    assert told.count(("start", False)) == MAX_OBJECTS + 4
    assert told.count(("end", False)) == 3
    (end, start) = states.plan_all(sent[0], interpret(sent[0])[0], 0.0)
    assert (end.change, end.aside, dict(end.identity.key)) == ("end", True, {"ObjectId": "3"})
    assert (start.change, start.aside, dict(start.identity.key)) == ("start", False, {"ObjectId": "0"})
    assert len(states.lit) == MAX_OBJECTS + 1


def test_deleted_without_data_ends_what_it_names():
    states = States()
    one, two = (message("true", topic=FIELD, name="IsInside", key={"ObjectId": number}) for number in "78")
    feed(states, one, two)
    assert feed(states, Notification(FIELD, "Deleted", {"Source": "2"}, {}, {}, None)) == []
    assert feed(states, one._replace(operation="Deleted", data={})) == [("end", False)]
    assert feed(states, Notification(FIELD, "Deleted", {"Source": "1"}, {}, {}, None)) == [("end", False)]


def test_classes_come_and_go_each_for_itself():
    states = States()
    topic = "tns1:RuleEngine/ObjectDetection/Object"
    sent = [message(text, topic=topic, name="ClassTypes") for text in ("Human", "Human Vehicle", "Vehicle", "", "")]
    told = [feed(states, one) for one in sent]
    start, end = ("start", False), ("end", False)
    assert told == [[start], [start], [end], [end], []]


def test_a_pulse_that_comes_at_once_with_another_time_is_the_same():
    states = States()
    crossed = [
        message("0", topic=LINE, operation="", name="ObjectId", time=NOON.replace(second=second))
        for second in (0, 1, 4, 5, 6, 20)
    ]
    assert len(feed(states, *crossed)) == 3


def test_a_first_pulse_called_initialized_counts_once_the_camera_has_told_how_it_stands():
    crossed = message("0", topic=LINE, operation="Initialized", name="ObjectId")
    states = States()
    assert feed(states, crossed) == []
    states.end_sync()
    assert feed(states, crossed) == []
    assert feed(states, crossed._replace(time=NOON.replace(minute=1))) == [("pulse", False)]
    fresh = States()
    fresh.end_sync()
    assert feed(fresh, crossed) == [("pulse", False)]


def test_a_reading_that_nobody_knows_is_not_told_each_second():
    states = States()
    sent = [message(str(number), topic="v:Cabinet/Humidity", name="Percent", operation="") for number in range(100)]
    told = [feed(states, one, now_s=float(second)) for second, one in enumerate(sent)]
    assert [bool(one) for one in told].count(True) == 2


def test_the_same_count_is_no_news():
    states = States()
    counter = {"topic": "tns1:RuleEngine/CountAggregation/Counter", "name": "Count"}
    counts = [message(value, time=NOON.replace(minute=n), **counter) for n, value in enumerate("0011122")]
    assert len(feed(states, *counts)) == 3


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


ANY = st.builds(
    Notification,
    st.sampled_from([MOTION, LINE, FIELD, TAMPER, "tns1:RuleEngine/ObjectDetection/Object", "v:Any"]),
    st.sampled_from(["Initialized", "Changed", "Deleted", ""]),
    st.dictionaries(st.sampled_from(["Source", "Rule"]), st.sampled_from("12"), max_size=2),
    st.dictionaries(st.just("ObjectId"), st.sampled_from("123456"), max_size=1),
    st.dictionaries(
        st.sampled_from(["State", "IsMotion", "ClassTypes", "ObjectId", "Count"]),
        st.sampled_from(["true", "false", "", "Human", "Human Vehicle", "7"]),
        max_size=2,
    ),
    st.sampled_from([None, NOON, NOON.replace(second=30)]),
)


@given(st.lists(st.tuples(ANY, st.integers(0, 400), st.sampled_from(["", "restart", "begin", "end"])), max_size=60))
def test_no_two_starts_or_ends_follow_each_other_whatever_comes(sent):
    states = States(limit=5)
    on, now_s = set(), 0.0
    for one, later_s, happens in sent:
        now_s += later_s
        if happens == "restart":
            states = States.load(states.dump(), limit=5)
        if happens == "begin":
            states.begin_sync()
        steps = (
            [step for signal in interpret(one) for step in states.plan_all(one, signal, now_s)] if not happens else []
        )
        if happens == "end":
            steps = list(states.unconfirmed(now_s))
            states.end_sync()
        for step in steps:
            if step.change == "start":
                assert step.identity not in on
                on.add(step.identity)
            elif step.change == "end":
                on.remove(step.identity)
            assert {lit.identity for lit in States.load(states.dump(step), limit=9).lit} == on
            states.apply(step)
        assert {lit.identity for lit in states.lit} == on
        assert len(on) <= 5
