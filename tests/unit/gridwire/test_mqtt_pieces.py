"""The pure parts of the MQTT client: sizes, pauses, error texts, what paho is relied on for."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys

import msgspec
import pytest
from paho.mqtt.client import Client

from gridwire.mqtt import (
    ConnectFailed,
    ConnectRefused,
    MqttClient,
    MqttSettings,
    NotConnected,
    PacketTooLarge,
    ReasonCode,
    SubscribeRefused,
    Will,
    WindowFull,
)
from gridwire.mqtt.errors import TEXTS, MqttError
from gridwire.mqtt.packets import PahoClient, packet_bytes, publish_properties
from gridwire.mqtt.wire import Wire

SETTINGS = MqttSettings(host="broker.example", client_id="330106001001")


class Sink(Wire):
    """A wire that ends in memory."""

    def __init__(self) -> None:
        self.sent = b""

    def send(self, data: bytes | bytearray) -> int:
        self.sent += bytes(data)
        return len(data)

    def close(self) -> None:
        pass


def paho_over(sink: Sink, settings: MqttSettings = SETTINGS, will: Will | None = None) -> PahoClient:
    paho = PahoClient(settings, will=will, manual_ack=False)
    paho.on_socket_register_write = lambda *_: None  # a loop would watch the socket: here is none
    paho.connect_over(sink)
    paho.loop_write()
    return paho


@pytest.mark.parametrize("payload_bytes", [0, 1, 100, 115, 116, 127, 128, 16300, 16383, 16384, 70000, 2097152])
@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("content_type", [None, "application/cloudevents+json"])
def test_packet_bytes_is_what_paho_sends(payload_bytes: int, qos: int, content_type: str | None) -> None:
    sink = Sink()
    paho = paho_over(sink)
    sink.sent = b""
    properties = publish_properties(content_type, 600, (("k", "值"),))
    paho.publish("grid/村/up", bytes(payload_bytes), qos, False, properties)
    paho.loop_write()
    assert len(sink.sent) == packet_bytes("grid/村/up", bytes(payload_bytes), qos, properties.packed)


def test_connect_says_what_the_settings_say() -> None:
    sink = Sink()
    settings = msgspec.structs.replace(SETTINGS, username="u", password="p", keepalive_s=240, session_expiry_s=3600)
    paho_over(sink, settings, Will(topic="w", payload=b"lost 7", delay_s=60, retain=True))
    assert sink.sent[2:12] == b"\x00\x04MQTT\x05" + bytes([0b1110_1100]) + b"\x00\xf0"
    assert b"\x11\x00\x00\x0e\x10" in sink.sent  # Session Expiry Interval 3600 s
    assert b"\x18\x00\x00\x00\x3c" in sink.sent  # Will Delay Interval 60 s
    assert sink.sent.endswith(b"\x00\x01w\x00\x06lost 7\x00\x01u\x00\x01p")


def test_connect_under_3_1_1_has_no_properties() -> None:
    sink = Sink()
    paho_over(sink, msgspec.structs.replace(SETTINGS, protocol="3.1.1", clean_start=True))
    assert sink.sent[2:] == b"\x00\x04MQTT\x04\x02\x00\xf0\x00\x0c330106001001"


def test_paho_still_takes_its_socket_where_we_put_ours() -> None:
    assert "_create_socket" in inspect.getsource(Client.reconnect)
    assert callable(Client._create_socket)


def test_importing_the_package_does_not_import_paho() -> None:
    code = "import sys, gridwire.mqtt; sys.exit('paho.mqtt.client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_backoff_doubles_with_jitter_up_to_its_limit() -> None:
    client = MqttClient(msgspec.structs.replace(SETTINGS, backoff_min_s=1.0, backoff_max_s=60.0))
    random.seed(1)
    for failures, longest in [(1, 1.0), (2, 2.0), (5, 16.0), (7, 60.0), (5000, 60.0)]:
        pauses = [client.backoff_s(failures, NotConnected()) for _ in range(200)]
        assert longest / 2 <= min(pauses) < max(pauses) <= longest
        assert max(pauses) - min(pauses) > longest / 4


def test_backoff_after_a_refusal_that_only_a_person_mends() -> None:
    client = MqttClient(SETTINGS)
    wrong_password, busy = ConnectRefused(ReasonCode(0x86, "Bad")), ConnectRefused(ReasonCode(0x89, "Server busy"))
    assert client.backoff_s(1, wrong_password) >= SETTINGS.backoff_refused_s / 2
    assert client.backoff_s(1, busy) <= SETTINGS.backoff_min_s


def test_errors_speak_both_languages_and_name_the_matter() -> None:
    for code, (zh, en) in TEXTS.items():
        text = str(MqttError(code, "here"))
        assert zh in text
        assert en in text
        assert text.endswith(": here")
    refused = SubscribeRefused([("a/#", ReasonCode(0x87, "Not authorized"))])
    assert "a/#: Not authorized (0x87)" in str(refused)
    assert "300 > 200" in str(PacketTooLarge(300, 200))
    assert "20" in str(WindowFull(20))
    assert isinstance(ConnectRefused(ReasonCode(0x87, "x")), ConnectFailed)


def test_settings_read_from_a_file_are_checked() -> None:
    text = b'{"host": "h", "client_id": "c", "tls": {"ca_file": "ca.crt"}}'
    settings = msgspec.json.decode(text, type=MqttSettings)
    assert (settings.port, settings.keepalive_s, settings.tls.minimum) == (8883, 240, "1.3")
    for wrong in (b'{"host": "h", "client_id": ""}', b'{"host": "h", "client_id": "c", "ca_flie": 1}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=MqttSettings)


def test_settings_do_not_show_the_password() -> None:
    assert "secret" not in repr(msgspec.structs.replace(SETTINGS, password="secret"))
