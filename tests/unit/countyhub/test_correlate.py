"""Correlation by examples. The ids in the docstrings are those of docs/county-rules.md."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.storm import arrivals, storm
from bench.works.storm import cases
from countyhub.correlate.batch import correlate
from countyhub.correlate.correlator import Correlator
from countyhub.correlate.matter import FOREVER_US, NO_CHANGES, SECOND_US
from countyhub.correlate.outages import Site
from countyhub.correlate.signals import DOWN, END, PULSE, START, UP, Signal, of_link
from gridwire.events import LANE_OF, TYPE_OF, Alarm, DeviceState, Envelope, Sos
from gridwire.identifiers import new_ulid
from gridwire.instants import instant, microseconds
from tests.matters import signal_of

T0 = microseconds(datetime(2026, 7, 1, 12, tzinfo=UTC))
BOX = "430181001001"
CAMERAS = tuple(f"cam-{number}" for number in range(1, 11))
TOWN = [f"4301810010{number:02}" for number in range(1, 8)]
SITES = {box: Site("430181001", frozenset(CAMERAS)) for box in TOWN}
NUMBERS = iter(range(10**9))


def alarm(at_s, mark=PULSE, *, device="cam-1", kind="motion", rule="", late=False, drill=False, box=BOX):
    return Signal("alarm", "s", next(NUMBERS), box, device, kind, rule, mark, T0 + round(at_s * SECOND_US), late, drill)


def device(at_s, mark, name="cam-1", *, box=BOX, late=False):
    return Signal("device", "s", next(NUMBERS), box, name, "", "", mark, T0 + round(at_s * SECOND_US), late)


def link(at_s, mark, *, box=BOX):
    return Signal("link", "l", next(NUMBERS), box, "", "", "", mark, T0 + round(at_s * SECOND_US))


def look(signals, now_s, **more):
    """(key without the box, begin, end or None while open, size) of what is nobody's part; all matters beside."""
    matters = correlate(signals, T0 + round(now_s * SECOND_US), SITES, **more)
    return sorted(brief(matter) for matter in matters if matter.parent is None), matters


def brief(matter):
    end = None if matter.open else (matter.end_us - T0) // SECOND_US
    return matter.key.replace(f"/{BOX}", ""), (matter.begin_us - T0) // SECOND_US, end, matter.size


def test_alarms_within_the_gap_are_one_segment():
    """R-CORR-02"""
    signals = [alarm(0), alarm(300), alarm(600), alarm(901), alarm(0, device="cam-2"), alarm(0, kind="person")]
    assert look(signals, 5000)[0] == [
        ("alarm/cam-1/motion", 0, 600, 3),
        ("alarm/cam-1/motion", 901, 901, 1),
        ("alarm/cam-1/person", 0, 0, 1),
        ("alarm/cam-2/motion", 0, 0, 1),
    ]
    assert look(signals, 1201)[0][1] == ("alarm/cam-1/motion", 901, None, 1)


def test_a_state_lasts_from_its_start_to_its_end():
    """R-CORR-02: a door that is open for an hour is one segment; its end alone is none."""
    door = {"device": "io-1", "kind": "door", "rule": "1"}
    signals = [alarm(0, START, **door), alarm(3600, END, **door)]
    assert look(signals, 9000)[0] == [("alarm/io-1/door/1", 0, 3600, 1)]
    assert look(signals[:1], 9000)[0] == [("alarm/io-1/door/1", 0, None, 1)]
    assert look(signals[1:], 9000)[0] == []
    assert look([*signals, alarm(0, **door | {"rule": "2"})], 9000)[0][1] == ("alarm/io-1/door/2", 0, 0, 1)


