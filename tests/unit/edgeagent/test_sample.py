"""Samples are made from the Structs: they load, with and without their #, and the stored ones are not stale."""

import re
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from edgeagent import plugins
from edgeagent.configfile import load
from edgeagent.configfile.sample import device, sample
from edgeagent.driver import DeviceConfig, Secret
from gridwire.settings.tomltext import toml

ROOT = Path(__file__).resolve().parents[3]


class Colour(Enum):
    RED = "red"


class Register(msgspec.Struct, frozen=True, kw_only=True):
    address: Annotated[int, Meta(ge=1, le=9, description="where")]
    unit: str = ""


class Tcp(msgspec.Struct, frozen=True, kw_only=True, tag="tcp", tag_field="link"):
    host: str


class Serial(msgspec.Struct, frozen=True, kw_only=True, tag="serial", tag_field="link"):
    port: str


class Everything(DeviceConfig, frozen=True, kw_only=True):
    """A driver with every kind of setting.

    Further text.
    """

    host: Annotated[str, Meta(min_length=1, description="address", examples=["192.168.1.64"])]
    transport: Tcp | Serial
    mode: Literal["fast", "slow"]
    password: Secret = ""
    wait_s: Annotated[float, Meta(gt=0, le=9, description="wait", extra_json_schema={"zh": "等待"})] = 0.5
    limit: Annotated[int, Meta(ge=3)] | None = None
    low: Annotated[int, Meta(lt=0)] = -1
    colour: Colour = Colour.RED
    size: tuple[int, int] = (1, 2)
    registers: Annotated[tuple[Register, ...], Meta(description="what to read")] = ()
    named: dict[str, Register] = msgspec.field(default_factory=dict)
    words: dict[str, str] = msgspec.field(default_factory=dict)
    extra: Register | None = None


def uncommented(text: str) -> str:
    """Every setting and table in force; texts stay comments."""
    return re.sub(r"^#(?=[A-Za-z\"\[])", "", text, flags=re.MULTILINE)


def loads(folder: Path, text: str):
    """Loads with the certificate of the sample where the sample says."""
    (folder / "ca.pem").write_text("pem")
    file = folder / "edgeagent.toml"
    file.write_text(text.replace("/etc/edgeagent/ca.pem", str(folder / "ca.pem")), encoding="utf-8")
    return load(file, lambda name: Everything if name == "every_thing" else plugins.resolve(name), environ={})


@pytest.mark.parametrize("minimal", [False, True])
@pytest.mark.parametrize("change", [str, uncommented])
def test_a_sample_loads_as_it_is_and_without_its_marks(tmp_path, minimal, change):
    loaded = loads(tmp_path, change(sample({"every_thing": Everything}, minimal=minimal)))
    options = loaded.config.device["every-thing-1"].options
    assert (options.host, options.transport, options.mode) == ("192.168.1.64", Tcp(host="CHANGE-ME"), "fast")


def test_a_full_sample_shows_every_setting(tmp_path):
    text = uncommented(sample({"every_thing": Everything}))
    for name in (
        "keepalive_s",
        "max_mb",
        "severity",
        "armed",
        "wait_s",
        "address",
        "[device.every-thing-1.named.name]",
    ):
        assert name in text
    options = loads(tmp_path, text).config.device["every-thing-1"].options
    assert (options.limit, options.registers, options.extra.address) == (3, (Register(address=1),), 1)


def test_settings_that_have_a_default_show_it(tmp_path):
    from edgeagent.config import HubSettings, StatusSettings, StoreSettings

    config = loads(tmp_path, uncommented(sample({}))).config
    assert config.store == StoreSettings()
    assert config.status == StatusSettings()
    assert msgspec.structs.replace(config.hub, tls=None) == HubSettings(host=config.hub.host)


def test_texts_are_in_both_languages_with_limits():
    text = device("every_thing", Everything)
    assert "# 等待 (> 0, ≤ 9)\n# wait (> 0, ≤ 9)\n#wait_s = 0.5\n" in text
    assert "# A driver with every kind of setting.\n[device.every-thing-1]" in text
    assert "Further" not in text


def test_a_minimal_sample_is_short():
    lines = [line for line in sample({}, minimal=True).splitlines() if line and not line.startswith("#")]
    assert lines == ['box = "430121001001"', "[hub]", 'host = "hub.example.cn"']


@pytest.mark.parametrize("name", [name for name in plugins.available() if find_spec(f"drivers.{name}")])
def test_every_driver_of_this_tree_has_a_sample(name):
    assert f'driver = "{name}"' in device(name, plugins.resolve(name))


def test_the_stored_sample_is_what_the_settings_say():
    stored = (ROOT / "config" / "edgeagent.toml").read_text(encoding="utf-8")
    assert stored == sample({}), "stale: run scripts/generate.py"


def test_the_village_in_ten_lines_loads(tmp_path):
    text = (ROOT / "config" / "village.toml").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= 10
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "cam-1").write_text("x")
    (tmp_path / "secrets" / "cam-1").chmod(0o600)
    config = loads(tmp_path, text).config
    assert config.device["cam-1"].driver == "onvif"


@pytest.mark.parametrize(
    "value", [True, 1, -1.5, float("inf"), float("-inf"), 'a"\\\n“', [1, ["x"]], {"a b": {"c": []}}, "\x7f\x00"]
)
def test_values_as_toml(value):
    import tomllib

    assert tomllib.loads(f"x = {toml(value)}")["x"] == value
