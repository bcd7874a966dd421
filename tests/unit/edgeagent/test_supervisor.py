"""Who runs for a device: also when its former driver, left behind, ends at last."""

from __future__ import annotations

import asyncio
import sys

import pytest

from edgeagent import plugins
from edgeagent.clock import Clock
from edgeagent.config import DeviceSettings
from edgeagent.devices import Supervisor
from edgeagent.driver import CommandRefused
from edgeagent.intake import Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.rules import Rules
from tests.harness import until
from tests.processes import DRIVERS


@pytest.fixture
async def supervisor(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(DRIVERS))
    box = await Outbox.open(tmp_path, Limits(64, 8, 7, 0), boot="b", machine="m", gap=lambda gap: None)
    intake = Intake(box, Rules((), "UTC"), Clock(), "grid/1/431126/431126001002")
    running = Supervisor(intake, box, tmp_path / "devices", "en")
    yield running
    await running.stop()
    await box.close()
    sys.modules.pop("wild_driver", None)


def wild(how):
    return {"cam": DeviceSettings(driver="wild", options=plugins.resolve("wild")(how=how))}


async def test_a_driver_that_was_left_behind_takes_nothing_from_its_successor(tmp_path, supervisor, monkeypatch):
    monkeypatch.setattr("edgeagent.devices.supervisor.STOP_TIMEOUT_S", 0.01)
    folder = tmp_path / "devices" / "cam"
    await supervisor.apply(wild("outlives-cancel"))
    await until((folder / "begun").exists)
    former = next(task for task in asyncio.all_tasks() if task.get_name() == "device-cam")
    await supervisor.apply(wild("swallows-cancel"))
    await until(lambda: supervisor.devices["cam"].health.state == "up")
    assert not former.done()
    (folder / "end").touch()
    await asyncio.wait({former})
    with pytest.raises(CommandRefused, match="no command of mine works"):  # asked, not "not running"
        await supervisor.command("cam", "snapshot", {})


async def test_why_a_device_does_nothing_is_told_in_one_language(supervisor):
    with pytest.raises(CommandRefused) as refused:
        await supervisor.command("cam", "snapshot", {})
    assert refused.value.sentence("zh") == "设备 cam 无法执行“snapshot”：没有该设备"
