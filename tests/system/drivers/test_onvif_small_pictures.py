"""Pictures while the data budget runs short: smaller when that can be done, as the camera gives them when it cannot."""

import cv2
import numpy as np
import pytest

from drivers.snapshot import schedule
from drivers.snapshot.problems import PictureUnfit
from edgeagent.driver import MAX_PICTURE_BYTES, CommandRefused
from tests.cameras import CameraRecorder, camera, kept_setup, watched
from tests.harness import until
from tests.jpegs import decoded, large_jpeg
from tests.pictureservers import PictureServer, snapshots

WANTED_BYTES = 40 * 1024


def middling_jpeg():
    """More than is wanted, less than may be sent."""
    jpeg = large_jpeg(480, 270)
    assert WANTED_BYTES < len(jpeg) <= MAX_PICTURE_BYTES
    return jpeg


@pytest.mark.parametrize("make", [middling_jpeg, large_jpeg])
async def test_a_picture_is_made_as_small_as_is_wanted(make):
    async with PictureServer(make()).running() as port:
        small = await snapshots(port).fetch("/s.jpg", WANTED_BYTES)
    assert len(small) <= WANTED_BYTES
    assert cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR) is not None


async def test_one_that_cannot_be_made_smaller_is_taken_as_it_is(no_opencv):
    jpeg = middling_jpeg()
    async with PictureServer(jpeg).running() as port:
        assert await snapshots(port).fetch("/s.jpg", WANTED_BYTES) == jpeg


async def test_unless_it_may_not_be_sent_at_all(no_opencv):
    async with PictureServer(large_jpeg()).running() as port:
        with pytest.raises(PictureUnfit):
            await snapshots(port).fetch("/s.jpg", WANTED_BYTES)


async def test_the_device_says_how_large(tmp_path):
    device = CameraRecorder(tmp_path, id="cam-1", language="en")
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device) as driver:
            await driver.command(device, "snapshot", {})
            usual = len(device.observations[-1].pictures[0])
            device.picture_max_bytes = usual // 2
            await driver.command(device, "snapshot", {})
            assert len(device.observations[-1].pictures[0]) <= usual // 2


async def test_pictures_on_schedule(tmp_path, monkeypatch):
    monkeypatch.setattr(schedule, "MIN_EVERY_S", 0.1)
    device = CameraRecorder(tmp_path, id="cam-1", language="en")
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device, picture_every_s=0.1):
            await until(lambda: len(device.observations) >= 2)
    assert {(data.cause, data.owner) for data in device.data} == {("schedule", "")}
    assert all(decoded(observation.pictures[0]) is not None for observation in device.observations)


async def test_areas_of_an_onvif_camera_are_black_in_every_picture(tmp_path):
    device = CameraRecorder(tmp_path, id="cam-1", language="en", pictured={"tamper"})
    area = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device, privacy=(area,)) as driver:
            await driver.command(device, "snapshot", {})
            gate.raise_alarm("tamper")
            await until(lambda: sum(bool(observation.pictures) for observation in device.observations) == 2)
    for observation in device.observations:
        for jpeg in observation.pictures:
            assert decoded(jpeg)[:, :320].max() < 40


async def test_an_onvif_camera_s_pictures_are_not_kept_when_areas_cannot_be_black(tmp_path, no_opencv):
    device = CameraRecorder(tmp_path, id="cam-1", language="en", pictured={"tamper"})
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device, privacy=(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0)),)) as driver:
            gate.raise_alarm("tamper")
            await until(lambda: "not-masked" in device.described.get("picture_problem", ""))
            with pytest.raises(CommandRefused, match="not-masked"):
                await driver.command(device, "snapshot", {})
    assert not any(observation.pictures for observation in device.observations)
