"""Presets for makers: what they fill in, what counts more, what is refused; each is right for the drivers it is for."""

from typing import get_args

import msgspec
import pytest

import drivers.http_snapshot
import drivers.onvif
from edgeagent import plugins
from edgeagent.cli.loose import read_loosely
from edgeagent.config import DevicePreset, MakerName, PresetName
from edgeagent.configfile import BadConfig, load
from edgeagent.configfile.makers import MAKERS, filled, recognised
from edgeagent.rules import Rules

HEAD = 'box = "430121001001"\n[hub]\nhost = "h"\n[hub.tls]\nca = "ca.pem"\n'


@pytest.fixture
def loaded(tmp_path):
    def of(text):
        (tmp_path / "ca.pem").write_text("x")
        (tmp_path / "edgeagent.toml").write_text(HEAD + text)
        return load(tmp_path / "edgeagent.toml", plugins.resolve).config

    return of


def device(driver, **settings):
    return f'[device.cam-1]\ndriver = "{driver}"\n' + "".join(f"{key} = {value}\n" for key, value in settings.items())


def test_every_name_is_one_of_the_settings():
    assert set(get_args(MakerName)) == set(MAKERS)
    assert get_args(DevicePreset) == get_args(PresetName) + get_args(MakerName)
    for maker in MAKERS.values():
        assert maker.zh.endswith("。")
        assert maker.en.endswith(".")


@pytest.mark.parametrize("name", MAKERS)
def test_what_a_maker_sets_is_right_for_its_drivers(name):
    onvif = filled({"driver": "onvif", "preset": name, "address": "192.0.2.1"})
    del onvif["driver"], onvif["preset"]
    assert onvif["address"].partition(":")[2] in ("", str(MAKERS[name].onvif_port))
    msgspec.convert(onvif, drivers.onvif.Config)
    for scheme, path in (("http", MAKERS[name].snapshot), ("rtsp", MAKERS[name].stream)):
        url = filled({"driver": "http_snapshot", "preset": name, "url": f"{scheme}://[fd00::1]:88/"})["url"]
        assert url == f"{scheme}://[fd00::1]:88{path or '/'}"
        msgspec.convert({"url": url}, drivers.http_snapshot.Config)


def test_a_device_gets_what_its_maker_needs_and_what_it_says_itself_counts_more(loaded):
    found = loaded(device("onvif", preset='"xm"', address='"192.0.2.1"')).device["cam-1"]
    assert (found.options.address, found.options.notify_listen) == ("192.0.2.1:8899", "0.0.0.0:8089")
    found = loaded(device("onvif", preset='"xm"', address='"192.0.2.1:80"', notify_listen='""')).device["cam-1"]
    assert (found.options.address, found.options.notify_listen) == ("192.0.2.1:80", "")
    found = loaded(device("http_snapshot", preset='"dahua"', url='"http://192.0.2.1"')).device["cam-1"]
    assert found.options.url == "http://192.0.2.1/cgi-bin/snapshot.cgi?channel=1"


def test_a_maker_and_rules_together(loaded, tmp_path):
    config = loaded(device("onvif", preset='["tp-link", "pond"]', address='"192.0.2.1"'))
    assert config.device["cam-1"].options.address == "192.0.2.1:2020"
    assert Rules.of(config).effective("cam-1", "motion").drop
    assert read_loosely(tmp_path / "edgeagent.toml").devices["cam-1"]["address"] == "192.0.2.1:2020"


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (device("onvif", preset='"hikvison"', address='"h"'), "did you mean “hikvision”?"),
        (device("onvif", preset='["pond", "dahau"]', address='"h"'), "did you mean “dahua”?"),
        (device("webhook", preset='"dahua"'), "presets of makers are for onvif, http_snapshot"),
        (device("onvif", preset='["forest-edge", "axis"]', address='"h"'), "latitude"),
        ('[[rule]]\npreset = "hikvision"\n', "rule[1].preset"),
    ],
)
def test_a_wrong_preset_is_named_with_a_suggestion(loaded, table, text):
    with pytest.raises(BadConfig) as caught:
        loaded(table)
    assert text in caught.value.text("en")


@pytest.mark.parametrize(
    ("said", "maker"),
    [
        (("HIKVISION", "DS-2CD2042WD-I"), "hikvision"),
        (("", "", "大华 IPC-HFW1230S"), "dahua"),
        (("UNIVIEW", "IPC322"), "uniview"),
        (("tp-link", "Tapo C200"), "tp-link"),
        (("H264", "XM530"), "xm"),
        (("AXIS", "M3045"), "axis"),
        (("Gridcam", "praxis GC-2000"), None),
        (("", "GC-Maxis"), None),
    ],
)
def test_a_camera_is_known_by_its_own_words(said, maker):
    assert recognised(*said) == maker
