"""Drivers are found by name, in the tree and by entry point; a broken one leaves the others alone."""

import sys
from pathlib import Path

import pytest

import drivers
from edgeagent import plugins
from edgeagent.config import DeviceSettings
from edgeagent.configfile import DriverBroken, NoSuchDriver
from edgeagent.driver import DeviceConfig

GOOD = """
from edgeagent.driver import DeviceConfig
class Config(DeviceConfig, frozen=True, kw_only=True):
    host: str
class Driver:
    def __init__(self, config): self.config = config
    async def run(self, device): ...
"""
MODULES = {
    "good": GOOD,
    "missing": "import no_such_module_anywhere",
    "wrong": "1 +",
    "raises": "raise RuntimeError('no GPU here')",
    "bare": "x = 1",
    "no_driver": GOOD.replace("class Driver", "class Other"),
    "foreign_config": GOOD.replace("(DeviceConfig, frozen=True, kw_only=True)", ""),
    "lazy": GOOD.replace("class Driver", "class Other") + "def __getattr__(name): raise ImportError('no cv2')",
    "clash": GOOD.replace("host: str", "grid: str"),
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch):
    """A distribution with one entry point a module, as `pip install` leaves it."""
    for name, source in MODULES.items():
        (tmp_path / f"plugtest_{name}.py").write_text(source)
    info = tmp_path / "plugtest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugtest\nVersion: 1.0\n")
    points = [f"{name} = plugtest_{name}" for name in MODULES] + ["a_class = plugtest_good:Config"]
    (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n" + "\n".join(points) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in MODULES:
        sys.modules.pop(f"plugtest_{name}", None)


def test_a_driver_of_another_package(installed):
    config = plugins.resolve("good")
    assert issubclass(config, DeviceConfig)
    assert plugins.load("good")(config(host="x")).config.host == "x"


IMPORT = [
    ("missing", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
    ("wrong", "SyntaxError: invalid syntax"),
    ("raises", "RuntimeError: no GPU here"),
    ("a_class", "TypeError: entry point plugtest_good:Config is no module"),
]


@pytest.mark.parametrize(
    ("find", "name", "reason"),
    [(find, *each) for find in (plugins.resolve, plugins.load) for each in IMPORT]
    + [
        (plugins.resolve, "bare", "it has no `Config` that is a DeviceConfig"),
        (plugins.resolve, "foreign_config", "it has no `Config` that is a DeviceConfig"),
        (plugins.resolve, "clash", "its settings have the names of what every device has: grid"),
        (plugins.load, "no_driver", "it has no class `Driver` with `run`"),
        (plugins.load, "lazy", "ImportError: no cv2"),
    ],
)
def test_a_broken_driver_says_why_and_leaves_the_others_alone(installed, find, name, reason):
    with pytest.raises(DriverBroken) as caught:
        find(name)
    assert reason in caught.value.text("zh")
    assert plugins.resolve("good")


def test_settings_can_be_had_without_the_code_of_the_driver(installed):
    assert issubclass(plugins.resolve("lazy"), DeviceConfig)


def test_names_are_listed_without_importing(installed):
    assert {"good", "missing", "raises"} <= set(plugins.available())
    assert not [module for module in sys.modules if module.startswith("plugtest_")]


def test_only_what_is_asked_for_is_imported(installed):
    plugins.resolve("good")
    assert "plugtest_raises" not in sys.modules


@pytest.mark.parametrize("name", ["nothing", "", "seriallink", "picture", "terminal.config", "../x", "Terminal"])
def test_an_unknown_driver_is_told_with_those_that_exist(name):
    with pytest.raises(NoSuchDriver) as caught:
        plugins.resolve(name)
    assert "terminal" in caught.value.known
    assert "terminal" in caught.value.text("en")


def test_drivers_of_this_tree():
    assert {"onvif", "terminal"} <= set(plugins.available())
    assert not plugins.SHARED & set(plugins.available())
    assert plugins.resolve("terminal").__module__.startswith("drivers.terminal")


def test_a_driver_of_this_tree_is_found_by_the_name_of_its_file(tmp_path, monkeypatch):
    (tmp_path / "gauge.py").write_text(GOOD)
    monkeypatch.setattr(drivers.__spec__, "submodule_search_locations", [*drivers.__path__, str(tmp_path)])
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(tmp_path)])
    try:
        assert "gauge" in plugins.available()
        assert plugins.load("gauge")(plugins.resolve("gauge")(host="x")).config.host == "x"
    finally:
        sys.modules.pop("drivers.gauge", None)
        vars(drivers).pop("gauge", None)


def test_no_secret_in_the_repr_of_a_device():
    """Settings end up in tracebacks."""
    config = plugins.resolve("onvif")(address="192.168.1.64", username="admin", password="canary-7431")
    assert "canary" not in repr(config)
    assert "canary" not in repr(DeviceSettings(driver="onvif", options=config))
