"""Which alarms of a device that POSTs are on: starts and ends alternate, whatever is repeated, lost or restarted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.webhook.said import Said
from drivers.webhook.states import MAX_LIT, MAX_SEEN, States

CLEAR_S = 30.0
MESSAGES = st.builds(
    Said,
    name=st.sampled_from(["VMD", "IO"]),
    state=st.sampled_from(["on", "off", "pulse"]),
    source=st.sampled_from(["1", "2"]),
    id=st.sampled_from(["", "a", "b"]),
)
STEPS = st.lists(st.tuples(MESSAGES, st.floats(0, 60), st.booleans()), max_size=40)


def play(steps, *, restarts):
    """(change, name, source) of everything that is stored. `restarts`: the memory is written and read where marked."""
    states, memory, now_s, told = States(None, CLEAR_S, 0.0), None, 0.0, []
    for said, pause_s, again in steps:
        if restarts and again:
            states = States(memory, CLEAR_S, now_s)
        for begin_s, steps_now in ((now_s, [states.plan(said, "motion", now_s)]), (now_s + pause_s, None)):
            now_s = begin_s
            for step in states.due(now_s) if steps_now is None else steps_now:
                if step.change:
                    memory = states.dump_after(step)
                    states.apply(step, now_s)
                    told.append((step.change, step.lit.name, step.lit.source))
    return told


@given(STEPS)
def test_starts_and_ends_of_one_alarm_alternate(steps):
    told = play(steps, restarts=False)
    for key in {each[1:] for each in told}:
        edges = [change for change, *rest in told if tuple(rest) == key and change != "pulse"]
        assert edges == ["start", "end"] * (len(edges) // 2) + ["start"] * (len(edges) % 2)


@given(STEPS)
def test_a_restart_changes_nothing(steps):
    still = [(said, 0.0, again) for said, _, again in steps]
    assert play(still, restarts=True) == play([(said, 0.0, False) for said, *_ in still], restarts=False)


def test_a_repeat_puts_the_end_off():
    states, on = States(None, CLEAR_S, 0.0), Said("VMD", "on")
    states.apply(states.plan(on, "motion", 0.0), 0.0)
    assert states.plan(on, "motion", 20.0).change is None
    assert (states.due(49.0), states.next_due_s()) == ([], 50.0)
    assert [step.change for step in states.due(50.0)] == ["end"]


def test_a_planned_step_changes_nothing_until_it_is_stored():
    states, on = States(None, CLEAR_S, 0.0), Said("VMD", "on", id="7")
    assert [states.plan(on, "motion", 0.0).change for _ in range(2)] == ["start", "start"]
    assert states.lit == ()


def test_a_device_that_invents_sources_fills_nothing():
    states = States(None, CLEAR_S, 0.0)
    for number in range(MAX_LIT + 10):
        states.apply(states.plan(Said("VMD", "on", source=str(number), id=str(number)), "motion", 0.0), 0.0)
    assert len(states.lit) == MAX_LIT
    assert states.plan(Said("VMD", "on", source="one more"), "motion", 0.0).change == "pulse"
    memory = states.dump_after(states.plan(Said("VMD", "off", source="0"), "motion", 0.0))
    assert len(States(memory, CLEAR_S, 0.0).lit) == MAX_LIT - 1
    assert memory.count(b'"') < 2 * (4 * MAX_LIT + MAX_SEEN)


def test_what_is_known_by_its_content_needs_a_time():
    states = States(None, CLEAR_S, 0.0)
    for said, changes in (
        (Said("door", "pulse"), ["pulse", "pulse"]),
        (Said("door", "pulse", time="t"), ["pulse", None]),
    ):
        told = []
        for _ in range(2):
            step = states.plan(said, "door", 0.0)
            told.append(step.change)
            if step.change:
                states.apply(step, 0.0)
        assert told == changes
