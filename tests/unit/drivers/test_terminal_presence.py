"""When a shown card is a new check-in, and what the device's one state is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.parts import _TEXTS, Parts
from drivers.terminal.presence import MAX_READ_FAILURES, CardWindows, PolledPresence, SpokenPresence

NOW = datetime(2024, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


def test_a_settled_card_rests_until_two_polls_see_none():
    presence = PolledPresence()
    assert presence.found()
    presence.settle()
    assert not presence.found()
    presence.none()
    assert not presence.found(), "one miss is a bad contact"
    presence.none()
    presence.none()
    assert presence.found()


def test_a_card_that_cannot_be_read_is_told_once_a_presence():
    presence = PolledPresence()
    for _ in range(2):
        assert [presence.fail() for _ in range(20)].count(True) == 1
        presence.none()
        presence.none()
    assert [presence.fail() for _ in range(MAX_READ_FAILURES)][-1]


def test_a_repeated_card_is_one_presence_while_it_goes_on():
    presence = SpokenPresence()
    times_s = [100.0, 100.5, 102.0, 103.9, 110.0]
    assert [presence.shown("A", now_s) for now_s in times_s] == [True, False, False, False, True]
    assert presence.shown("B", 110.1)
    assert presence.shown("A", 110.2)


def test_window():
    windows = CardWindows(MINUTE).with_card("A", NOW)
    assert windows.is_within("A", NOW + MINUTE * 0.99)
    assert not windows.is_within("A", NOW + MINUTE)
    assert not windows.is_within("B", NOW)
    assert set(windows.with_card("B", NOW + MINUTE).stored_at) == {"B"}
    assert not CardWindows(timedelta(0)).with_card("A", NOW).is_within("A", NOW)


def test_window_after_the_clock_was_set_back():
    windows = CardWindows(MINUTE).with_card("A", NOW)
    assert windows.is_within("A", NOW - MINUTE / 2)
    assert not windows.is_within("A", NOW - timedelta(days=365))


def test_window_is_remembered():
    windows = CardWindows(MINUTE).with_card("A", NOW).with_card("B", NOW + MINUTE / 3)
    assert CardWindows.decode(MINUTE, windows.encode()) == windows
    assert CardWindows.decode(MINUTE, None) == CardWindows(MINUTE)


@given(st.one_of(st.binary(max_size=40), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps)))
def test_whatever_was_remembered_is_survived(remembered):
    data = remembered if isinstance(remembered, bytes) else remembered.encode()
    assert CardWindows.decode(MINUTE, data).window == MINUTE


@pytest.mark.parametrize("value", [1e300, -1e300, "x", None, [1]])
def test_impossible_times_are_survived(value):
    assert CardWindows.decode(MINUTE, json.dumps({"A": value}).encode()) == CardWindows(MINUTE)


def test_the_devices_state_follows_from_its_parts():
    parts = Parts(["idcard", "scanner"])
    parts.note("idcard")
    assert parts.summary("en") is None, "nothing is said before every part was heard of"
    parts.note("scanner", "missing")
    summary = parts.summary("zh")
    assert (summary.state, summary.reason, summary.detail) == ("degraded", "scanner-missing", "scanner: 未插入")
    parts.note("idcard", "unplugged")
    parts.note("idcard", "missing")
    assert parts.summary("en").reason == "idcard-unplugged"
    assert parts.summary("en").state == "down"
    parts.note("idcard")
    parts.note("scanner")
    assert parts.summary("en").state == "up"


def test_every_problem_has_a_text_in_both_languages_and_fits_the_wire():
    for problem, texts in _TEXTS.items():
        assert set(texts) == {"en", "zh"}
        assert len(f"scanner-{problem}") <= 64
    longest = max(len(text) for texts in _TEXTS.values() for text in texts.values())
    assert 4 * (longest + len("idcard: ; ")) <= 512
