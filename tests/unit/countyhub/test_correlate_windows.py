"""Windows in which alarms are expected. The ids in the docstrings are those of docs/county-rules.md."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countyhub.correlate import windows
from countyhub.correlate.correlator import Correlator
from countyhub.correlate.outages import Site
from countyhub.correlate.signals import DOWN, END, PULSE, START, UP, Signal
from gridwire.instants import microseconds

BOX = "430181001001"
SITES = {BOX: Site("430181001", frozenset({"cam-1"}))}


def ics(*events: str) -> bytes:
    """A file as an office's calendar writes it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"]
    for number, text in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:w{number}", "DTSTAMP:20260701T000000Z", *text.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


WEEKLY = (
    "SUMMARY:检修\nLOCATION:430181001001\nDTSTART;TZID=Asia/Shanghai:20260702T090000\n"
    "DTEND;TZID=Asia/Shanghai:20260702T100000\nRRULE:FREQ=WEEKLY\nEXDATE;TZID=Asia/Shanghai:20260709T090000"
)


def read(*events: str) -> windows.Windows:
    found, problems = windows.read({"works.ics": ics(*events)})
    assert problems == ()
    return found


def test_a_window_repeats_as_its_rule_says():
    """R-CORR-11"""
    found = read(WEEKLY)
    for text, covered in [
        ("2026-07-02 01:00", True),
        ("2026-07-02 02:00", False),
        ("2026-07-09 01:30", False),  # EXDATE
        ("2027-07-01 01:30", True),
        ("2026-06-25 01:30", False),
    ]:
        assert (found.covering(at(text), (BOX,), "motion") is not None) == covered


@pytest.mark.parametrize(
    ("location", "covered"),
    [
        ("*", True),
        ("430181001", True),
        (BOX, True),
        (f"{BOX}/cam-1", True),
        ("430181002，430181001", True),
        ("4301", False),
    ],
)
def test_a_window_says_where(location, covered):
    """R-CORR-11: by the registry's names, never by the first digits of a code."""
    found = read(f"SUMMARY:x\nLOCATION:{location}\nDTSTART:20260702T010000Z\nDTEND:20260702T020000Z")
    places = ("430181001", BOX, BOX, f"{BOX}/cam-1")
    assert (found.covering(at("2026-07-02 01:30"), places, "motion") is not None) == covered


def test_kinds_days_and_local_time():
    """R-CORR-11"""
    found = read(
        "SUMMARY:x\nLOCATION:*\nCATEGORIES:motion,person\nDTSTART;VALUE=DATE:20260702\nDTEND;VALUE=DATE:20260703",
        "SUMMARY:y\nLOCATION:*\nCATEGORIES:door\nDTSTART:20260705T080000\nDURATION:PT1H",
    )
    assert found.covering(at("2026-07-01 16:00"), (), "person").summary == "x"
    assert found.covering(at("2026-07-01 15:59"), (), "person") is None
    assert found.covering(at("2026-07-02 12:00"), (), "door") is None
    assert found.covering(at("2026-07-05 00:30"), (), "door").uid == "w1"


def test_what_is_suppressed_is_counted():
    """R-CORR-11"""
    correlator = Correlator(SITES, read(WEEKLY))
    begin = at("2026-07-02 01:10")

    def alarm(seq, at_us, mark=PULSE, *, drill=False):
        return Signal("alarm", "s", seq, BOX, "cam-1", "motion", "", mark, at_us, drill=drill)

    for seq, mark in enumerate((START, PULSE, PULSE), 1):
        correlator.take(alarm(seq, begin, mark))
    correlator.take(alarm(3, begin))
    assert list(correlator.matters()) == []
    assert correlator.counts()["window/w0"] == 3
    correlator.take(alarm(4, at("2026-07-02 02:00"), END))
    assert list(correlator.matters()) == []
    correlator.take(alarm(5, begin, drill=True))
    assert [matter.drill for matter in correlator.matters()] == [True]


def test_a_device_that_outlasts_its_window_is_told_from_the_windows_end():
    """R-CORR-11"""
    correlator = Correlator(SITES, read(WEEKLY))
    correlator.take(Signal("device", "s", 1, BOX, "cam-1", "", "", DOWN, at("2026-07-02 01:10")))
    correlator.advance(at("2026-07-02 02:04"))
    assert list(correlator.matters()) == []
    changes = correlator.advance(at("2026-07-02 02:05"))
    assert [matter.begin_us for matter in changes.now] == [at("2026-07-02 02:00")]
    assert correlator.counts()["offline-in-window"] == 1
    correlator.take(Signal("device", "s", 2, BOX, "cam-1", "", "", UP, at("2026-07-02 01:50")))
    assert list(correlator.matters()) == []


@pytest.mark.parametrize(
    "event",
    [
        "SUMMARY:x\nDTSTART:20260702T010000Z\nDTEND:20260702T020000Z",
        "SUMMARY:x\nLOCATION:*\nDTSTART:20260702T010000Z",
        "SUMMARY:x\nLOCATION:*\nDTSTART:20260702T010000Z\nDTEND:20260902T010000Z",
        "SUMMARY:x\nLOCATION:*\nDTSTART:20260702T010000Z\nDTEND:20260701T010000Z",
        "SUMMARY:x\nLOCATION:*\nDTEND:20260701T010000Z",
        "SUMMARY:x\nLOCATION:*\nDTSTART:20260702T010000Z\nDTEND:20260702T010500Z\nRRULE:FREQ=SECONDLY",
        "SUMMARY:x\nLOCATION:*\nDTSTART:nonsense\nDTEND:20260702T010500Z",
    ],
)
def test_a_window_that_would_suppress_too_much_or_nothing_is_refused_aloud(event):
    """R-CORR-12"""
    found, problems = windows.read({"works.ics": ics(event)})
    assert [problem.code for problem in problems] == ["window.bad"]
    assert problems[0].text("zh") != problems[0].text("en")
    assert found.covering(at("2026-07-02 01:00"), (BOX,), "motion") is None


def test_no_calendar_at_all():
    """R-CORR-12"""
    found, problems = windows.read({"a.ics": b"\x00\xff", "b.ics": b"", "c.ics": ics(WEEKLY)})
    assert {problem.code for problem in problems} == {"window.not-icalendar"}
    assert found.covering(at("2026-07-02 01:00"), (BOX,), "motion")


LINES = st.lists(
    st.sampled_from(
        [
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
            "DTSTART:20260702T010000Z",
            "DTSTART;TZID=Nowhere/Else:20260702T010000",
            "DTSTART;VALUE=DATE:20260702",
            "DTEND:20260702T020000Z",
            "DTEND;VALUE=DATE:20260703",
            "DURATION:P1D",
            "DURATION:-PT1H",
            "RRULE:FREQ=DAILY;UNTIL=20260709",
            "RRULE:FREQ=YEARLY;BYMONTH=13",
            "RRULE:",
            "RDATE:20260704T010000Z",
            "EXDATE:x",
            "LOCATION:*",
            "CATEGORIES:motion",
            "RECURRENCE-ID:20260702T010000Z",
            "UID:1",
        ]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(LINES)
def test_no_file_breaks_the_reading(lines):
    """R-CORR-12"""
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "LOCATION:*", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    found, _ = windows.read({"x.ics": text.encode()})
    for moment in ("2026-07-02 01:30", "2026-07-04 01:30", "2027-07-02 01:30"):
        found.covering(at(moment), (BOX,), "motion")
