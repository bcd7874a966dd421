"""The model of a driver keeps the contract: light settings, named problems, nothing left behind."""

import asyncio
import gc
import os
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from drivers.http_snapshot import Config, Driver
from edgeagent.driver import CommandRefused, DeviceConfig
from edgeagent.driver import Driver as DriverContract
from edgeagent.plugins import available, load, resolve
from gridwire.problem import declared
from simulators.camera import Camera, CameraConfig
from tests.harness import DeviceRecorder, until
from tests.importing import modules_after

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"cv2", "numpy", "zeep", "onvif", "requests"}


def settings(**given):
    return msgspec.convert({"url": "http://192.0.2.1/s.jpg"} | given, Config)


def test_it_is_a_driver_and_found_by_its_name():
    assert issubclass(Config, DeviceConfig)
    assert isinstance(Driver(settings()), DriverContract)
    assert "http_snapshot" in available()
    assert resolve("http_snapshot") is Config
    assert load("http_snapshot") is Driver


def test_the_settings_load_nothing_heavy():
    assert not modules_after("from drivers.http_snapshot import Config") & {*HEAVY, "lxml", "asyncio"}


def test_the_driver_loads_no_opencv():
    assert not modules_after("from drivers.http_snapshot import Driver") & HEAVY


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/s.jpg",
        "https://cam.village:8443/cgi-bin/snapshot.cgi?channel=1&subtype=0",
        "rtsp://192.0.2.1:554/cam/realmonitor?channel=1",
        "http://[2001:db8::1]:81/x",
        "rtsp://cam",
    ],
)
def test_addresses_that_are_allowed(url):
    assert settings(url=url).url == url


@pytest.mark.parametrize(
    "given",
    [
        {"url": ""},
        {"url": "192.0.2.1"},
        {"url": "ftp://192.0.2.1/"},
        {"url": "file:///etc/passwd"},
        {"url": "http://user:pw@192.0.2.1/"},
        {"url": "http://192.0.2.1/a b"},
        {"url": "http://192.0.2.1/\n"},
        {"url": "rtsp://192.0.2.1/a\r\nX: y"},
        {"every_s": -1},
        {"check_s": 0},
        {"picture_width_px": 10},
        {"picture_quality": 100},
        {"nonsense": 1},
    ],
)
def test_settings_that_are_refused(given):
    with pytest.raises(msgspec.ValidationError):
        settings(**given)


def test_every_setting_is_described_in_both_languages_and_the_password_is_a_secret():
    schema = msgspec.json.schema(Config)["$defs"]["Config"]["properties"]
    assert all(setting.get("description") and setting.get("zh") for setting in schema.values())
    assert schema["password"]["secret"] is True
    assert "p-canary" not in repr(settings(password="p-canary"))


def test_problems_of_pictures_are_told_in_both_languages():
    own = [problem for problem in declared() if problem.__module__.startswith("drivers.snapshot")]
    assert len(own) >= 12

    def facts(template):
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    for problem in own:
        assert problem.code.partition(".")[0] in ("snapshot", "device", "privacy")
        assert any("\u4e00" <= char <= "\u9fff" for char in problem.zh)
        # The facts of both texts are the same, or one of them would fail when it is needed.
        assert facts(problem.en) == facts(problem.zh)


def test_it_stays_short_for_it_is_the_model():
    lines = (ROOT / "drivers/http_snapshot/driver.py").read_text(encoding="utf-8").count("\n")
    assert lines <= 120


async def test_commands_are_refused_by_name(tmp_path):
    device = DeviceRecorder(tmp_path)
    with pytest.raises(CommandRefused, match="dance"):
        await Driver(settings()).command(device, "dance", {})
    with pytest.raises(CommandRefused, match=r"device\.refused"):
        await Driver(settings(url="http://127.0.0.1:9/s.jpg")).command(device, "snapshot", {})


@pytest.mark.slow
async def test_ten_runs_leave_no_task_no_descriptor_and_no_process(tmp_path):
    camera = Camera(CameraConfig(name="gate", snapshot_auth="none"))
    await camera.start()
    area = [[[0, 0], [1, 0], [1, 0.2]]]

    async def one_run():
        device = DeviceRecorder(tmp_path)
        driver = Driver(settings(url=camera.snapshot_uri, privacy=area))
        run = asyncio.create_task(driver.run(device))
        await until(lambda: device.reports)
        await driver.command(device, "snapshot", {})
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    await one_run()
    await asyncio.sleep(0)
    gc.collect()
    tasks, children = len(asyncio.all_tasks()), own_children()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        await one_run()
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before
    assert own_children() <= children
    await camera.stop()


def own_children():
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return set(listed)
