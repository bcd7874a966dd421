"""Online rate (在线率) and intact rate (完好率) of cameras, as the console counts them."""

from __future__ import annotations

import pytest

from countyhub.overview.boxviews import BoxView, DeviceView
from countyhub.web.texts.present import percent


def device(name, state="up", driver="onvif", faults=None):
    return DeviceView(id=name, name="", driver=driver, state=state, reason="", detail="", since=None, faults=faults)


def box(*devices, link="online"):
    return BoxView(
        id="430121001001", name="", link=link, reason="", since=None, version="", last_seen=None, waiting=0,
        oldest_waiting_s=0, clock="synced", data_level=0, data_month_bytes=0, missing=0, lost=0, devices=devices,
    )  # fmt: skip


def test_a_blind_camera_is_online_and_not_intact():
    view = box(
        device("good", faults=()), device("unjudged"), device("blind", faults=("covered",)),
        device("no-events", "degraded", faults=()), device("dead", "down", faults=()),
        device("desk", driver="terminal"),
    )  # fmt: skip
    assert (len(view.cameras), view.cameras_online, view.cameras_intact) == (5, 4, 3)


def test_of_a_box_that_is_away_nothing_is_known():
    view = box(device("good", faults=()), link="lost")
    assert (len(view.cameras), view.cameras_online, view.cameras_intact) == (1, 0, 0)


def test_a_blind_camera_brings_its_box_up():
    assert box(device("blind", faults=("moved",))).rank < box(device("good", faults=())).rank


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(2, 3, "66.7 %"), (33, 41, "80.5 %"), (9999, 10000, "99.9 %"), (1, 9999, "0.1 %"), (0, 3, "0 %"), (3, 3, "100 %"),
     (0, 0, "–")],
)  # fmt: skip
def test_rates_are_rounded_but_never_to_all_or_nothing(part, whole, said):
    assert percent(part, whole) == said
