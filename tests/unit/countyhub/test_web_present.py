"""What a person reads of an event: words, shapes, marks and times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from countyhub.overview.arrivals import EventView
from countyhub.web.live.today import midnight
from countyhub.web.texts.present import Clock, line
from gridwire.events import Alarm, Checkin, DeviceState, Rating, Request, Sos

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOCK = Clock(SHANGHAI)
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


def view(data, *, happened=NOON, delay=timedelta(0), known=True, synced=True):
    return EventView(
        id=1, event_id="", box="431126001001", box_name="", type="alarm", device="cam-1", device_name="", stream="",
        lane="alarm", seq=1, happened=happened, time_known=known, recorded=happened, received=happened + delay,
        synced=synced, grid="", drill=False, data=data, pictures=(),
    )  # fmt: skip


def read(data, language="zh"):
    return line(view(data), language, CLOCK)


def test_an_alarm_says_its_kind_severity_and_state_in_words():
    shown = read(Alarm(kind="smoke", state="start", severity="critical", source="2 号"))
    assert (shown.title, shown.label, shown.state, shown.details) == ("烟雾", "严重", "开始", ("来源 2 号",))
    assert shown.icon == shown.tone == "critical"


def test_the_end_of_an_alarm_is_no_longer_alarming():
    assert read(Alarm(kind="smoke", state="end", severity="critical")).tone == "info"


def test_a_kind_of_a_newer_box_is_shown_as_it_came():
    assert read(Alarm(kind="landslide", state="pulse"), "en").title == "landslide"


def test_a_checkin_shows_no_more_of_a_person_than_the_box_sent():
    masked = read(Checkin(method="id", person="a" * 64, key="k", masked="431126********1006", slot="morning"))
    assert masked.title == "431126********1006 签到"
    assert masked.state == "上午巡查"
    nameless = read(Checkin(method="card", person="a" * 64, key="k"))
    assert nameless.title == "持卡人 签到"
    assert "a" * 64 not in str(nameless)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "data",
    [
        Sos(),
        Sos(state="end"),
        DeviceState(state="down", reason="refused"),
        DeviceState(state="up", blind_from=NOON, blind_until=NOON),
        DeviceState(state="degraded"),
        Request(item="0102", mode="proxy", receipt="7"),
        Rating(score=5),
        None,
    ],
)
def test_every_event_has_a_line(data, language):
    shown = line(view(data), language, CLOCK)
    assert shown.title
    assert shown.label
    assert shown.icon


def test_times_are_the_countys():
    assert CLOCK.full(NOON) == "2026-05-01 12:00:00"
    assert CLOCK.day(NOON, NOON) == "05-01"
    assert CLOCK.day(datetime(1970, 1, 1, tzinfo=UTC), NOON) == "1970-01-01"


@pytest.mark.parametrize(
    ("delay_s", "apart", "late"), [(0, False, False), (60, False, False), (61, True, True), (-61, True, False)]
)
def test_both_times_are_shown_when_they_are_more_than_a_minute_apart(delay_s, apart, late):
    shown = view(None, delay=timedelta(seconds=delay_s))
    assert (shown.apart, shown.late) == (apart, late)


def test_nobody_is_called_late_by_a_wrong_clock():
    assert not view(None, delay=timedelta(days=20000), known=False, synced=False).late


def test_the_day_begins_at_the_countys_midnight():
    assert midnight(datetime(2026, 5, 1, 15, 59, tzinfo=UTC), SHANGHAI) == datetime(2026, 4, 30, 16, 0, tzinfo=UTC)
    assert midnight(datetime(2026, 5, 1, 16, 0, tzinfo=UTC), SHANGHAI) == datetime(2026, 5, 1, 16, 0, tzinfo=UTC)
