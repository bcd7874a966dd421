"""What the agent and other drivers may rely on: names, light imports, settings, named problems in two languages."""

from string import Formatter

import msgspec
import pytest

import drivers.onvif
import drivers.onvif.driver
from edgeagent.driver import DeviceConfig, Driver
from gridwire.problem import declared
from tests.importing import modules_after

HEAVY = ("zeep", "onvif", "cv2", "numpy", "requests")


def test_the_settings_load_nothing_heavy():
    assert not modules_after("from drivers.onvif import Config") & {*HEAVY, "lxml", "asyncio"}


def test_the_driver_loads_no_set_up_library_and_no_opencv():
    assert not modules_after("from drivers.onvif import Driver") & set(HEAVY)


def test_the_names_of_the_contract():
    config = drivers.onvif.Config(address="192.0.2.1")
    assert isinstance(config, DeviceConfig)
    assert isinstance(drivers.onvif.Driver(config), Driver)
    with pytest.raises(AttributeError):
        _ = drivers.onvif.Nothing


@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "192.0.2.1:8080", "cam.village", "http://192.0.2.1:2020/onvif/service", "https://[2001:db8::1]:81/x"],
)
def test_addresses_that_are_allowed(address):
    assert msgspec.convert({"address": address}, drivers.onvif.Config).address == address


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"address": ""},
        {"address": "rtsp://192.0.2.1/"},
        {"address": "192.0.2.1 "},
        {"address": "192.0.2.1\n"},
        {"address": "http://user:pw@192.0.2.1"},
        {"address": "192.0.2.1", "poll_s": 0},
        {"address": "192.0.2.1", "poll_s": 120},
        {"address": "192.0.2.1", "auth": "basic"},
        {"address": "192.0.2.1", "nonsense": 1},
        {"address": "192.0.2.1", "picture_width_px": 10},
    ],
)
def test_settings_that_are_refused(settings):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, drivers.onvif.Config)


def test_every_setting_is_described_and_the_password_is_a_secret():
    schema = msgspec.json.schema(drivers.onvif.Config)["$defs"]["Config"]["properties"]
    assert all(setting.get("description") for setting in schema.values())
    assert schema["password"]["secret"] is True


def test_every_problem_is_told_in_both_languages():
    own = [problem for problem in declared() if problem.__module__.startswith("drivers.onvif")]
    assert len(own) >= 8
    for problem in own:
        assert problem.code.startswith(("onvif.", "discover."))
        assert problem.en
        assert any("\u4e00" <= char <= "\u9fff" for char in problem.zh)
        # The facts of both texts are the same, or one of them would fail when it is needed.
        assert facts(problem.en, "_en") == facts(problem.zh, "_zh")


def facts(template, language):
    """Names of the facts; one that is words itself comes once in each language: `why_en`, `why_zh`."""
    return {name.removesuffix(language) for _, name, _, _ in Formatter().parse(template) if name}
