"""Rules: what is stored, what is suppressed and why; and what holds for every sequence of alarms."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.config import RuleSettings
from edgeagent.rules import MAX_ENTRIES, SUPPRESSIONS, RuleMemory, Rules
from gridwire.events import Alarm

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
START, END, PULSE = (Alarm(kind="motion", state=state) for state in ("start", "end", "pulse"))


def rules(*settings: RuleSettings, zone: str = "Asia/Shanghai") -> Rules:
    return Rules(settings, zone)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def run(decide: Rules, *steps: tuple[float, Alarm]) -> list[str]:
    memory = RuleMemory()
    return [decide.decide("cam-1", alarm, after(at), memory).why for at, alarm in steps]


def test_without_rules_everything_is_stored_with_a_picture_for_beginnings():
    memory = RuleMemory()
    decided = [rules().decide("cam-1", alarm, NOON, memory) for alarm in (START, END, PULSE)]
    assert [decision.why for decision in decided] == ["stored"] * 3
    assert [decision.picture for decision in decided] == [True, False, True]
    assert {decision.severity for decision in decided} == {"warning"}


def test_cooldown_runs_from_the_last_stored_start():
    steps = [(0, START), (1, END), (59, START), (59.5, END), (60, START), (61, END), (119, START)]
    assert run(rules(RuleSettings(cooldown_s=60)), *steps) == [
        "stored", "stored", "cooldown", "not-started", "stored", "stored", "cooldown",
    ]  # fmt: skip


def test_pulses_cool_down_too_and_have_no_end():
    assert run(rules(RuleSettings(cooldown_s=10)), (0, PULSE), (5, PULSE), (6, END), (10, PULSE)) == [
        "stored", "cooldown", "not-started", "stored",
    ]  # fmt: skip


def test_an_end_is_stored_although_a_repeated_start_was_suppressed():
    assert run(rules(RuleSettings(cooldown_s=60)), (0, START), (5, START), (6, END), (7, END)) == [
        "stored", "cooldown", "stored", "not-started",
    ]  # fmt: skip


def test_each_device_kind_and_source_cools_down_for_itself():
    decide, memory = rules(RuleSettings(cooldown_s=60)), RuleMemory()
    alarms = [("a", START), ("b", START), ("a", Alarm(kind="sound", state="start"))]
    alarms.append(("a", Alarm(kind="motion", state="start", source="input 2")))
    assert [decide.decide(device, alarm, NOON, memory).why for device, alarm in alarms] == ["stored"] * 4
    assert decide.decide("a", START, NOON, memory).why == "cooldown"


def test_armed_hours_in_the_configured_zone():
    night = rules(RuleSettings(armed=("20:00-06:00",)))
    memory = RuleMemory()
    assert night.decide("cam-1", START, NOON, memory).why == "disarmed"
    assert night.decide("cam-1", START, NOON.astimezone(timezone(timedelta(hours=-5))), memory).why == "disarmed"
    assert night.decide("cam-1", START, NOON + timedelta(hours=8), memory).store
    assert rules(RuleSettings(armed=("20:00-06:00",)), zone="UTC").decide("cam-1", START, NOON, memory).store


def test_an_end_after_the_armed_hours_is_stored_if_its_start_was():
    night, memory = rules(RuleSettings(armed=("20:00-06:00",))), RuleMemory()
    assert night.decide("cam-1", START, NOON + timedelta(hours=17.9), memory).store
    assert night.decide("cam-1", END, NOON + timedelta(hours=18.1), memory).store
    assert night.decide("cam-1", START, NOON + timedelta(hours=18.2), memory).why == "disarmed"
    assert night.decide("cam-1", END, NOON + timedelta(hours=32), memory).why == "not-started"


def test_with_an_unsynced_clock_the_hours_suppress_nothing():
    night = rules(RuleSettings(armed=("20:00-06:00",)))
    assert night.decide("cam-1", START, NOON, RuleMemory(), clock="unsynced").store
    assert not night.decide("cam-1", START, NOON, RuleMemory(), clock="synced").store


def test_the_last_matching_rule_counts_setting_by_setting():
    decide = rules(
        RuleSettings(severity="info", picture=False, cooldown_s=600),
        RuleSettings(devices=("cam-2",), severity="critical"),
        RuleSettings(kinds=("motion",), devices=("cam-2", "cam-3"), picture=True, cooldown_s=0),
        RuleSettings(kinds=("sound",), drop=True),
        RuleSettings(kinds=("sound",), devices=("cam-3",), drop=False),
    )
    memory = RuleMemory()
    one, two = decide.decide("cam-1", START, NOON, memory), decide.decide("cam-2", START, NOON, memory)
    assert (one.severity, one.picture, two.severity, two.picture) == ("info", False, "critical", True)
    assert decide.decide("cam-2", START, NOON, memory).store
    sound = Alarm(kind="sound", state="pulse")
    assert [decide.decide(f"cam-{n}", sound, NOON, memory).why for n in (1, 3)] == ["dropped", "stored"]


def test_a_rule_that_came_later_does_not_hide_the_end():
    memory = RuleMemory()
    assert rules().decide("cam-1", START, NOON, memory).store
    assert rules(RuleSettings(drop=True)).decide("cam-1", END, NOON, memory).store


def test_a_clock_that_was_set_back_does_not_silence():
    assert run(rules(RuleSettings(cooldown_s=60)), (86400, START), (0, START)) == ["stored", "stored"]


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        ("08:00-18:00", (480, 1079), (479, 1080)),
        ("22:00-06:00", (1320, 1439, 0, 359), (360, 1319)),
        ("00:00-24:00", (0, 1439), ()),
        ("22:00-24:00", (1320, 1439), (0, 1319)),
    ],
)
def test_hours(span, inside, outside):
    assert all(within(span, minute) for minute in inside)
    assert not any(within(span, minute) for minute in outside)


def test_memory_is_bounded_and_keeps_what_is_open():
    decide, memory = rules(), RuleMemory()
    first = Alarm(kind="motion", state="start", source="open")
    assert decide.decide("cam-1", first, NOON, memory).store
    for number in range(MAX_ENTRIES * 2):
        decide.decide("cam-1", Alarm(kind="motion", state="pulse", source=str(number)), after(number), memory)
    assert len(memory) == MAX_ENTRIES
    assert len(memory.to_bytes()) < 5000
    assert decide.decide("cam-1", Alarm(kind="motion", state="end", source="open"), after(1), memory).store


@pytest.mark.parametrize("raw", [None, b"", b"\x02abc", b"\x01abc"])
def test_memory_of_another_version_is_empty(raw):
    assert len(RuleMemory.from_bytes(raw)) == 0


def test_a_copy_does_not_change_the_memory():
    memory = RuleMemory()
    copy = memory.copy()
    rules().decide("cam-1", START, NOON, copy)
    assert (len(memory), len(copy)) == (0, 1)
    assert memory != copy


hours = st.tuples(*[st.integers(0, 23), st.integers(0, 59)] * 2).filter(lambda t: t[:2] != t[2:])
settings = st.builds(
    RuleSettings,
    devices=st.sampled_from([(), ("a",), ("b",)]),
    kinds=st.sampled_from([(), ("motion",), ("sound",)]),
    armed=st.none() | st.lists(hours.map(lambda t: "{:02}:{:02}-{:02}:{:02}".format(*t)), max_size=2).map(tuple),
    cooldown_s=st.none() | st.integers(0, 300).map(float),
    severity=st.none() | st.sampled_from(["info", "critical"]),
    picture=st.none() | st.booleans(),
    drop=st.none() | st.booleans(),
)
alarms = st.builds(
    Alarm,
    kind=st.sampled_from(["motion", "sound"]),
    state=st.sampled_from(["start", "end", "pulse"]),
    source=st.sampled_from(["", "2"]),
)
steps = st.lists(st.tuples(st.sampled_from("ab"), alarms, st.integers(-600, 7200)), max_size=30)


@given(st.lists(settings, max_size=4), steps)
def test_an_end_is_stored_exactly_if_a_stored_start_is_open(ruled, sequence):
    decide, memory, now = Rules(ruled, "Asia/Shanghai"), RuleMemory(), NOON
    still_open = set()
    for device, alarm, pause_s in sequence:
        now += timedelta(seconds=pause_s)
        decision = decide.decide(device, alarm, now, memory)
        key = (device, alarm.kind, alarm.source)
        assert decision.store == (decision.why == "stored")
        assert decision.store or decision.why in SUPPRESSIONS
        assert not decision.picture or (decision.store and alarm.state != "end")
        if alarm.state == "end":
            assert decision.store == (key in still_open)
            still_open.discard(key)
        elif alarm.state == "start" and decision.store:
            still_open.add(key)


@given(st.lists(settings, max_size=4), steps)
def test_a_restart_between_any_two_alarms_changes_nothing(ruled, sequence):
    decide, memory, other, now = Rules(ruled, "Asia/Shanghai"), RuleMemory(), RuleMemory(), NOON
    for device, alarm, pause_s in sequence:
        now += timedelta(seconds=pause_s)
        other = RuleMemory.from_bytes(other.to_bytes())
        assert decide.decide(device, alarm, now, memory) == decide.decide(device, alarm, now, other)
        assert memory == other


@given(st.floats(1, 300), st.lists(st.floats(0, 200), max_size=20))
def test_two_stored_starts_are_never_closer_than_the_cooldown(cooldown_s, pauses):
    decide, memory, now_s, last_s = rules(RuleSettings(cooldown_s=cooldown_s)), RuleMemory(), 0.0, None
    for pause_s in pauses:
        now_s += pause_s
        if decide.decide("a", START, after(now_s), memory).store:
            assert last_s is None or now_s - last_s >= cooldown_s - 0.001
            last_s = now_s
        decide.decide("a", END, after(now_s), memory)
