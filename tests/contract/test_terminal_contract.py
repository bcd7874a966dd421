"""The terminal keeps the driver contract: settings, lifetime, what it emits, what it leaves behind."""

import asyncio
import gc
import json
import os

import msgspec
import pytest

from drivers.terminal import Config, Driver
from drivers.terminal.idnumber import KeyFileExposed, KeyFileMalformed, KeyFileUnreadable
from edgeagent.driver import CommandRefused, DeviceConfig, DriverProblem
from edgeagent.driver import Driver as DriverContract
from simulators.terminal import SimTerminal
from tests.harness import DeviceRecorder, until

KEY = "v7:" + bytes(range(32)).hex()


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "village.key"
    path.write_text(KEY)
    path.chmod(0o600)
    return path


def config(terminal: SimTerminal, key_file, **part) -> Config:
    parts = {name: {"port": port, **part} for name, port in terminal.ports.items()}
    parts["idcard"] |= {"poll_s": 0.005}
    return msgspec.convert({"key_file": str(key_file), **parts}, Config)


def test_it_is_a_driver():
    assert issubclass(Config, DeviceConfig)
    assert isinstance(Driver(Config(key_file="k", scanner={"port": "x"})), DriverContract)


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        ({"key_file": "k"}, "idcard, iccard, scanner"),
        ({"key_file": "k", "beeper": {"port": "x"}}, "idcard, iccard, scanner"),
        ({"scanner": {"port": "x"}}, "key_file"),
        ({"key_file": "k", "scanner": {"port": "x", "buad": 9600}}, "buad"),
        ({"key_file": "k", "scanner": {"port": "socket://127.0.0.1:1"}}, "not supported"),
        ({"key_file": "k", "scanner": {"port": "x"}, "beeper": {"port": "y", "done": "1B 4"}}, "done"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings, mistake):
    with pytest.raises(msgspec.ValidationError, match=mistake):
        msgspec.convert(settings, Config)


def test_every_setting_is_described():
    def undescribed(schema: dict, path: str) -> list[str]:
        return [
            f"{path}.{name}"
            for name, inner in schema.get("properties", {}).items()
            if "description" not in inner and "description" not in str(inner)
        ]

    _, definitions = msgspec.json.schema_components([Config])
    missing = [entry for name, schema in definitions.items() for entry in undescribed(schema, name)]
    assert missing == []
    json.dumps(definitions)


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [(None, 0o600, KeyFileUnreadable), (KEY, 0o644, KeyFileExposed), ("secret", 0o600, KeyFileMalformed)],
)
async def test_run_raises_a_driver_problem_without_a_usable_key(tmp_path, content, mode, problem):
    path = tmp_path / "other.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    async with SimTerminal() as terminal:
        with pytest.raises(problem) as caught:
            await Driver(config(terminal, path)).run(DeviceRecorder(tmp_path))
    assert isinstance(caught.value, DriverProblem)
    assert caught.value.text("zh") != caught.value.text("en")
    assert "secret" not in str(caught.value)


async def test_commands_are_refused_by_name(tmp_path):
    driver = Driver(Config(key_file="k", scanner={"port": "x"}))
    with pytest.raises(CommandRefused, match="snapshot"):
        await driver.command(DeviceRecorder(tmp_path), "snapshot", {})


async def test_ten_runs_leave_no_task_and_no_descriptor(tmp_path, key_file):
    async with SimTerminal() as terminal:

        async def one_run() -> None:
            device = DeviceRecorder(tmp_path)
            run = asyncio.create_task(Driver(config(terminal, key_file)).run(device))
            await until(lambda: device.reports)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

        await one_run()
        gc.collect()
        before, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
        for _ in range(10):
            await one_run()
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) == before
        assert len(asyncio.all_tasks()) == tasks


async def test_a_check_in_that_has_begun_is_stored_although_cancelled(tmp_path, key_file):
    """Then nobody heard "done"; the next process answers the same card with "already", not with a second event."""
    async with SimTerminal() as terminal:
        device = DeviceRecorder(tmp_path)
        run = asyncio.create_task(Driver(config(terminal, key_file)).run(device))
        await until(lambda: device.reports)
        device.before_commit = run.cancel
        terminal.scan("W0001")
        with pytest.raises(asyncio.CancelledError):
            await run
        await until(lambda: device.data)
        assert terminal.beeps == []
        later = device.restarted()
        run = asyncio.create_task(Driver(config(terminal, key_file)).run(later))
        await until(lambda: later.reports)
        terminal.scan("W0001")
        await until(lambda: terminal.beeps)
        run.cancel()
        assert [(beep.times, beep.units) for beep in terminal.beeps] == [(2, 1)]
        assert later.data == []


async def test_the_disk_only_gets_what_the_contract_allows(tmp_path, key_file):
    """Nothing is written into the device's folder, and what is remembered are keyed hashes and times."""
    async with SimTerminal() as terminal:
        device = DeviceRecorder(tmp_path / "folder")
        run = asyncio.create_task(Driver(config(terminal, key_file)).run(device))
        await until(lambda: device.reports)
        terminal.scan("W0001")
        await until(lambda: terminal.beeps)
        run.cancel()
    assert not device.folder.exists()
    (remembered,) = device.memory.values()
    assert list(json.loads(remembered)) == [device.data[0].person]