def test_a_bridge_can_be_broken_by_what_comes_late():
    """R-CORR-02: the end and the next start arrive last, and one segment becomes two."""
    door = {"device": "io-1", "kind": "door", "rule": "1"}
    correlator = Correlator(SITES)
    first = [alarm(0, START, **door), alarm(36_000, END, **door)]
    for signal in first:
        correlator.take(signal)
    assert len(list(correlator.matters())) == 1
    changes = correlator.take(alarm(10, END, **door))
    assert [(matter.end_us - T0) // SECOND_US for matter in changes.now] == [10]
    assert changes.gone == ()
    changes = correlator.take(alarm(35_000, START, **door))
    assert [(matter.begin_us - T0) // SECOND_US for matter in changes.now] == [35_000]


def test_two_segments_become_one():
    """R-CORR-02: and the change says which one is gone."""
    correlator = Correlator(SITES)
    for at in (0, 500):
        correlator.take(alarm(at))
    changes = correlator.take(alarm(250))
    assert changes.gone == ((f"alarm/{BOX}/cam-1/motion", T0 + 500 * SECOND_US),)
    assert [matter.size for matter in changes.now] == [3]


def test_a_device_counts_as_offline_after_the_hold_down():
    """R-CORR-03"""
    assert look([device(0, DOWN), device(299, UP)], 5000)[0] == []
    assert look([device(0, DOWN)], 299)[0] == []
    assert look([device(0, DOWN)], 300)[0] == [("offline/cam-1", 0, None, 1)]
    assert look([device(0, DOWN), device(50, DOWN), device(300, UP)], 5000)[0] == [("offline/cam-1", 0, 300, 1)]
    correlator = Correlator(SITES)
    assert correlator.take(device(0, DOWN)).now == ()
    assert correlator.advance(T0 + 300 * SECOND_US - 1).now == ()
    assert [brief(matter) for matter in correlator.advance(T0 + 300 * SECOND_US).now] == [("offline/cam-1", 0, None, 1)]


def test_five_flaps_a_day_are_one_unstable_device():
    """R-CORR-04: short ones count too; the day is the county's."""
    flaps = [
        device(1000 * number + up, mark)
        for number in range(5)
        for mark, up in ((DOWN, 0), (UP, 60 + 300 * (number == 4)))
    ]
    top, matters = look(flaps, 14_000)
    assert top == [("unstable/cam-1/2026-07-01", 0, None, 5)]  # 12:00 UTC is 20:00 in the county
    assert [brief(matter) for matter in matters if matter.parent] == [("offline/cam-1", 4000, 4360, 1)]
    assert look(flaps, 4 * 3600)[0] == [("unstable/cam-1/2026-07-01", 0, 4360, 5)]
    assert look(flaps[:8], 14_000)[0] == []
    over_midnight = [signal._replace(at_us=signal.at_us + 12_400 * SECOND_US) for signal in flaps]
    assert [key for key, *_ in look(over_midnight, 90_000)[0]] == ["offline/cam-1"]


def power_cut(box=BOX, at=0, lasts=3600, cameras=10, spread=8):
    """Cameras one after the other."""
    return [
        device(at + number * spread + up, mark, f"cam-{number + 1}", box=box)
        for number in range(cameras)
        for mark, up in ((DOWN, 0), (UP, lasts))
    ]


def test_six_of_ten_cameras_within_ninety_seconds_are_a_site_outage():
    """R-CORR-05"""
    assert look(power_cut(cameras=5), 9000)[0] == [(f"offline/cam-{n + 1}", 8 * n, 3600 + 8 * n, 1) for n in range(5)]
    top, matters = look(power_cut(cameras=6), 9000)
    assert top == [("site", 0, 3624, 6)]  # four of the six are back
    assert sum(matter.parent == (f"site/{BOX}", T0) for matter in matters) == 6
    slow = power_cut(cameras=6, spread=19)
    assert [key for key, *_ in look(slow, 9000)[0]] == [f"offline/cam-{n}" for n in range(1, 7)]
    assert look(power_cut(lasts=200), 9000)[0] == []


def test_a_small_site_needs_three_cameras():
    """R-CORR-05"""
    sites = {BOX: Site("t", frozenset({"cam-1", "cam-2", "cam-3"}))}
    now = T0 + 9000 * SECOND_US
    assert {matter.key.split("/")[0] for matter in correlate(power_cut(cameras=2), now, sites)} == {"offline"}
    assert "site" in {matter.key.split("/")[0] for matter in correlate(power_cut(cameras=3), now, sites)}
    sensors = [device(number, DOWN, f"door-{number}") for number in range(9)]
    assert {matter.key.split("/")[0] for matter in correlate(sensors, now, sites)} == {"offline"}


def test_the_last_will_is_a_site_outage_with_all_that_happens_in_it():
    """R-CORR-05"""
    dark = {"kind": "signal_lost"}
    signals = [link(0, DOWN), link(2000, UP), device(100, DOWN), device(2100, UP), alarm(50, START, **dark)]
    signals.append(alarm(1900, END, **dark))
    top, matters = look(signals, 9000)
    assert top == [("site", 0, 2000, 2)]
    assert {matter.key.split("/")[0] for matter in matters if matter.parent} == {"offline", "alarm"}
    assert look([link(0, DOWN), link(250, UP)], 9000)[0] == []
    assert look([*signals, alarm(100)], 9000)[0][0] == ("alarm/cam-1/motion", 100, 100, 1)


def test_cuts_of_seconds_are_no_outage_however_many_follow_each_other():
    """R-CORR-05: six minutes of a link that is away for 20 s a minute, then of cameras; one whole cut counts."""
    blips = [signal for at in range(0, 400, 60) for signal in (link(at, DOWN), link(at + 20, UP))]
    assert look(blips, 9000)[0] == []
    assert look([*blips, link(420, DOWN), link(730, UP)], 9000)[0] == [("site", 420, 730, 1)]
    dips = [signal for at in range(0, 400, 130) for signal in power_cut(at=at, lasts=30, spread=1)]
    assert [key for key, *_ in look(dips, 9000)[0] if key == "site"] == []


def test_a_camera_that_is_covered_after_the_outage_is_none_of_it():
    """R-CORR-05: while the cameras wake up their pictures are the outage's; covering one is somebody's doing."""
    cut = [link(0, DOWN), link(2000, UP)]
    inside, after = alarm(100, kind="tamper"), alarm(2001, kind="tamper")
    assert look([*cut, inside], 9000)[0] == [("site", 0, 2000, 1)]
    assert look([*cut, after, alarm(2001, kind="signal_lost")], 9000)[0] == [
        ("alarm/cam-1/tamper", 2001, 2001, 1),
        ("site", 0, 2000, 1),
    ]
    assert look([*cut, alarm(1900, kind="tamper"), after], 9000)[0][0] == ("alarm/cam-1/tamper", 1900, 2001, 2)


def test_what_outlives_its_outage_is_a_case_of_its_own():
    """R-CORR-05: lightning killed one camera; the others came back."""
    signals = [signal for signal in power_cut() if not (signal.device == "cam-4" and signal.mark == UP)]
    assert look(signals, 3700)[0] == [("site", 0, 3656, 10)]
    assert look(signals, 5000)[0] == [("offline/cam-4", 24, None, 1), ("site", 0, 3656, 9)]


def test_five_sites_within_a_quarter_of_an_hour_are_a_township_outage():
    """R-CORR-06"""
    signals = [signal for number in range(5) for signal in power_cut(TOWN[number], number * 200)]
    top, matters = look(signals, 20_000)
    assert top == [("township/430181001", 0, 4248, 5)]
    assert sum(matter.key.startswith("site/") and matter.parent is not None for matter in matters) == 5
    apart = [signal for number in range(5) for signal in power_cut(TOWN[number], number * 230)]
    assert {key.split("/")[0] for key, *_ in look(apart, 20_000)[0]} == {"site"}
    four = [signal for signal in signals if signal.box != TOWN[0]]
    assert {key.split("/")[0] for key, *_ in look(four, 20_000)[0]} == {"site"}


def test_a_drill_is_shown_and_never_mixed_with_the_real():
    """R-CORR-07"""
    top, matters = look([alarm(0, drill=True), alarm(10), alarm(20, drill=True)], 5000)
    assert top == [("alarm/cam-1/motion", 10, 10, 1), ("drill/alarm/cam-1/motion", 0, 20, 2)]
    assert [matter.drill for matter in sorted(matters)] == [False, True]


def test_what_came_a_day_late_is_history():
    """R-CORR-08: but not what lasts still, nor what something timely belongs to."""
    assert {matter.history for matter in look([alarm(0, late=True)], 9000)[1]} == {True}
    assert {matter.history for matter in look([alarm(0, late=True), alarm(100)], 9000)[1]} == {False}
    ended = [device(0, DOWN, late=True), device(900, UP, late=True)]
    assert {matter.history for matter in look(ended, 9000)[1]} == {True}
    assert {matter.history for matter in look(ended[:1], 9000)[1]} == {False}


def test_state_is_bounded_and_survives_a_restart():
    """R-CORR-09"""
    correlator = Correlator(SITES)
    for number in range(2000):
        correlator.take(alarm(number * 10))
    correlator.advance(T0 + 20_000 * SECOND_US)
    assert len(correlator.dump()) < 500
    again = Correlator(SITES)
    again.load(correlator.dump())
    assert set(again.matters()) == set(correlator.matters())
    again.advance(T0 + 40 * 3600 * SECOND_US)
    again.forget()
    assert list(again.matters()) == []
    assert again.advance(FOREVER_US - 1) == NO_CHANGES


def test_a_repeated_signal_changes_nothing():
    """R-CORR-01: and only alarms that belong to what is known already are counted as repeats."""
    correlator = Correlator(SITES)
    signal = alarm(0)
    assert correlator.take(signal).now
    assert correlator.take(signal) == ((), ())
    assert "repeated" not in correlator.counts()
    for at, mark in ((60, START), (90, END), (1000, START)):
        correlator.take(alarm(at, mark))
    assert correlator.counts()["repeated"] == 1


def event(data, at):
    return Envelope(
        specversion="1.0",
        id=new_ulid(),
        source=f"grid/1/430181/{BOX}",
        type=TYPE_OF[type(data)],
        subject="cam-1",
        time=at,
        recordedtime=at,
        monotonic="1.000",
        clock="synced",
        stream=new_ulid(),
        lane=LANE_OF[type(data)],
        seq=1,
        data=data,
    )


def test_signals_are_made_of_events():
    at = datetime(2026, 7, 1, tzinfo=UTC)
    motion = signal_of(event(Alarm(kind="motion", state="start", source="rule 1"), at), BOX, at, at)
    assert (motion.what, motion.mark, motion.rule, motion.late) == ("alarm", START, "", False)
    door = signal_of(event(Alarm(kind="door", state="end", source="1"), at), BOX, at, at + timedelta(hours=25))
    assert (door.mark, door.rule, door.late) == (END, "1", True)
    unknown = signal_of(event(DeviceState(state="down"), at), BOX, None, at + timedelta(hours=25))
    assert (unknown.mark, unknown.late, instant(unknown.at_us)) == (DOWN, False, at + timedelta(hours=25))
    assert signal_of(event(DeviceState(state="degraded"), at), BOX, at, at).mark == UP
    assert signal_of(event(Sos(), at), BOX, at, at) is None
    lost = of_link(BOX, connected=False, connection=3, boot="b", at=at)
    back = of_link(BOX, connected=True, connection=4, boot="b", at=at)
    assert (lost.mark, back.mark) == (DOWN, UP)
    assert lost.seq != of_link(BOX, connected=True, connection=3, boot="b", at=at).seq


@pytest.mark.parametrize("order", ["in order", "backlog", "any"])
def test_a_storm_day_makes_few_cases_in_any_order(order):
    """R-CORR-10: at most 1.2 cases a cause, and the same ones as all at once."""
    found = storm(alarms=12_000)
    correlator = Correlator(found.sites)
    latest = 0
    for number, signal in enumerate(arrivals(found, 3, order)):
        correlator.take(signal)
        latest = max(latest, signal.at_us)
        if number % 500 == 0:
            correlator.advance(latest)
    correlator.advance(found.end_us)
    matters = set(correlator.matters())
    assert matters == correlate(found.signals, found.end_us, found.sites)
    assert 150 < found.distinct < len(cases(list(matters))) <= 1.2 * found.distinct


def test_what_was_held_down_stays_counted_when_it_is_forgotten():
    """R-CORR-03 and R-CORR-09: counts only rise."""
    correlator = Correlator(SITES)
    for number in range(3):
        correlator.take(device(1000 * number, DOWN))
        correlator.take(device(1000 * number + 60, UP))
    assert correlator.counts()["held-down"] == 3
    correlator.advance(T0 + 5 * 86_400 * SECOND_US)
    correlator.forget()
    assert correlator.counts()["held-down"] == 3
    again = Correlator(SITES)
    again.load(correlator.dump())
    assert again.counts()["held-down"] == 3
