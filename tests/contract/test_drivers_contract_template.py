"""The template that docs/drivers.md hands out does what the page says, alone and in a running agent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgeagent import plugins
from edgeagent.driver import Alarm, Reading
from simulators.terminal.ptyport import PtyPort
from tests.harness import DeviceRecorder, until
from tests.ports import NOBODY
from tests.processes import DRIVERS, AgentProcess

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "docs" / "driver_template"
PAGE = ROOT / "docs" / "drivers.md"

sys.path.insert(0, str(TEMPLATE))


@pytest.fixture
def level(tmp_path):
    file = tmp_path / "level.txt"
    file.write_text("1.0\n")
    return file


@contextlib.asynccontextmanager
async def running(device, level):
    config = plugins.resolve("my_sensor")(path=str(level), every_s=0.02)
    task = asyncio.create_task(plugins.load("my_sensor")(config).run(device))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def readings(device):
    return [data.value for data in device.data if isinstance(data, Reading)]


def alarms(device):
    return [(data.kind, data.state) for data in device.data if isinstance(data, Alarm)]


async def test_readings_one_alarm_and_its_end(tmp_path, level):
    device = DeviceRecorder(tmp_path)
    async with running(device, level):
        for metres in ("1.0", "3.5", "2.9", "3.1", "1.0"):
            level.write_text(metres)
            await until(lambda: readings(device)[-1:] == [float(metres)])  # noqa: B023
            count = len(readings(device))
            await until(lambda: len(readings(device)) > count)  # noqa: B023
    assert alarms(device) == [("water_level", "start"), ("water_level", "end")]


async def test_a_restart_raises_nothing_twice(tmp_path, level):
    level.write_text("3.5")
    device = DeviceRecorder(tmp_path)
    async with running(device, level):
        await until(lambda: alarms(device))
    again = device.restarted()
    async with running(again, level):
        await until(lambda: len(readings(again)) > 2)
    assert alarms(again) == []


async def test_a_full_outbox_delays_the_alarm_and_no_more(tmp_path, level):
    level.write_text("3.5")
    device = DeviceRecorder(tmp_path, full=True)
    async with running(device, level) as task:
        await until(lambda: device.reports)
        device.full = False
        await until(lambda: alarms(device))
        assert not task.done()


async def test_a_gauge_that_cannot_be_read_is_said_by_name(tmp_path, level):
    level.write_text("wet")
    async with running(DeviceRecorder(tmp_path), level) as task:
        await asyncio.wait({task}, timeout=30)
        assert task.exception().code == "my-sensor.no-level"


async def test_a_gauge_on_a_serial_port(tmp_path):
    port, device = PtyPort(tmp_path / "gauge"), DeviceRecorder(tmp_path)
    port.plug()
    config = plugins.resolve("my_serial_sensor")(port=str(port.link), reopen_first_s=0.05)
    task = asyncio.create_task(plugins.load("my_serial_sensor")(config).run(device))
    await until(lambda: device.reports)
    port.send(b"L=1.25\r\nnoise\r\nL=-0")
    port.send(b".5\n")
    await until(lambda: readings(device) == [1.25, -0.5])
    port.unplug()
    await until(lambda: device.reports[-1].state == "down")
    port.plug()
    await until(lambda: device.reports[-1].state == "up")
    task.cancel()
    await asyncio.wait({task})
    port.unplug()


def test_the_configuration_of_the_template_is_right():
    run = subprocess.run(
        [sys.executable, "-m", "edgeagent.cli", "check", "--only", "config", "--config", TEMPLATE / "edgeagent.toml"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(TEMPLATE)},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


async def test_the_agent_runs_it(tmp_path, level):
    devices = f'[device.pond]\ndriver = "my_sensor"\npath = "{level}"\nevery_s = 1\n'
    box = AgentProcess(tmp_path / "box", NOBODY, devices)
    box.environment = {"PYTHONPATH": os.pathsep.join([str(TEMPLATE), str(DRIVERS)])}
    with box as agent:
        await agent.until_running()
        await agent.until_up()
        assert agent.stop() == 0


def test_the_page_shows_the_template_as_it_is():
    """Code on the page is cut from the template, so that a reader never types what does not run."""
    source = (TEMPLATE / "my_sensor.py").read_text(encoding="utf-8")
    source += (TEMPLATE / "my_serial_sensor.py").read_text(encoding="utf-8")
    shown = re.findall(r"<!-- my_\w+\.py -->\n```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    assert [piece for piece in shown if piece not in source] == []
