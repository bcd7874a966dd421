"""What rules hold back: starts for their minimum duration, ends for the gap in which the alarm may go on."""

from datetime import UTC, datetime, timedelta

import pytest

from edgeagent.config import RuleSettings
from edgeagent.rules import MAX_HELD, RuleMemory, Rules
from edgeagent.rules.decide import TELL_AGAIN_S
from edgeagent.rules.dryrun import DryRun
from edgeagent.rules.memory import MAX_STANDING
from gridwire.events import Alarm

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
VIDEO, CELL = "tns1:VideoSource/MotionAlarm", "tns1:RuleEngine/CellMotionDetector/Motion"


def start(**what) -> Alarm:
    return Alarm(**{"kind": "motion", "state": "start", **what})


def end(**what) -> Alarm:
    return start(state="end", **what)


START, END = start(), end()


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def run(settings: RuleSettings, *steps: tuple[float, Alarm], until: float | None = None) -> DryRun:
    """Play steps; `until`: time goes on so far, else until nothing is held."""
    play = DryRun(Rules([settings], "UTC"))
    for at, alarm in steps:
        play.feed("cam", alarm, after(at))
    if until is None:
        play.finish()
    else:
        play.pass_time(after(until))
    return play


def whys(*args, **more) -> list[str]:
    return [outcome.why for outcome in run(*args, **more).outcomes]


LONG = RuleSettings(min_duration_s=5)
GAP = RuleSettings(merge_gap_s=10)


def test_a_start_that_ends_too_early_is_stored_no_more_than_its_end():
    play = run(LONG, (0, START), (4.9, END))
    assert [outcome.why for outcome in play.outcomes] == ["too-short", "too-short"]
    assert (play.released, play.memory.held) == ([], {})


def test_a_start_that_stands_is_stored_with_the_time_at_which_it_began():
    play = run(LONG, (0, START), (5.1, END), until=6)
    assert [outcome.why for outcome in play.outcomes] == ["stored", "stored"]
    (release,) = play.released
    assert (release.time, release.alarm, release.picture) == (NOON, START, True)


def test_nothing_else_needs_to_happen_for_it_to_be_stored():
    assert whys(LONG, (0, START), until=4.9) == ["held"]
    assert whys(LONG, (0, START), until=5) == ["stored"]


def test_the_times_of_the_device_count_not_when_the_news_came():
    play = DryRun(Rules([LONG], "UTC"))
    for lasted_s in (4.9, 5.1):
        play.feed("cam", START, after(60), happened=after(50))
        play.feed("cam", END, after(60.2), happened=after(50 + lasted_s))
    assert [outcome.why for outcome in play.outcomes] == ["too-short", "too-short", "stored", "stored"]
    late = DryRun(Rules([LONG], "UTC"))
    late.feed("cam", START, after(0))
    late.feed("cam", END, after(9), happened=after(2))
    assert [outcome.why for outcome in late.outcomes] == ["too-short", "too-short"]


def test_severity_is_what_the_rule_said_when_it_began_and_it_wants_a_picture_if_the_rule_does():
    play = run(RuleSettings(min_duration_s=5, severity="critical", picture=False), (0, START))
    assert [(release.alarm.severity, release.picture) for release in play.released] == [("critical", False)]


def test_pulses_and_urgent_kinds_never_wait():
    both = RuleSettings(min_duration_s=60, merge_gap_s=60)
    assert whys(both, (0, start(state="pulse")), until=0) == ["stored"]
    for kind in ("fire", "smoke"):
        assert whys(both, (0, start(kind=kind)), (1, end(kind=kind)), until=1) == ["stored", "stored"]


def test_the_cooldown_runs_from_the_start_that_was_held_and_stored():
    rule = RuleSettings(min_duration_s=5, cooldown_s=60)
    assert whys(rule, (0, START), (6, END), (59, START), (60, END), (61, START), (70, END)) == [
        "stored", "stored", "cooldown", "not-started", "stored", "stored",
    ]  # fmt: skip
    assert whys(rule, (0, START), (1, END), (2, START), (9, END)) == ["too-short", "too-short", "stored", "stored"]


def test_flapping_is_one_alarm_that_tells_how_often():
    steps = [(0, START), (2, END), (5, START), (6, END), (15.9, START), (16, END)]
    play = run(GAP, *steps)
    assert [outcome.why for outcome in play.outcomes] == ["stored", "merged", "merged", "merged", "merged", "stored"]
    (release,) = play.released
    assert (release.time, release.alarm.state, release.alarm.detail) == (after(16), "end", {"merged": "2"})


def test_after_the_gap_it_is_another_alarm():
    assert whys(GAP, (0, START), (1, END), (11, START), (12, END)) == ["stored"] * 4
    assert "merged" not in run(GAP, (0, START), (1, END)).released[0].alarm.detail


