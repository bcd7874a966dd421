"""From when on an absence is told: by its own word, by what the console saw, and whatever is told of it anew."""

from datetime import UTC, datetime, timedelta

from countyhub.overview.boxviews import BoxView, DeviceView
from countyhub.web.live.absences import HOLD, Absences

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def box(link="online", since=NOW, *, state="up", dark_since=NOW):
    camera = DeviceView(id="cam", name="", driver="onvif", state=state, reason="", detail="", since=dark_since)
    return BoxView(
        id="b", name="", link=link, reason="", since=since, version="", last_seen=NOW, waiting=0, oldest_waiting_s=0,
        clock="synced", data_level=0, data_month_bytes=0, missing=0, lost=0, devices=(camera,),
    )  # fmt: skip


def test_an_absence_is_told_once_it_has_lasted():
    absences = Absences()
    assert not absences.lasting([box("lost", NOW)], NOW + HOLD - MINUTE)
    assert absences.lasting([box("lost", NOW)], NOW + HOLD) == {("b", "")}
    assert not absences.lasting([box()], NOW + HOLD + MINUTE), "over"
    assert not absences.lasting([box("offline", NOW + HOLD)], NOW + HOLD + MINUTE), "another one"
    assert not absences.lasting([box("unknown", NOW - 9 * HOLD)], NOW), "never there"


def test_what_comes_and_goes_is_none_but_what_is_told_anew_with_another_reason_stays_the_same():
    absences = Absences()
    for minute in range(30):
        at = NOW + minute * MINUTE
        assert not absences.lasting([box(state="up" if minute % 2 else "down", dark_since=at)], at)
    for minute in range(30, 36):
        at = NOW + minute * MINUTE
        found = absences.lasting([box(state="down", dark_since=at)], at)
    assert found == {("b", "cam")}


def test_a_clock_that_is_wrong_or_silent_hides_no_camera():
    for since in (NOW + timedelta(days=300), None):
        absences = Absences()
        assert not absences.lasting([box(state="down", dark_since=since)], NOW)
        assert absences.lasting([box(state="down", dark_since=since)], NOW + HOLD) == {("b", "cam")}
    assert not Absences().lasting([box("lost", NOW, state="down", dark_since=NOW - HOLD)], NOW), "told with its box"
