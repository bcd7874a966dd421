"""How large pictures may be on a line, from what the line has shown."""

from __future__ import annotations

from edgeagent.uplink.pace import LINE_S, MIN_PICTURE_BYTES, Pace
from gridwire.limits import MAX_PICTURE_BYTES


def test_nothing_known_nothing_limited():
    assert Pace().picture_max_bytes == MAX_PICTURE_BYTES


def test_a_slow_line_gets_pictures_that_hold_it_for_seconds_only():
    pace = Pace()
    pace.note(200_000, 10.0)
    assert pace.picture_max_bytes == 20_000 * LINE_S


def test_it_follows_the_line_both_ways():
    pace = Pace()
    pace.note(200_000, 100.0)
    assert pace.picture_max_bytes == MIN_PICTURE_BYTES
    for _ in range(3):
        pace.note(MIN_PICTURE_BYTES, 0.05)
    assert pace.picture_max_bytes == MAX_PICTURE_BYTES
    for _ in range(12):
        pace.note(100_000, 5.0)
    assert pace.picture_max_bytes < 70_000


def test_short_ones_tell_nothing():
    pace = Pace()
    pace.note(1000, 60.0)
    assert pace.picture_max_bytes == MAX_PICTURE_BYTES
