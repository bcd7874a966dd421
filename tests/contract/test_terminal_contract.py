"""The terminal keeps the driver contract: settings, lifetime, what it emits, what it leaves behind."""

import asyncio
import gc
import json
import os

import msgspec
import pytest

from drivers.terminal import Config, Driver
from drivers.terminal.config import Line
from drivers.terminal.idnumber import KeyFileExposed, KeyFileMalformed, KeyFileUnreadable
from edgeagent import plugins
from edgeagent.configfile import load
from edgeagent.configfile.boxmistakes import BadConfig
from edgeagent.driver import CommandRefused, DeviceConfig, DriverProblem
from edgeagent.driver import Driver as DriverContract
from simulators.terminal import SimTerminal
from tests.harness import DeviceRecorder, until
from tests.terminals import KEY_TEXT, village_key

SCANNER = {"protocol": "line", "port": "x"}


@pytest.fixture
def key_file(tmp_path):
    return village_key(tmp_path)


def config(terminal: SimTerminal, key_file, **part) -> Config:
    parts = [{**each, **part, **({"poll_s": 0.005} if each["name"] == "idcard" else {})} for each in terminal.settings]
    return msgspec.convert({"key_file": str(key_file), "part": parts}, Config)


def test_it_is_a_driver():
    assert issubclass(Config, DeviceConfig)
    assert isinstance(Driver(Config(key_file="k", part=(Line(port="x"),))), DriverContract)


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        ({"key_file": "k"}, "needs a part that reads"),
        ({"key_file": "k", "part": [{"protocol": "escpos", "port": "x"}]}, "needs a part that reads"),
        ({"part": [SCANNER]}, "key_file"),
        ({"key_file": "k", "part": [{"port": "x"}]}, "protocol"),
        ({"key_file": "k", "part": [{**SCANNER, "protocol": "usb"}]}, "usb"),
        ({"key_file": "k", "part": [{**SCANNER, "buad": 9600}]}, "buad"),
        ({"key_file": "k", "part": [{**SCANNER, "role": "printer"}]}, "role"),
        ({"key_file": "k", "part": [{**SCANNER, "name": "a"}, {**SCANNER, "name": "a"}]}, "two parts have the name"),
        ({"key_file": "k", "part": [{**SCANNER, "port": "tcp://127.0.0.1:1"}]}, "socket://HOST:PORT"),
        ({"key_file": "k", "part": [SCANNER, {"protocol": "escpos", "port": "y", "done": "1B 4"}]}, "done"),
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
    for schema in definitions.values():
        schema.get("properties", {}).pop("protocol", None)  # the tag, which says what the whole table is
    missing = [entry for name, schema in definitions.items() for entry in undescribed(schema, name)]
    assert missing == []
    json.dumps(definitions)


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [(None, 0o600, KeyFileUnreadable), (KEY_TEXT, 0o644, KeyFileExposed), ("secret", 0o600, KeyFileMalformed)],
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
    driver = Driver(Config(key_file="k", part=(Line(port="x"),)))
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


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ('port = "x"', ("part[2].protocol", "“sam_idcard”")),
        ('protocol = "escpso"\nport = "x"', ("part[2].protocol", "did you mean “escpos”?")),
        ('protocol = 5\nport = "x"', ("part[2].protocol", "one of “sam_idcard”")),
        ('protocol = "line"', ("part[2].port", "device file")),
        ('protocol = "line"\nport = "x"\npoll_s = 1', ("part[2].poll_s", "no such setting")),
    ],
)
def test_the_check_names_the_part_that_is_wrong(tmp_path, part, said):
    file = tmp_path / "edgeagent.toml"
    file.write_text(
        f'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\n[device.desk]\ndriver = "terminal"\nkey_file = "k"\n'
        f'[[device.desk.part]]\nprotocol = "icem"\nport = "y"\n[[device.desk.part]]\n{part}\n'
    )
    with pytest.raises(BadConfig) as caught:
        load(file, plugins.resolve)
    text = "\n".join(mistake.text("en") for mistake in caught.value.mistakes)
    assert all(words in text for words in said), text
