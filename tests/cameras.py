"""The ONVIF driver and simulated cameras, for tests: a camera, a driver that watches it, and what it has told."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

import drivers.onvif
from edgeagent.driver import Alarm
from simulators.camera import CameraConfig, CameraFarm
from tests.harness import DeviceRecorder, until

PASSWORD = "camera-2024"
until = partial(until, within_s=40.0)


@dataclass
class CameraRecorder(DeviceRecorder):
    """Wants a picture with every start of these kinds."""

    pictured: set[str] = field(default_factory=set)

    async def _commit(self, observation, values):
        stored = await super()._commit(observation, values)
        data = observation.data
        wanted = isinstance(data, Alarm) and data.state != "end" and data.kind in self.pictured
        return stored._replace(picture_wanted=wanted)

    def alarms(self, kind=None):
        found = [data for data in self.data if isinstance(data, Alarm)]
        return [(a.kind, a.state) for a in found if kind in (None, a.kind)]

    def states(self):
        return [(report.state, report.reason) for report in self.reports]


@contextlib.asynccontextmanager
async def camera(**settings):
    settings.setdefault("name", "gate")
    settings["quirks"] = frozenset(settings.get("quirks", ()))
    async with CameraFarm([CameraConfig(**settings)]) as farm:
        yield farm["gate"]


@contextlib.asynccontextmanager
async def farm(*configs):
    """Cameras that are found by multicast, at a port of their own; the test is skipped where there is none."""
    cameras = CameraFarm(configs, multicast=True, multicast_port=0)
    try:
        await cameras.start()
    except OSError as error:
        pytest.skip(f"no multicast on this machine: {error}")
    try:
        yield cameras
    finally:
        await cameras.stop()


def is_polled(simulated):
    """Whether a long poll is waiting in the camera."""
    return any(point.polls for point in simulated.state.pull_points.live())


def driver_for(simulated, **settings):
    settings = {"username": "admin", "password": PASSWORD, "poll_s": 2.0} | settings
    return drivers.onvif.Driver(drivers.onvif.Config(address=f"127.0.0.1:{simulated.port}", **settings))


@contextlib.asynccontextmanager
async def running(driver, device):
    task = asyncio.create_task(driver.run(device))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def watched(simulated, device, **settings):
    """The driver runs, and has seen the camera once."""
    driver = driver_for(simulated, **settings)
    async with running(driver, device):
        await until(lambda: ("up", "") in device.states())
        yield driver


def kept_setup(device, simulated, *, services=True, snapshot=None):
    """As if set-up had run yesterday's evening: tests that are not about it need not wait for it.

    Without `services` the event service is not known and must be asked for.
    """
    base = f"http://127.0.0.1:{simulated.port}"
    facts = {
        "maker": "Gridcam",
        "model": simulated.config.model,
        "serial": simulated.config.serial,
        "snapshot_uri": simulated.snapshot_uri if snapshot is None else snapshot,
        "stream_uri": simulated.stream_uri,
        "services": {"http://www.onvif.org/ver10/events/wsdl": f"{base}/onvif/event_service"} if services else {},
        "camera": simulated.xaddr,
        "asked": datetime.now(UTC).isoformat(),
    }
    (device.folder / "setup.json").write_text(json.dumps(facts))