def test_the_same_motion_told_under_two_topics_is_one_alarm_that_ends_with_the_last():
    steps = [
        (0, start(topic=VIDEO, source="src-1")),
        (0.2, start(topic=CELL, source="MyRule")),
        (4, end(topic=VIDEO, source="src-1")),
        (5, end(topic=CELL, source="MyRule")),
    ]
    assert whys(RuleSettings(merge_gap_s=0), *steps) == ["stored", "merged", "merged", "stored"]
    assert whys(RuleSettings(), *steps) == ["stored"] * 4
    assert whys(RuleSettings(merge_gap_s=0, merge_by="source"), *steps) == ["stored"] * 4


@pytest.mark.parametrize("rule", [RuleSettings(merge_gap_s=0), RuleSettings(merge_gap_s=9, min_duration_s=1)])
def test_an_end_that_does_not_wait_tells_how_often_too(rule):
    memory, rules = RuleMemory(), Rules([rule], "UTC")
    memory.held_limit = 0
    first, second = start(topic=VIDEO), start(topic=CELL)
    ends = [end(topic=VIDEO, detail={"a": "b"}), end(topic=CELL)]
    decided = [rules.decide("cam", alarm, after(5), memory) for alarm in (first, second, ends[1], ends[0], first)]
    assert [decision.merged for decision in decided] == [0, 0, 0, 1, 0]
    assert decided[3].applied(ends[0]).detail == {"a": "b", "merged": "1"}


def test_a_part_that_begins_while_the_first_is_held_keeps_it_standing():
    rule = RuleSettings(min_duration_s=5, merge_gap_s=0)
    first, second = {"topic": VIDEO}, {"topic": CELL}
    assert whys(rule, (0, start(**first)), (3, start(**second)), (4, end(**first)), until=5) == [
        "stored", "merged", "merged",
    ]  # fmt: skip
    assert whys(rule, (0, start(**first)), (3, start(**second)), (4, end(**first)), (4.5, end(**second))) == [
        "too-short", "merged", "merged", "too-short",
    ]  # fmt: skip


def test_inputs_are_merged_each_for_itself_unless_the_rule_says_otherwise():
    one, two = {"kind": "door", "source": "1"}, {"kind": "door", "source": "2"}
    steps = [(0, start(**one)), (1, start(**two)), (2, end(**one)), (3, end(**two))]
    assert whys(GAP, *steps) == ["stored"] * 4
    assert whys(RuleSettings(merge_gap_s=10, merge_by="kind"), *steps) == ["stored", "merged", "merged", "stored"]


def test_the_end_of_a_part_that_never_counted_ends_nothing():
    rule = RuleSettings(merge_gap_s=0, armed=("04:00-04:01",))
    steps = [(0, start(source="a")), (61, start(source="b")), (62, end(source="b")), (63, end(source="a"))]
    assert whys(rule, *steps) == ["stored", "disarmed", "not-started", "stored"]


def test_an_alarm_that_is_never_ended_does_not_silence_for_ever():
    play = run(GAP, (0, start(topic="forgets its end")), *((at, START) for at in range(600, 7500, 600)))
    told = [outcome.time for outcome in play.outcomes if outcome.why == "stored"]
    assert told == [after(0), after(TELL_AGAIN_S), after(2 * TELL_AGAIN_S)]


def test_a_clock_that_was_set_back_holds_nothing_back():
    assert whys(LONG, (0, START), until=-3600) == ["stored"]
    play = run(GAP, (0, START), (1, END), until=-3600)
    assert play.outcomes[-1].why == "stored"


def test_a_rule_that_changes_meanwhile_loses_no_end():
    for before, later in ((GAP, RuleSettings()), (RuleSettings(), GAP), (LONG, RuleSettings()), (GAP, LONG)):
        memory = RuleMemory()
        first = Rules([before], "UTC")
        first.decide("cam", start(source="x"), NOON, memory)
        first.release(memory, after(5))
        then = Rules([later], "UTC")
        decided = then.decide("cam", end(source="x"), after(20), memory).why
        assert decided == "stored" or then.release(memory, after(40)).alarm.state == "end"
        assert then.decide("cam", end(source="x"), after(50), memory).why == "not-started"


def test_what_is_held_is_bounded_and_what_comes_then_does_not_wait():
    memory, rules = RuleMemory(), Rules([RuleSettings(min_duration_s=60)], "UTC")
    decided = [rules.decide("cam", start(source=str(n)), after(n / 1000), memory).why for n in range(MAX_HELD + 50)]
    assert decided == ["held"] * MAX_HELD + ["stored"] * 50
    assert len(memory.held) == MAX_HELD
    assert all(memory.seen(key) for key in memory.held)


def test_very_many_parts_of_one_alarm_end_with_the_first():
    many = [start(object=str(n)) for n in range(MAX_STANDING + 1)]
    steps = [*((n / 100, alarm) for n, alarm in enumerate(many)), (5, end(object="3")), (6, end(object="4"))]
    decided = whys(RuleSettings(merge_gap_s=0), *steps)
    assert decided == ["stored"] + ["merged"] * MAX_STANDING + ["stored", "not-started"]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_memory_holds_no_more_than_it_may(limit):
    memory, rules = RuleMemory(), Rules([LONG], "UTC")
    memory.held_limit = limit
    decided = [rules.decide("cam", start(source=source), NOON, memory).why for source in "ab"]
    assert decided == [["stored", "stored"], ["held", "stored"]][limit]
