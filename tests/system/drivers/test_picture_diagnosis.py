"""A camera whose picture goes bad: one alarm with its evidence, one end, whatever is restarted; and who may ask why."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.picture.diagnosis import Diagnosis
from drivers.snapshot.worker import worker
from tests.harness import DeviceRecorder

GOOD_LOOKS = 18
GRAIN = np.random.default_rng(1)


class Camera:
    """Gives pictures of one view, a little different each time; `spoil` changes what it gives."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(7)
        self._view = self._make_view()
        self.spoil = lambda image: image

    def _make_view(self):
        view = np.full((360, 640, 3), (140, 150, 140), np.uint8)
        for _ in range(220):
            corner = self._chance.integers(0, (640, 360))
            size = self._chance.integers(8, 70, 2)
            colour = tuple(int(level) for level in self._chance.integers(20, 235, 3))
            cv2.rectangle(view, tuple(map(int, corner)), tuple(map(int, corner + size)), colour, -1)
        return view

    async def take(self) -> bytes:
        light = self._chance.uniform(0.8, 1.15)
        image = np.clip(self._view * light + self._chance.normal(0, 3, self._view.shape), 0, 255).astype(np.uint8)
        done, jpeg = cv2.imencode(".jpg", self.spoil(image), [cv2.IMWRITE_JPEG_QUALITY, 80])
        assert done
        return jpeg.tobytes()


def cover(image):
    return np.clip(np.full_like(image, 60) + np.random.default_rng(1).normal(0, 3, image.shape), 0, 255).astype(
        np.uint8
    )


@pytest.fixture(autouse=True)
async def warm():
    """As a driver holds it."""
    async with worker().held():
        yield


@pytest.fixture
def camera():
    return Camera()


@pytest.fixture
def device(tmp_path):
    return DeviceRecorder(tmp_path, id="pond")


async def learnt(camera, device):
    diagnosis = Diagnosis(device, camera.take, every_s=0)
    for _ in range(GOOD_LOOKS):
        assert (await diagnosis.look()).faults == frozenset()
    return diagnosis


def alarms(device):
    return [(alarm.kind, alarm.state) for alarm in device.data if hasattr(alarm, "kind")]


async def test_a_covered_camera_is_one_alarm_with_evidence_and_one_end(camera, device):
    diagnosis = await learnt(camera, device)
    assert device.judged[-1] == frozenset()
    camera.spoil = cover
    first = await diagnosis.look()
    assert first.faults
    assert alarms(device) == [], "one odd picture is no alarm"
    for _ in range(4):
        await diagnosis.look()
    assert alarms(device) == [("picture", "start")]
    (start,) = device.data
    assert start.object in first.faults
    assert start.detail, "which measure, against which limit"
    assert device.judged[-1] == {start.object}
    camera.spoil = lambda image: image
    for _ in range(4):
        await diagnosis.look()
    assert alarms(device) == [("picture", "start"), ("picture", "end")]
    assert device.data[-1].object == start.object
    assert device.judged[-1] == frozenset()


async def test_evidence_is_kept_when_the_rules_want_a_picture(camera, device):
    device.picture_wanted = True
    diagnosis = await learnt(camera, device)
    camera.spoil = cover
    await diagnosis.look()
    await diagnosis.look()
    (jpeg,) = device.observations[-1].pictures
    beside = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    middle = beside.shape[1] // 2
    assert abs(float(beside[:, middle + 20 :].mean()) - 60) < 5, "the bad one on the right"
    assert float(beside[:, : middle - 20].std()) > 20, "the usual one on the left"


async def test_a_restart_raises_nothing_twice_and_ends_what_ended(camera, device):
    diagnosis = await learnt(camera, device)
    camera.spoil = cover
    await diagnosis.look()
    await diagnosis.look()
    again = device.restarted()
    diagnosis = Diagnosis(again, camera.take, every_s=0)
    await diagnosis.look()
    assert alarms(again) == []
    camera.spoil = lambda image: image
    for _ in range(3):
        found = await diagnosis.look()
    assert found.learnt >= GOOD_LOOKS, "the baseline outlives the process"
    assert alarms(again) == [("picture", "end")]


async def test_a_full_outbox_is_told_the_same_later(camera, device):
    diagnosis = await learnt(camera, device)
    camera.spoil = cover
    device.full = True
    for _ in range(3):
        await diagnosis.look()
    assert device.data == []
    device.full = False
    await diagnosis.look()
    await diagnosis.look()
    assert alarms(device) == [("picture", "start")]


@pytest.mark.slow
async def test_who_looks_changes_nothing_and_a_moved_camera_is_learnt_anew(camera, device):
    diagnosis = await learnt(camera, device)
    camera.spoil = lambda image: cv2.flip(image, 0)
    told = await diagnosis.tell()
    assert (told["faults"], told["on"], told["learnt"], device.data) == (["moved"], [], GOOD_LOOKS, [])
    figures = {figure["name"]: figure for figure in told["figures"]}
    lost = figures["lost"]
    assert (lost["fault"], lost["value"] > lost["limit"]) == ("covered", True), "the view is gone, ..."
    assert figures["detail"]["value"] > figures["detail"]["limit"], "... and what is there instead is no cover"
    await diagnosis.reset()
    for _ in range(GOOD_LOOKS):
        assert (await diagnosis.look()).faults == frozenset()
    assert alarms(device) == []


async def test_before_it_knows_the_camera_it_says_not_judged(camera, device):
    diagnosis = Diagnosis(device, camera.take, every_s=0)
    await diagnosis.look()
    assert device.judged == [None]
