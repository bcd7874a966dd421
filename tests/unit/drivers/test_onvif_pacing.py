"""When a camera is asked again, and when it is believed: pure, with times as arguments."""

from datetime import UTC, datetime, timedelta

import pytest

from drivers.devicehttp.request import Refused, TimedOut
from drivers.onvif.client import WrongPassword
from drivers.onvif.health import FLAPS, HOLD_S, MAX_HOLD_S, SETTLED_S, Health, NoEvents, Steadiness, SubscriptionLost
from drivers.onvif.ladder.backoff import BURST, MAX_WAIT_S, MIN_POLL_INTERVAL_S, Pace, wait_away_s, wait_wrong_s
from tests.harness import DeviceRecorder

REFUSED = Refused(host="192.0.2.1", port=80)
LATE = TimedOut(host="192.0.2.1", port=80, timeout_s=30)


def test_a_camera_that_went_a_moment_ago_is_asked_again_within_a_second():
    assert all(0.4 <= wait_away_s(outage_s) <= 1.0 for outage_s in (0.0, 1.0, 60.0, 299.0) for _ in range(50))
    assert max(wait_away_s(1e6) for _ in range(50)) <= MAX_WAIT_S
    assert len({wait_away_s(5.0) for _ in range(10)}) > 1


def test_wrong_answers_are_waited_for_longer_and_longer():
    assert wait_wrong_s(1) <= 1.0
    assert 15.0 <= wait_wrong_s(50) <= MAX_WAIT_S


def test_news_are_followed_at_once_whatever_came_before():
    pace = Pace()
    for now_s in (0.0, 0.001, 0.002):
        pace.wait_s(now_s, now_s, brought=False, changed=False)
    assert pace.wait_s(0.003, 0.003, brought=True, changed=True) == 0.0


def test_an_instant_nothing_is_waited_out_and_a_long_one_is_not():
    pace = Pace()
    assert pace.wait_s(10.0, 10.1, brought=False, changed=False) == pytest.approx(MIN_POLL_INTERVAL_S - 0.1)
    assert pace.wait_s(10.0, 30.0, brought=False, changed=False) == 0.0


def test_a_chatty_camera_is_followed_and_an_endless_one_is_braked():
    pace = Pace()
    waits = [pace.wait_s(0.0, 0.0, brought=True, changed=False) for _ in range(BURST + 1)]
    assert waits == [0.0] * BURST + [MIN_POLL_INTERVAL_S]
    assert pace.wait_s(60.0, 60.0, brought=True, changed=False) == 0.0


def test_the_first_changes_are_believed_at_once():
    steadiness = Steadiness()
    for now_s in (0.0, 100.0):
        assert steadiness.well(now_s)
        steadiness.ill(now_s + 50)
        steadiness.ill(now_s + 60)
    assert steadiness.well(200.0)


def test_a_loose_plug_is_believed_only_after_a_while_and_each_time_later():
    steadiness = Steadiness()
    for now_s in range(FLAPS):
        steadiness.well(now_s * 10.0)
        steadiness.ill(now_s * 10.0 + 5.0)
    assert not steadiness.well(30.0)
    assert not steadiness.well(30.0 + HOLD_S - 1)
    assert steadiness.well(30.0 + HOLD_S)
    steadiness.ill(100.0)
    assert not steadiness.well(110.0)
    assert not steadiness.well(110.0 + HOLD_S)
    assert steadiness.well(110.0 + 2 * HOLD_S)


def test_a_camera_that_has_been_steady_long_enough_is_believed_again():
    steadiness = Steadiness()
    for now_s in range(FLAPS):
        steadiness.well(float(now_s))
        steadiness.ill(now_s + 0.5)
    assert steadiness.well(10.0) is steadiness.well(11.0) is False
    assert steadiness.well(10.0 + MAX_HOLD_S)
    steadiness.ill(2000.0)
    assert steadiness.well(2001.0)


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def device(tmp_path):
    return DeviceRecorder(tmp_path, id="cam-1")


def states(device):
    return [(report.state, report.reason) for report in device.reports]


async def test_an_hour_of_flapping_is_a_handful_of_events_and_hides_no_blind_moment(device, clock):
    health = Health(device, clock)
    begun = datetime.now(UTC)
    while clock.now_s < 3600:
        await health.up()
        health.last_seen = begun + timedelta(seconds=clock.now_s)
        clock.now_s += 7
        await health.down(REFUSED if clock.now_s % 2 else LATE)
        clock.now_s += 3
    assert len(device.reports) <= 12
    assert device.reports[-1].state == "down"
    # What is told last began where the sight was last told to be good: everything since is one interval.
    last_up = max(i for i, report in enumerate(device.reports) if report.state == "up")
    assert device.reports[last_up + 1].last_seen <= begun + timedelta(seconds=60)
    clock.now_s += 1
    for _ in range(2):
        await health.up()
        clock.now_s += MAX_HOLD_S
    assert states(device)[-1] == ("up", "")


async def test_what_a_person_must_do_is_told_at_once_however_it_flaps(device, clock):
    health = Health(device, clock)
    for _ in range(5):
        await health.up()
        await health.down(REFUSED)
        clock.now_s += 1
    count = len(device.reports)
    await health.down(WrongPassword(user="admin", wait_min=10))
    assert states(device)[count:] == [("down", "wrong-password")]


async def test_a_restart_is_one_interval_with_one_reason(device, clock):
    health = Health(device, clock)
    await health.up()
    await health.down(REFUSED)
    await health.down(SubscriptionLost(why="unknown"))
    await health.up()
    assert states(device) == [("up", ""), ("down", "refused"), ("up", "")]


async def test_no_events_is_degraded_whatever_the_camera_calls_it(device, clock):
    health = Health(device, clock)
    await health.degraded(NoEvents(why="ActionNotSupported"))
    assert states(device) == [("degraded", "no-events")]


async def test_of_the_reasons_of_a_start_only_the_one_that_lasts_is_told(device, clock):
    health = Health(device, clock)
    await health.up()
    for problem in (REFUSED, LATE, REFUSED, LATE):
        await health.down(problem)
        clock.now_s += 20
    assert states(device) == [("up", ""), ("down", "refused")]
    clock.now_s += SETTLED_S
    await health.down(LATE)
    assert states(device)[-1] == ("down", "timeout")
