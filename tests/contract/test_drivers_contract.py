"""What every driver must be like: those of this tree, the template of the docs, and whatever else is installed.

A driver of your own is tested by `pytest tests/contract/test_drivers_contract.py` wherever it is installed. It runs on
the values of its own sample; none of them reaches a device.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from edgeagent import plugins
from edgeagent.configfile import load
from edgeagent.configfile.devices import COMMON
from edgeagent.configfile.sample import device as sample_of
from edgeagent.configfile.sample import sample
from edgeagent.driver import CommandRefused, DeviceConfig, Driver, Problem
from gridwire.settings.expected import description, unwrap
from tests.harness import DeviceRecorder

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "docs" / "driver_template"
HEAVY = ("cv2", "numpy", "zeep", "onvif", "requests", "serial.tools", "PIL", "sqlalchemy")
"""What only a process of its own may load, or nobody before it is needed."""
SETTINGS = {
    "http_snapshot": {"url": "http://127.0.0.1:1/snapshot.jpg"},
    "onvif": {"address": "127.0.0.1:1"},
    "webhook": {"listen": "127.0.0.1", "port": 0},
}
"""Where the sample's own values would reach beyond this machine, or take a port that is not ours."""
END_S = 2.0
MADE_TO_FAIL = frozenset({"emitter", "wild"})
"""Drivers of other tests, should they be installed: they break the rules on purpose."""

sys.path.insert(0, str(TEMPLATE))
DRIVERS = [name for name in plugins.available() if name not in MADE_TO_FAIL]
every_driver = pytest.mark.parametrize("name", DRIVERS)


@pytest.fixture
def device(tmp_path):
    return DeviceRecorder(tmp_path, id="device-1")


def sample_in_force(name):
    """The driver's sample with all of its own settings and tables switched on."""
    others = "|".join(COMMON)
    text = sample_of(name, plugins.resolve(name))
    own, mark, tables = text.partition("\n#[[")  # in tables below, these names are the driver's own
    own = re.sub(rf"^#(?!(?:{others}) =)(?=[A-Za-z\"\[])", "", own, flags=re.MULTILINE)
    return own + re.sub(r"^#(?=[A-Za-z\"\[])", "", mark + tables, flags=re.MULTILINE)


def config_of(name):
    """The settings of its sample."""
    with tempfile.TemporaryDirectory() as folder:
        file, certificate = Path(folder, "edgeagent.toml"), Path(folder, "ca.pem")
        certificate.write_text("pem")
        whole = sample({}, minimal=True).replace("/etc/edgeagent/ca.pem", str(certificate))
        file.write_text(f"{whole}\n{sample_in_force(name)}", encoding="utf-8")
        (found,) = load(file, plugins.resolve, environ={}).config.device.values()
    return msgspec.structs.replace(found.options, **SETTINGS.get(name, {}))


async def end_of(task):
    """What a driver ended with, cancelled if it still runs; fails when it does not end."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=END_S)
    assert done, f"it did not end within {END_S:g} s of its cancellation"
    return None if task.cancelled() else task.exception()


def structs_in(kind):
    """All Structs of a setting's type, however deep."""
    bare = unwrap(kind)[0]
    if isinstance(bare, inspect.StructType):
        yield bare
    for name in ("types", "item_types"):
        for inner in getattr(bare, name, ()):
            yield from structs_in(inner)
    for name in ("item_type", "value_type"):
        if hasattr(bare, name):
            yield from structs_in(getattr(bare, name))


def fields_in(kind, path=""):
    """(dotted name, type) of every setting, those of tables within too."""
    for field in kind.fields:
        yield f"{path}{field.encode_name}", field.type
        for inner in structs_in(field.type):
            yield from fields_in(inner, f"{path}{field.encode_name}.")


def test_the_template_and_our_own_are_among_them():
    assert {"http_snapshot", "onvif", "terminal", "webhook", "my_sensor", "my_serial_sensor"} <= set(DRIVERS)


@every_driver
def test_every_setting_says_what_it_is(name):
    settings = fields_in(inspect.type_info(plugins.resolve(name)))
    assert [path for path, kind in settings if not description(kind).en] == []


@every_driver
def test_every_setting_says_it_in_chinese_too(name):
    settings = fields_in(inspect.type_info(plugins.resolve(name)))
    assert [path for path, kind in settings if not re.search("[\u4e00-\u9fff]", description(kind).zh)] == []


@every_driver
def test_its_sample_is_a_configuration(name):
    assert isinstance(config_of(name), plugins.resolve(name))


@every_driver
def test_its_settings_show_no_value(name):
    assert issubclass(plugins.resolve(name), DeviceConfig)
    assert repr(config_of(name)).endswith(".Config(…)")


@every_driver
def test_importing_it_is_light_and_silent(name):
    """Checking a configuration imports every driver that it names, on a board with 1 GB."""
    code = (
        "import json, logging, sys\n"
        "from edgeagent import plugins\n"
        "before = set(sys.modules)\n"
        f"plugins.resolve({name!r})\n"
        "root = logging.getLogger()\n"
        "print(json.dumps([sorted(sys.modules), len(root.handlers), root.level]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    (line,) = run.stdout.splitlines()
    modules, handlers, level = json.loads(line)
    assert [module for module in modules if module.startswith(HEAVY)] == []
    assert (handlers, level, run.stderr) == (0, 30, "")


@every_driver
def test_it_is_a_driver(name):
    assert isinstance(plugins.load(name)(config_of(name)), Driver)


@every_driver
async def test_it_ends_when_it_is_told_to_and_fails_only_by_name(name, device):
    task = asyncio.create_task(plugins.load(name)(config_of(name)).run(device))
    await asyncio.wait({task}, timeout=0.3)
    error = await end_of(task)
    assert error is None or isinstance(error, Problem), error


@every_driver
async def test_it_ends_when_cancelled_before_it_began(name, device):
    task = asyncio.create_task(plugins.load(name)(config_of(name)).run(device))
    assert await end_of(task) is None


@every_driver
async def test_it_can_run_again_after_it_ended(name, device):
    for again in (device, device.restarted()):
        task = asyncio.create_task(plugins.load(name)(config_of(name)).run(again))
        await asyncio.wait({task}, timeout=0.1)
        error = await end_of(task)
        assert error is None or isinstance(error, Problem), error


@every_driver
async def test_it_refuses_what_it_cannot_do(name, device):
    driver = plugins.load(name)(config_of(name))
    with pytest.raises(CommandRefused) as caught:
        await driver.command(device, "no-such-op", {})
    assert device.id in str(caught.value)
    assert "no-such-op" in str(caught.value)
