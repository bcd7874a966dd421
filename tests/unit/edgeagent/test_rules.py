"""Rules: what is stored, what is suppressed and why; and what holds for every sequence of alarms."""

import hashlib
import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest

from edgeagent.config import RuleSettings
from edgeagent.rules import MAX_ENTRIES, REASONS, SUPPRESSIONS, RuleMemory, Rules, reason_name
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


def test_memory_is_bounded_and_keeps_what_is_open():
    decide, memory = rules(), RuleMemory()
    first = Alarm(kind="motion", state="start", source="open")
    assert decide.decide("cam-1", first, NOON, memory).store
    for number in range(MAX_ENTRIES * 2):
        decide.decide("cam-1", Alarm(kind="motion", state="pulse", source=str(number)), after(number), memory)
    assert len(memory) == MAX_ENTRIES
    assert len(memory.to_bytes()) < 8000
    assert decide.decide("cam-1", Alarm(kind="motion", state="end", source="open"), after(1), memory).store


@pytest.mark.parametrize("raw", [None, b"", b"\x02abc", b"\x02\x92\x90\x91\x01", b"\x01abc", b"\x03"])
def test_memory_of_a_later_version_is_empty(raw):
    assert len(RuleMemory.from_bytes(raw)) == 0


def test_memory_of_the_first_version_still_tells_ends_and_cooldowns():
    keys = [hashlib.blake2b(f"cam-1\0{kind}\0".encode(), digest_size=8).digest() for kind in ("motion", "sound")]
    at = NOON.timestamp()
    raw = b"\x01" + struct.pack(">8sdB", keys[0], at, 1) + struct.pack(">8sdB", keys[1], at, 0)
    memory, decide = RuleMemory.from_bytes(raw), rules(RuleSettings(cooldown_s=60))
    whys = [
        decide.decide("cam-1", alarm, after(5), memory).why
        for alarm in (END, END, Alarm(kind="sound", state="end"), Alarm(kind="sound", state="start"))
    ]
    assert whys == ["stored", "not-started", "not-started", "cooldown"]


def test_a_copy_does_not_change_the_memory():
    memory = RuleMemory()
    copy = memory.copy()
    rules().decide("cam-1", START, NOON, copy)
    assert (len(memory), len(copy)) == (0, 1)
    assert memory != copy


def test_each_object_of_a_rule_ends_for_itself():
    first, second = (Alarm(kind="intrusion", state="start", source="pond", topic="Inside", object=o) for o in "12")
    ends = [Alarm(kind="intrusion", state="end", source="pond", topic="Inside", object=o) for o in "12"]
    assert run(rules(), (0, first), (1, second), (2, ends[0]), (3, ends[1]), (4, ends[1])) == ["stored"] * 4 + [
        "not-started"
    ]


@pytest.mark.parametrize("end", [END, Alarm(kind="motion", state="end", topic="T"), Alarm(kind="motion", state="end")])
def test_an_end_that_says_less_than_its_start_is_its_end_all_the_same(end):
    start = Alarm(kind="motion", state="start", topic="T", object="person")
    assert run(rules(), (0, start), (1, end)) == ["stored", "stored"]


def test_every_reason_has_names_in_both_languages():
    for why in ("stored", "held", *SUPPRESSIONS):
        reason = REASONS[why]
        assert all(reason)
        assert (reason_name(why, "zh"), reason_name(why, "en")) == (reason.zh, reason.en)
    assert set(REASONS) == {"stored", "held", *SUPPRESSIONS}
    assert reason_name("a later one", "zh") == "a later one"
