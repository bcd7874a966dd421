"""What holds for every sequence of alarms, pauses and restarts, under every configuration."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from edgeagent.config import RuleSettings
from edgeagent.rules import MAX_ENTRIES, MAX_HELD, SUPPRESSIONS, RuleMemory, Rules
from edgeagent.rules.decide import LATE_S
from edgeagent.rules.dryrun import DryRun
from edgeagent.rules.memory import Part
from gridwire.events import Alarm

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
START, END = (Alarm(kind="motion", state=state) for state in ("start", "end"))
PAUSE = "pause"

hours = st.tuples(*[st.integers(0, 23), st.integers(0, 59)] * 2).filter(lambda t: t[:2] != t[2:])
spans = st.tuples(st.sampled_from(["", "Sat,Sun ", "周一-周五 "]), hours).map(
    lambda both: both[0] + "{:02}:{:02}-{:02}:{:02}".format(*both[1])
)
holding = {
    "min_duration_s": st.none() | st.sampled_from([0.0, 1.0, 5.0, 60.0]),
    "merge_gap_s": st.none() | st.sampled_from([0.0, 1.0, 10.0, 60.0]),
    "merge_by": st.none() | st.sampled_from(["kind", "source"]),
}
rule_settings = st.builds(
    RuleSettings,
    devices=st.sampled_from([(), ("a",), ("b",)]),
    kinds=st.sampled_from([(), ("motion",), ("sound",)]),
    armed=st.none() | st.lists(spans, max_size=2).map(tuple),
    cooldown_s=st.none() | st.integers(0, 300).map(float),
    severity=st.none() | st.sampled_from(["info", "critical"]),
    picture=st.none() | st.booleans(),
    drop=st.none() | st.booleans(),
    **holding,
)
alarms = st.builds(
    Alarm,
    kind=st.sampled_from(["motion", "sound", "fire"]),
    state=st.sampled_from(["start", "end", "pulse"]),
    source=st.sampled_from(["", "2"]),
    topic=st.sampled_from(["", "T"]),
)
pauses = st.sampled_from([0, 0.2, 0.9, 4, 6, 11, 61, 400, 4000]) | st.integers(-600, 7200)
steps = st.lists(st.tuples(st.sampled_from("ab"), alarms | st.just(PAUSE), pauses), max_size=40)
forward = st.lists(
    st.tuples(st.sampled_from("ab"), alarms | st.just(PAUSE), pauses.filter(lambda s: s >= 0)), max_size=40
)


class Told:
    """What would be stored, in order: alarms at once, and what was held when its time is over."""

    def __init__(self, ruled, *, restarts: bool = False) -> None:
        self.play = DryRun(Rules(ruled, "Asia/Shanghai"))
        self.stored: list[tuple[str, Alarm]] = []
        self._restarts, self._now, self._noted = restarts, NOON, 0

    def take(self, device, alarm, pause_s):
        self._now += timedelta(seconds=pause_s)
        if self._restarts:
            self.play.memory = RuleMemory.from_bytes(self.play.memory.to_bytes())
        decision = None
        if alarm is PAUSE:
            self.play.pass_time(self._now)
        else:
            decision = self.play.feed(device, alarm, self._now)
        self._note_released()
        if decision is not None and decision.store:
            self.stored.append((device, msgspec.structs.replace(alarm, severity=decision.severity)))
        return decision

    def _note_released(self):
        self.stored += [(one.held.device, one.alarm) for one in self.play.released[self._noted :]]
        self._noted = len(self.play.released)

    def played(self, sequence):
        for step in sequence:
            self.take(*step)
        return self

    def finish(self):
        self.play.finish()
        self._note_released()
        return self


def key(device, alarm):
    return device, alarm.kind


@given(st.lists(rule_settings, max_size=4), steps)
def test_every_stored_end_ends_a_stored_start_and_every_alarm_has_one_fate(ruled, sequence):
    told = Told(ruled).played(sequence).finish()
    opened: dict[tuple[str, str], int] = {}
    for device, alarm in told.stored:
        if alarm.state == "start":
            opened[key(device, alarm)] = opened.get(key(device, alarm), 0) + 1
        elif alarm.state == "end":
            assert opened.get(key(device, alarm), 0) > 0, "an end without a start"
            opened[key(device, alarm)] -= 1
    outcomes = told.play.outcomes
    assert {outcome.why for outcome in outcomes} <= {"stored", *SUPPRESSIONS}
    assert len(outcomes) == sum(1 for _, alarm, _ in sequence if alarm is not PAUSE)
    assert sum(outcome.why == "stored" for outcome in outcomes) == len(told.stored)
    assert not told.play.memory.held
    assert all(outcome.alarm.state != "end" for outcome in outcomes if outcome.picture)


few = st.builds(
    Alarm,
    kind=st.sampled_from(["motion", "door"]),
    state=st.sampled_from(["start", "end"]),
    source=st.sampled_from(["1", "2"]),
    topic=st.sampled_from(["T", "U"]),
)
short = st.lists(
    st.tuples(st.just("a"), few | st.just(PAUSE), st.sampled_from([0, 0.5, 2, 4, 6, 11, 400])), max_size=14
)


@limits(max_examples=400)
@given(st.fixed_dictionaries(holding), st.sampled_from([None, 3.0, 30.0]), short)
def test_what_stands_was_told_and_is_ended_when_nothing_stands(settings, cooldown_s, sequence):
    """Nothing that stands is lost or ended, whatever was merged or held; once nothing stands the end is told."""
    rule = RuleSettings(cooldown_s=cooldown_s, **settings)
    told, standing = Told([rule]), {}
    merges = rule.merge_gap_s is not None

    def alarm_of(alarm):
        by_kind = merges and (rule.merge_by or ("kind" if alarm.kind == "motion" else "source")) == "kind"
        return (alarm.kind,) if by_kind else (alarm.kind, alarm.source)

    for device, alarm, pause_s in sequence:
        decision = told.take(device, alarm, pause_s)
        if decision is not None and alarm.state == "start" and decision.why in ("stored", "held", "merged"):
            standing.setdefault(alarm_of(alarm), set()).add(Part.of(alarm))
        elif decision is not None and alarm.state == "end":
            standing.setdefault(alarm_of(alarm), set()).discard(Part.of(alarm))
    told.finish()
    last = {alarm_of(alarm): alarm.state for _, alarm in told.stored}
    for name, parts in standing.items():
        if parts:
            assert last.get(name) == "start" or (name in last and not merges)
        else:
            assert last.get(name, "end") == "end"


@given(st.lists(rule_settings, max_size=4), steps)
def test_a_restart_between_any_two_alarms_changes_nothing(ruled, sequence):
    once, again = Told(ruled), Told(ruled, restarts=True)
    for step in sequence:
        assert once.take(*step) == again.take(*step)
        assert once.play.memory == again.play.memory
    assert once.finish().play.outcomes == again.finish().play.outcomes


@given(st.fixed_dictionaries(holding), st.sampled_from([0.0, 30.0]), forward)
def test_a_start_that_lasts_is_never_lost(settings, cooldown_s, sequence):
    """After whatever has happened: an alarm that begins when all is quiet and stands long enough is stored."""
    told = Told([RuleSettings(cooldown_s=cooldown_s, **settings)]).played(sequence)
    for source in ("", "2"):
        for topic in ("", "T"):
            for kind in ("motion", "sound", "fire"):
                for device in "ab":
                    told.take(device, Alarm(kind=kind, state="end", source=source, topic=topic), 0.1)
    told.take("a", PAUSE, 7200)
    begins = Alarm(kind="motion", state="start", source="2", topic="T")
    decision = told.take("a", begins, 0)
    told.take("a", PAUSE, max(settings["min_duration_s"] or 0, LATE_S))
    assert decision.why in ("stored", "held")
    assert told.play.outcomes[-1].why == "stored"


@given(st.floats(1, 300), st.lists(st.floats(0, 200), max_size=20))
def test_two_stored_starts_are_never_closer_than_the_cooldown(cooldown_s, pauses):
    decide, memory, now_s, last_s = Rules([RuleSettings(cooldown_s=cooldown_s)], "UTC"), RuleMemory(), 0.0, None
    for pause_s in pauses:
        now_s += pause_s
        now = NOON + timedelta(seconds=now_s)
        if decide.decide("a", START, now, memory).store:
            assert last_s is None or now_s - last_s >= cooldown_s - 0.001
            last_s = now_s
        decide.decide("a", END, now, memory)


@limits(max_examples=20)
@given(st.fixed_dictionaries(holding), st.integers(0, 2**32))
def test_memory_is_bounded_whatever_a_device_invents(settings, seed):
    decide, memory = Rules([RuleSettings(**settings)], "UTC"), RuleMemory()
    for number in range(600):
        state = ("start", "end", "start", "pulse")[(number * seed >> 3) % 4]
        what = {"source": str(number * seed % 997), "object": str(number)}
        now = NOON + timedelta(milliseconds=number * 10)
        decide.decide("a", Alarm(kind="door", state=state, **what), now, memory)
        assert len(memory) <= MAX_ENTRIES
        assert len(memory.held) <= MAX_HELD
    assert len(memory.to_bytes()) < 64 * 1024
    assert RuleMemory.from_bytes(memory.to_bytes()) == memory
