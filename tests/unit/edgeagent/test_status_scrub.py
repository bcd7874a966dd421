"""Secrets and identity numbers are taken out of texts that drivers, cameras and brokers wrote."""

from __future__ import annotations

import pytest

from edgeagent import plugins
from edgeagent.configfile import load
from edgeagent.status.scrub import Scrub

CONFIG = """
box = "431126001001"
[hub]
host = "hub.example.cn"
password = "canary.hub+1"
[device.cam-1]
driver = "onvif"
address = "192.0.2.1"
username = "operator"
password = "canary-cam"
[device.cam-2]
driver = "onvif"
address = "192.0.2.2"
password = "1"
"""


@pytest.fixture
def scrub(tmp_path):
    file = tmp_path / "edgeagent.toml"
    file.write_text(CONFIG, encoding="utf-8")
    file.chmod(0o600)
    return Scrub(load(file, plugins.resolve))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("login with canary.hub+1 failed", "login with *** failed"),
        ("GET http://192.0.2.1/?p=canary-cam&u=operator", "GET http://192.0.2.1/?p=***&u=operator"),
        ("rtsp://admin:other-password@192.0.2.1/1", "rtsp://***@192.0.2.1/1"),
        ("card 11010519491231002X was shown", "card *** was shown"),
        ("error 11 of channel 1 at 192.0.2.2", "error 11 of channel 1 at 192.0.2.2"),
        ("at http://192.0.2.9/a.cgi?user=joe&pwd=geheim&ch=1", "at http://192.0.2.9/a.cgi?user=***&pwd=***&ch=1"),
        ("rtsp://192.0.2.9/user=joe&password=geheim&channel=1", "rtsp://192.0.2.9/user=***&password=***&channel=1"),
        ("http://192.0.2.9/a.jpg?token=T0k-en: refused", "http://192.0.2.9/a.jpg?token=*** refused"),
        ("the key=value of a log line, monkey=1", "the key=value of a log line, monkey=1"),
        ("serial 123456789012345678", "serial 123456789012345678"),
        ("", ""),
    ],
)
def test_what_is_hidden_and_what_stays(scrub, text, expected):
    assert scrub(text) == expected


def test_without_secrets_texts_stay(tmp_path):
    file = tmp_path / "edgeagent.toml"
    file.write_text('box = "431126001001"\n[hub]\nhost = "hub.example.cn"\n', encoding="utf-8")
    assert Scrub(load(file, plugins.resolve))("nothing to hide") == "nothing to hide"
