"""The MQTT client over TLS: certificates of both sides, and what is named when one is wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from gridwire.mqtt import TlsSettings
from tests.certificates import Authority
from tests.harness import until
from tests.mosquitto import Mosquitto, ServerTls
from tests.mqttpeers import Peer, peer


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority):
    server = authority.issue("broker", names=("DNS:localhost", "IP:127.0.0.1"))
    with Mosquitto(tmp_path / "broker", tls=ServerTls(authority.ca, server.certificate, server.key)) as running:
        yield running


async def test_tls_round_trip(tls_broker: Mosquitto, authority: Authority) -> None:
    async with peer(tls_broker, host="localhost", tls=TlsSettings(ca_file=str(authority.ca))) as one:
        await one.client.subscribe([("a", 1)])
        large = bytes(range(256)) * 1500
        futures = [one.client.publish("a", large), *(one.client.publish("a", b"%d" % n) for n in range(50))]
        await asyncio.gather(*futures)
        await until(lambda: len(one.messages) == 51)
        assert one.payloads == [large, *(b"%d" % n for n in range(50))]
        await one.stop()


async def test_tls_wrong_ca_is_named(tls_broker: Mosquitto, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other-ca")
    one = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(other.ca)))
    error = await one.failed("tls_wrong_ca")
    assert not error.retry_helps
    await one.stop()


async def test_tls_wrong_host_is_named(tls_broker: Mosquitto, authority: Authority) -> None:
    ca_file = str(authority.ca)
    one = Peer(tls_broker.port, tls=TlsSettings(ca_file=ca_file, server_name="other.example"))
    error = await one.failed("tls_host_mismatch")
    assert "other.example" in str(error)
    await one.stop()
    unchecked = TlsSettings(ca_file=ca_file, server_name="other.example", check_hostname=False)
    async with peer(tls_broker, tls=unchecked) as careless:
        assert careless.client.connected


async def test_tls_expired_is_named(tmp_path: Path, authority: Authority) -> None:
    server = authority.issue("expired", names=("IP:127.0.0.1",), days=-1)
    with Mosquitto(tmp_path / "broker", tls=ServerTls(authority.ca, server.certificate, server.key)) as broker:
        one = Peer(broker.port, tls=TlsSettings(ca_file=str(authority.ca)))
        error = await one.failed("tls_expired")
        assert error.retry_helps  # our clock may be the one that is wrong
        await one.stop()


async def test_tls_client_certificate(tmp_path: Path, authority: Authority) -> None:
    server = authority.issue("server", names=("IP:127.0.0.1",))
    tls = ServerTls(authority.ca, server.certificate, server.key, require_certificate=True)
    acl = "pattern readwrite up/%u/#\n"
    with Mosquitto(tmp_path / "broker", tls=tls, acl=acl) as broker:
        without = Peer(broker.port, "without", tls=TlsSettings(ca_file=str(authority.ca)))
        await without.failed("tls_client_refused")
        await without.stop()
        mine = authority.issue("330106001001")
        settings = TlsSettings(
            ca_file=str(authority.ca), cert_file=str(mine.certificate), key_file=str(mine.key), minimum="1.3"
        )
        async with peer(broker, tls=settings) as one:
            assert not (await one.client.publish("up/330106001001/event", b"x")).is_failure
            assert (await one.client.publish("up/330106001002/event", b"x")).is_failure


async def test_tls_files_are_named(tls_broker: Mosquitto, authority: Authority, tmp_path: Path) -> None:
    missing = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(tmp_path / "missing.crt")))
    assert "missing.crt" in str(await missing.failed("tls_files"))
    await missing.stop()
    garbage = tmp_path / "garbage.crt"
    garbage.write_text("not a certificate")
    broken = Peer(tls_broker.port, tls=TlsSettings(ca_file=str(authority.ca), cert_file=str(garbage)))
    assert "garbage.crt" in str(await broken.failed("tls_files"))
    await broken.stop()


async def test_tls_against_a_plain_port_and_the_reverse(
    broker: Mosquitto, tls_broker: Mosquitto, authority: Authority
) -> None:
    one = Peer(broker.port, tls=TlsSettings(ca_file=str(authority.ca)), connect_timeout_s=2.0)
    await until(lambda: one.client.state.last_error is not None)
    assert one.client.state.last_error_code in ("tls", "tls_version", "timeout")
    await one.stop()
    other = Peer(tls_broker.port, connect_timeout_s=2.0)
    await until(lambda: other.client.state.last_error is not None)
    assert other.client.state.last_error_code in ("lost", "protocol", "no_connack")
    await other.stop()


async def test_port_that_accepts_and_says_nothing(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = {"connect_timeout_s": 0.1, "tls": TlsSettings(ca_file=str(authority.ca))}
        one = Peer(mute.getsockname()[1], **settings)
        await one.failed("timeout")
        started = time.monotonic()
        await one.stop()
        assert one.task.done(), time.monotonic() - started
