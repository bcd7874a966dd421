"""Any order of arrival and any repetition gives the same matters as all signals at once. Ids: docs/county-rules.md."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from countyhub.correlate import windows
from countyhub.correlate.batch import correlate
from countyhub.correlate.correlator import Correlator
from countyhub.correlate.matter import SECOND_US
from countyhub.correlate.outages import Site
from countyhub.correlate.signals import DOWN, END, PULSE, START, UP, Signal
from gridwire.instants import microseconds

T0 = microseconds(datetime(2026, 7, 1, 12, tzinfo=UTC))
BOXES = [f"43018100100{number}" for number in range(1, 7)]
CAMERAS = ("cam-1", "cam-2", "cam-3", "cam-4")
SITES = {box: Site("430181001", frozenset(CAMERAS)) for box in BOXES}
ICS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:works\r
DTSTAMP:20260701T000000Z\r
DTSTART:20260701T123000Z\r
DTEND:20260701T130000Z\r
RRULE:FREQ=DAILY;COUNT=3\r
SUMMARY:works\r
LOCATION:430181001001,430181001002/cam-1\r
END:VEVENT\r
END:VCALENDAR\r
"""
WINDOWS, _PROBLEMS = windows.read({"works.ics": ICS})

# Steps of 50 s around limits of 90, 300 and 900 s; a day has many of them, most lie together.
times = st.one_of(st.integers(0, 60), st.integers(0, 3000)).map(lambda steps: T0 + steps * 50 * SECOND_US)


@st.composite
def signals(draw):
    """Mostly devices of one township that go down and up, and alarms of kinds of every sort."""
    several = []
    for seq in range(draw(st.integers(0, 45))):
        what = draw(st.sampled_from(["alarm", "alarm", "device", "device", "device", "link"]))
        box = draw(st.sampled_from(BOXES))
        at_us = draw(times)
        late = draw(st.sampled_from([False, False, False, True]))
        if what == "alarm":
            kind, rule = draw(st.sampled_from([("motion", ""), ("door", "1"), ("door", "2"), ("signal_lost", "")]))
            mark = draw(st.sampled_from([START, PULSE, END]))
            drill = draw(st.sampled_from([False, False, False, True]))
            device = draw(st.sampled_from(CAMERAS[:2]))
            several.append(Signal(what, "s", seq, box, device, kind, rule, mark, at_us, late, drill))
        else:
            device = draw(st.sampled_from((*CAMERAS, "door-1"))) if what == "device" else ""
            mark = draw(st.sampled_from([DOWN, DOWN, UP]))
            several.append(Signal(what, "s", seq, box, device, "", "", mark, at_us, late))
    return several


@st.composite
def storms(draw):
    """Sites that lose power one after the other, each camera within some seconds, and get it back or not."""
    several, seq = [], 0
    for box in draw(st.lists(st.sampled_from(BOXES), min_size=3, max_size=8)):
        begin = draw(st.integers(0, 40)) * 50
        lasts = draw(st.sampled_from([40, 200, 400, 3000, 0]))
        for camera in draw(st.lists(st.sampled_from(CAMERAS), min_size=1, max_size=4)):
            down = begin + draw(st.integers(0, 4)) * 30
            for mark, at in ((DOWN, down), (UP, down + lasts + draw(st.sampled_from([0, 60, 500])))):
                if mark == DOWN or lasts:
                    at_us = T0 + at * SECOND_US
                    several.append(Signal("device", "p", seq, box, camera, "", "", mark, at_us))
                    seq += 1
    return several


def run(order, correlator, told=None, steps=()):
    """Takes all; `told` follows the changes as a reader of them would, `steps` is the clock as it went on meanwhile."""
    told = {} if told is None else told
    steps = iter(steps)
    for signal in order:
        follow(told, correlator.take(signal))
        follow(told, correlator.advance(T0 + next(steps, 0) * SECOND_US))
    return told


def follow(told, changes):
    for handle in changes.gone:
        del told[handle]
    for matter in changes.now:
        told[matter.handle] = matter
    assert not set(changes.gone) & {matter.handle for matter in changes.now}


def same(one, other):
    return set(one.now) == set(other.now) and set(one.gone) == set(other.gone)


def check(several, order, now, steps, cut):
    expected = correlate(several, T0 + now * SECOND_US, SITES, WINDOWS)
    correlator = Correlator(SITES, WINDOWS)
    told = run(order[:cut], correlator, steps=steps)
    dumped, correlator = correlator.dump(), Correlator(SITES, WINDOWS)
    correlator.load(dumped)
    assert correlator.dump() == dumped
    told = run(order[cut:], correlator, told, steps)
    follow(told, correlator.advance(T0 + now * SECOND_US))
    assert set(correlator.matters()) == expected
    assert set(told.values()) == expected
    open_keys = [matter.key for matter in expected if matter.open]
    assert len(open_keys) == len(set(open_keys))
    handles = {matter.handle for matter in expected}
    assert all(matter.parent is None or matter.parent in handles for matter in expected)
    assert len(handles) == len(expected)


@settings(max_examples=150, deadline=None)
@given(signals(), st.data())
def test_any_order_and_any_repetition_gives_the_same_matters(several, data):
    """R-CORR-01"""
    again = data.draw(st.lists(st.sampled_from(several), max_size=10)) if several else []
    order = data.draw(st.permutations(several + again))
    now = data.draw(st.integers(0, 200_000))
    steps = sorted(data.draw(st.lists(st.integers(0, now), max_size=20)))
    check(several, order, now, steps, data.draw(st.integers(0, len(order))))


@settings(max_examples=100, deadline=None)
@given(storms(), st.data())
def test_any_order_of_a_storm_gives_the_same_outages(several, data):
    """R-CORR-01, R-CORR-05, R-CORR-06"""
    order = data.draw(st.permutations(several + several[:5]))
    now = data.draw(st.integers(0, 8000))
    steps = sorted(data.draw(st.lists(st.integers(0, now), max_size=20)))
    check(several, order, now, steps, data.draw(st.integers(0, len(order))))


@settings(max_examples=50, deadline=None)
@given(st.lists(signals(), min_size=2, max_size=4))
def test_forgetting_changes_nothing_that_is_new(days):
    """R-CORR-09: four days later nothing of the first day matters, whether it was forgotten or not."""
    later = 4 * 86_400 * SECOND_US
    kept, forgetful = Correlator(SITES), Correlator(SITES)
    for number, several in enumerate(days):
        shifted = [signal._replace(at_us=signal.at_us + number * later, stream=f"s{number}") for signal in several]
        closing = [
            signal._replace(mark=UP, at_us=T0 + number * later + 200_000 * SECOND_US, stream=f"e{number}", seq=seq)
            for seq, signal in enumerate(several)
            if signal.what != "alarm"
        ]
        for signal in shifted + closing:
            assert same(kept.take(signal), forgetful.take(signal))
        now = T0 + number * later + 250_000 * SECOND_US
        assert same(kept.advance(now), forgetful.advance(now))
        forgetful.advance(now + 90_000 * SECOND_US)
        kept.advance(now + 90_000 * SECOND_US)
        forgetful.forget()
    remembered = set(forgetful.matters())
    assert remembered <= set(kept.matters())
    forgetful.advance(T0 + len(days) * later + later)
    forgetful.forget()
    assert not list(forgetful.matters())
