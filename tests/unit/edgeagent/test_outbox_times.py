"""Which events happened since a time, when the clock of the box stepped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.clock import Stamp
from edgeagent.outbox.numbers import Book, LaneBook, Stream
from edgeagent.outbox.since import PART_ROWS, Moments, Since, recorded
from gridwire.events import LANES
from gridwire.ranges import RangeSet

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
UNKNOWN = Stamp(NOON, 10.0, "unsynced")
FIRST, SECOND = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"


def book(**rows: int) -> Book:
    """Two streams of the boots `a` and `b`; the second begins above row 3 of each lane."""
    lanes = {lane: LaneBook(rows.get(lane, 0) + 1) for lane in LANES}
    return Book([Stream(1, FIRST, "a", "m", dict.fromkeys(LANES, 0)),
                 Stream(2, SECOND, "b", "m", dict.fromkeys(LANES, 3))], lanes)  # fmt: skip


def event(time: datetime, after_boot_s: float, clock: str = "synced", pictures: tuple = ()) -> bytes:
    data = {"pictures": [{"stream": s, "seq": n, "sha256": "0" * 64, "bytes": 1} for s, n in pictures]}
    return msgspec.json.encode({"recordedtime": time, "monotonic": f"{after_boot_s:.3f}", "clock": clock, "data": data})


def ask(rows: list[bytes], since: datetime, now: Stamp = UNKNOWN, boot: str = "", **narrow) -> Since:
    found = Since(since, Moments(boot, now), book(alarm=len(rows), media=6), **{"lane": None, "stream": None} | narrow)
    for first, last in found.windows("alarm"):
        found.take("alarm", list(enumerate(rows, 1))[first - 1 : last])
    return found


def test_a_step_back_hides_nothing():
    later, earlier = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
    rows = [event(time, 1) for time in (earlier, later, earlier, later, earlier, NOON)]
    assert list(ask(rows, NOON).rows["alarm"]) == [2, 4, 6]


def test_a_box_that_stood_in_1970_learns_its_times_from_a_later_event_of_the_same_boot():
    old = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [event(old, 100, "unsynced"), event(old, 5000, "unsynced"), event(NOON + timedelta(seconds=9000), 9000)]
    assert list(ask(rows, NOON + timedelta(seconds=4000)).rows["alarm"]) == [2, 3]


def test_what_nobody_knows_the_time_of_is_counted_in():
    old = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [event(old, 1, "unsynced"), b"no event"]
    found = ask(rows, NOON)
    assert list(found.rows["alarm"]) == list(found.unsure["alarm"]) == [1, 2]


def test_the_present_boot_is_known_once_the_clock_is_right():
    old = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [*[event(NOON - timedelta(days=9), 1)] * 3, event(old, 10, "unsynced"), event(old, 80, "unsynced")]
    now = Stamp(NOON + timedelta(seconds=100), 100.0, "synced")
    assert list(ask(rows, NOON + timedelta(seconds=50), now, "b").rows["alarm"]) == [5]


def test_pictures_follow_their_events():
    pictures = ((FIRST, 1), (SECOND, 2), (SECOND, 9), ("01ARZ3NDEKTSV4RRFFQ69G5FAX", 1))
    rows = [event(NOON, 1, pictures=pictures), event(NOON - timedelta(days=1), 1, pictures=((FIRST, 3),))]
    assert list(ask(rows, NOON).rows["media"]) == [1, 5]
    assert list(ask(rows, NOON, lane="media").rows["media"]) == [1, 5]
    assert not ask(rows, NOON, lane="media").rows["alarm"]
    assert list(ask(rows, NOON, stream=SECOND).rows["media"]) == [5]
    assert not ask(rows, NOON, lane="alarm").rows["media"]


def test_streams_narrow_it_down():
    rows = [event(NOON, 1)] * 5
    assert list(ask(rows, NOON, stream=SECOND).rows["alarm"]) == [4, 5]


@given(st.sets(st.integers(1, 3 * PART_ROWS)), st.integers(1, 3 * PART_ROWS))
def test_windows_are_all_kept_rows_newest_first_and_short(gone, count):
    each = book(alarm=count)
    each.lanes["alarm"].gone = RangeSet((n, n) for n in gone if n <= count)
    windows = list(Since(NOON, Moments("", UNKNOWN), each, lane="alarm", stream=None).windows("alarm"))
    assert all(0 <= last - first < PART_ROWS for first, last in windows)
    assert [n for first, last in windows for n in range(last, first - 1, -1)] == sorted(
        set(range(1, count + 1)) - gone, reverse=True
    )


def test_a_strange_monotonic_time_is_no_reason_to_fail():
    strange = msgspec.json.encode({"recordedtime": NOON, "monotonic": "nan", "clock": "unsynced", "data": {}})
    far = msgspec.json.encode({"recordedtime": NOON, "monotonic": "1e300", "clock": "synced", "data": {}})
    moments = Moments("a", Stamp(NOON, 1.0, "synced"))
    assert moments.of("a", recorded(strange)) is None
    assert moments.of("a", recorded(far)) == NOON
