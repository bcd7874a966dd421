"""Pictures on schedule: one an interval, at moments of the camera's own."""

import pytest

from drivers.snapshot.schedule import MIN_EVERY_S, wait_s


@pytest.mark.parametrize("now_s", [0.0, 1.5, 1_700_000_000.0, 4_000_000_000.25])
@pytest.mark.parametrize("every_s", [10.0, 300.0, 86400.0])
def test_the_next_is_one_interval_after_the_one_before(now_s, every_s):
    first = wait_s(now_s, every_s, "cam-1")
    assert 0 < first <= every_s
    assert wait_s(now_s + first, every_s, "cam-1") == pytest.approx(every_s, abs=1e-3) or (
        wait_s(now_s + first + 1e-3, every_s, "cam-1") == pytest.approx(every_s, abs=1e-2)
    )


def test_cameras_are_spread_over_the_interval():
    waits = sorted(wait_s(1_700_000_000.0, 300.0, f"cam-{number}") for number in range(1, 31))
    tenths = {int(each / 30) for each in waits}
    assert len(tenths) >= 7
    assert max(waits.count(each) for each in waits) == 1


def test_a_restart_moves_no_camera():
    assert wait_s(1000.0, 300.0, "cam-1") - wait_s(1100.0, 300.0, "cam-1") == pytest.approx(100.0)


def test_an_interval_too_short_is_made_longer():
    assert wait_s(0.0, 0.001, "cam-1") <= MIN_EVERY_S
    assert wait_s(0.0, 0.001, "cam-1") > 0.001
