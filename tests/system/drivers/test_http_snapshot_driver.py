"""Cameras that are only an address: up and down with the reason, pictures on schedule and on command."""

import asyncio
import contextlib

import pytest

from drivers.http_snapshot import Config, Driver
from drivers.snapshot import rtsp, schedule
from edgeagent.driver import CommandRefused, OutboxFull
from tests import cameras
from tests.harness import DeviceRecorder, until
from tests.jpegs import decoded

PASSWORD = "camera-2024"


@pytest.fixture
def device(tmp_path):
    return DeviceRecorder(tmp_path, id="pond", name="水塘")


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(schedule, "MIN_EVERY_S", 0.05)


def camera(*quirks, **settings):
    return cameras.camera(password=PASSWORD, quirks=quirks, **settings)


@contextlib.asynccontextmanager
async def watching(device, url, **settings):
    driver = Driver(Config(url=url, **({"username": "admin", "password": PASSWORD} | settings)))
    task = asyncio.create_task(driver.run(device))
    try:
        yield driver
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def states(device):
    """Changes only, as the agent sees them."""
    said = [(report.state, report.reason) for report in device.reports]
    return [each for number, each in enumerate(said) if number == 0 or said[number - 1] != each]


@pytest.mark.parametrize("kind", ["snapshot_uri", "stream_uri"])
async def test_up_and_a_picture_on_command(device, kind):
    async with camera() as gate, watching(device, getattr(gate, kind)) as driver:
        await until(lambda: states(device) == [("up", "")])
        answer = await driver.command(device, "snapshot", {})
    (observation,) = device.observations
    assert observation.data.cause == "command"
    assert answer["bytes"] == len(observation.pictures[0])
    assert decoded(observation.pictures[0]).shape == (360, 640, 3)


async def test_pictures_on_schedule(device, often):
    async with camera() as gate, watching(device, gate.snapshot_uri, every_s=0.05):
        await until(lambda: len(device.observations) >= 3)
    assert {data.cause for data in device.data} == {"schedule"}
    assert all(observation.pictures for observation in device.observations)


async def test_no_schedule_no_picture_but_it_is_watched(device):
    async with camera() as gate, watching(device, gate.snapshot_uri, every_s=0, check_s=0.02):
        await until(lambda: len(device.reports) >= 4)
    assert device.observations == []
    assert states(device) == [("up", "")]


async def test_looking_at_a_stream_opens_none(device):
    async with camera() as gate, watching(device, gate.stream_uri, every_s=0, check_s=0.02):
        await until(lambda: len(device.reports) >= 3)
        assert gate.stream.asked >= 3
        assert gate.stream.playing == 0


async def test_down_with_the_reason_and_up_again(device):
    async with camera() as gate, watching(device, gate.snapshot_uri, every_s=0, check_s=0.02):
        await until(lambda: states(device) == [("up", "")])
        seen = len(device.reports)
        reboot = asyncio.create_task(gate.reboot(0.3))
        await until(lambda: ("down", "refused") in states(device))
        await reboot
        await until(lambda: device.reports[-1].state == "up")
    down = next(report for report in device.reports[seen:] if report.state == "down" and report.reason == "refused")
    assert down.last_seen is not None
    assert "device.refused" in down.detail


@pytest.mark.parametrize(
    ("quirk", "kind", "reason"),
    [
        ("half_picture", "snapshot_uri", "half-picture"),
        ("rtsp_404", "stream_uri", "no-stream"),
        ("rtsp_refuses", "stream_uri", "stream-refused"),
        ("rtsp_silent", "stream_uri", "stream-timeout"),
    ],
)
async def test_every_reason_has_its_word(device, monkeypatch, quirk, kind, reason):
    if quirk == "rtsp_silent":  # the others answer, however long that takes
        monkeypatch.setattr(rtsp, "DESCRIBE_TIMEOUT_S", 0.3)
    async with camera(quirk) as gate, watching(device, getattr(gate, kind)) as driver:
        await until(lambda: states(device) == [("down", reason)])
        with pytest.raises(CommandRefused, match=reason):
            await driver.command(device, "snapshot", {})
    assert device.observations == []


async def test_a_wrong_password_is_tried_twice_at_most(device):
    async with camera(lock_after=3) as gate:
        async with watching(device, gate.snapshot_uri, password="wrong", check_s=0.02):
            await until(lambda: len(device.reports) >= 4)
            assert states(device) == [("down", "picture-refused")]
        device.reports.clear()
        async with watching(device, gate.snapshot_uri):
            await until(lambda: states(device) == [("up", "")])


async def test_areas_are_black_in_all_of_them(device, often):
    area = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    async with camera() as gate, watching(device, gate.snapshot_uri, every_s=0.05, privacy=(area,)) as driver:
        await driver.command(device, "snapshot", {})
        await until(lambda: len(device.observations) >= 3)
    for observation in device.observations:
        assert decoded(observation.pictures[0])[:, :320].max() < 40


async def test_as_small_as_the_link_wants(device):
    device.picture_max_bytes = 20_000
    async with camera() as gate, watching(device, gate.snapshot_uri) as driver:
        answer = await driver.command(device, "snapshot", {})
    assert answer["bytes"] <= 20_000


async def test_a_full_outbox_is_no_fault_of_the_camera(device, often):
    device.full = True
    async with camera() as gate, watching(device, gate.snapshot_uri, every_s=0.05) as driver:
        await until(lambda: states(device) == [("up", "")])
        with pytest.raises(OutboxFull):
            await driver.command(device, "snapshot", {})
        device.full = False
        await until(lambda: device.observations)
    assert states(device) == [("up", "")]
