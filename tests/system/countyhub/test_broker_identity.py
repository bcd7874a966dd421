"""What mosquitto, set up by `countyhub broker-config`, lets a box do: a real broker, real TLS, real certificates.

A forbidden subscription is granted and simply delivers nothing: what counts are the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countyhub.ca import certificates, inforce
from countyhub.ca.authority import Authority
from countyhub.downlink.connection import mqtt_settings
from gridwire.mqtt import Message, MqttClient, SubscribeRefused, Will
from tests.enrolments import County, CountyBroker, save
from tests.harness import until

A, B = "431126001001", "431126001002"
BASE = "grid/1/431126"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@contextlib.asynccontextmanager
async def running(client: MqttClient, *, connects: bool = True) -> AsyncIterator[MqttClient]:
    task = asyncio.create_task(client.run())
    try:
        await until(lambda: client.connected if connects else client.state.last_error is not None)
        yield client
    finally:
        await client.stop()
        await task


class Ears:
    """The hub, by its own port: hears everything of every box."""

    def __init__(self, county: County) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = MqttClient(mqtt_settings(county.config), on_message=self._hear)

    def _hear(self, message: Message) -> None:
        self.heard.append((message.topic, message.payload))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Ears]:
        async with running(self.client):
            await self.client.subscribe([(f"{BASE}/+/up/#", 1)])
            yield self


async def test_a_box_speaks_for_itself_and_is_heard_by_the_hub_and_hears_it(county, county_broker, tmp_path):
    heard: list[Message] = []
    box = county.client(await county.identity(A, tmp_path / "a.pem"), box=A, on_message=heard.append)
    async with Ears(county).open() as hub, running(box):
        await box.subscribe([(f"{BASE}/{A}/down/#", 1)])
        assert not (await box.publish(f"{BASE}/{A}/up/event", b"mine")).is_failure
        await until(lambda: hub.heard == [(f"{BASE}/{A}/up/event", b"mine")])
        await hub.client.publish(f"{BASE}/{A}/down/ack", b"yours")
        await until(lambda: [message.payload for message in heard] == [b"yours"])


async def test_no_certificate_is_refused(county, county_broker):
    async with running(county.client(None, box=A), connects=False) as box:
        await until(lambda: box.state.attempts >= 3)
        assert not box.connected
    assert "peer did not return a certificate" in county_broker.log


async def test_a_foreign_ca_is_refused(county, county_broker, tmp_path):
    """Of the same county and the same names, made by somebody else."""
    foreign = Authority.create(tmp_path / "foreign", "431126", county.config.enrol, datetime.now(UTC)).generations[0]
    key, now = certificates.new_key(), datetime.now(UTC)
    made = certificates.box(
        foreign.certificate, foreign.key, key.public_key(), "431126", A, now, now + timedelta(days=9)
    )
    async with running(county.client(save(tmp_path / "f.pem", made, key), box=A), connects=False) as box:
        await until(lambda: box.state.attempts >= 3)
        assert not box.connected


async def test_an_expired_certificate_is_refused(county, county_broker, tmp_path):
    long_ago = datetime.now(UTC) - timedelta(days=county.config.enrol.box_days + 1)
    identity = await county.identity(A, tmp_path / "a.pem", now=long_ago)
    async with running(county.client(identity, box=A), connects=False) as box:
        await until(lambda: box.state.attempts >= 3)
        assert not box.connected
    assert "certificate verify failed" in county_broker.log


async def test_the_servers_certificate_is_good_for_no_box(county, county_broker):
    """It was made for servers: whoever steals it cannot pass for a box by it."""
    async with running(county.client(county.folder / "broker" / "server.pem", box=A), connects=False) as box:
        await until(lambda: box.state.attempts >= 3)
        assert not box.connected


async def test_a_revoked_box_is_out_at_once_and_the_others_go_on(county, county_broker, tmp_path):
    revoked = county.client(await county.identity(A, tmp_path / "a.pem"), box=A)
    other = county.client(await county.identity(B, tmp_path / "b.pem"), box=B)
    async with running(revoked), running(other):
        before = other.state.connects
        await county.revoke(A)
        assert county_broker.write() == ["crl.pem"]
        county_broker.reload()
        assert revoked.connected, "a list alone ends no session"
        await inforce.end_session(county.config, A)
        await until(lambda: not revoked.connected)
        attempts = revoked.state.attempts
        await until(lambda: revoked.state.attempts >= attempts + 3)
        assert not revoked.connected
        assert (other.connected, other.state.connects) == (True, before)
    assert "certificate verify failed" in county_broker.log


async def test_a_probe_tells_whether_the_list_is_in_force(county, county_broker):
    async with county.store.write() as connection:
        probe = await inforce.make_probe(connection, county.authority, datetime.now(UTC))
    assert await inforce.in_force(county.config, probe) == "no"
    await county.keep()
    county_broker.write()
    county_broker.reload()
    assert await inforce.until_in_force(county.config, probe) == "yes"
    county_broker.stop()
    assert await inforce.in_force(county.config, probe) == "unknown"


async def test_nobody_publishes_for_another(county, county_broker, tmp_path):
    thief = county.client(await county.identity(B, tmp_path / "b.pem"), box=A, client_id=A)
    async with Ears(county).open() as hub, running(thief):
        for path in (f"{A}/up/event", f"{A}/up/status", f"{A}/down/ack", f"{B}/down/cmd"):
            assert (await thief.publish(f"{BASE}/{path}", b"stolen")).is_failure
        await thief.publish(f"{BASE}/{B}/up/event", b"own")
        await until(lambda: hub.heard)
        assert hub.heard == [(f"{BASE}/{B}/up/event", b"own")]


async def test_nobody_hears_what_is_for_another(county, county_broker, tmp_path):
    heard: list[Message] = []
    thief = county.client(await county.identity(B, tmp_path / "b.pem"), box=A, client_id=A, on_message=heard.append)
    async with Ears(county).open() as hub, running(thief):
        wanted = ("#", "$SYS/#", f"{BASE}/+/down/#", f"{BASE}/{A}/down/#", f"{BASE}/{A}/up/#", f"{BASE}/{B}/up/#")
        with contextlib.suppress(SubscribeRefused):  # granted or refused, either is right
            await thief.subscribe([(name, 1) for name in wanted])
        await thief.subscribe([(f"{BASE}/{B}/down/#", 1)])
        await hub.client.publish(f"{BASE}/{A}/down/cmd", b"for A")
        await hub.client.publish(f"{BASE}/{A}/down/board", b"for A", retain=True)
        await hub.client.publish(f"{BASE}/{B}/down/cmd", b"for B")
        await until(lambda: heard)
        await hub.client.publish(f"{BASE}/{B}/down/cmd", b"last")
        await until(lambda: heard[-1].payload == b"last")
        assert {message.topic for message in heard} == {f"{BASE}/{B}/down/cmd"}


async def test_no_last_will_for_another(county, county_broker, tmp_path):
    """It would say of another box that it is lost."""
    identity = await county.identity(B, tmp_path / "b.pem")
    will = Will(topic=f"{BASE}/{A}/up/status", payload=b"lost", retain=True)
    thief = county.client(identity, box=A, client_id=A, will=lambda _: will)
    task = asyncio.create_task(thief.run())
    async with Ears(county).open() as hub:
        await until(lambda: thief.connected or thief.state.last_error is not None)
        task.cancel()  # without goodbye
        await asyncio.wait({task})
        own = county.client(identity, box=B)
        async with running(own):
            await own.publish(f"{BASE}/{B}/up/event", b"own")
            await until(lambda: (f"{BASE}/{B}/up/event", b"own") in hub.heard)
        assert not [topic for topic, _ in hub.heard if f"/{A}/" in topic]


@pytest.mark.parametrize("username", [A, B, "countyhub", ""])
async def test_nobody_throws_another_off_by_its_client_id(county, county_broker, tmp_path, username):
    victim = county.client(await county.identity(A, tmp_path / "a.pem"), box=A)
    thief = county.client(await county.identity(B, tmp_path / "b.pem"), client_id=A, box=username)
    async with running(victim):
        before = victim.state.connects
        async with running(thief):
            await thief.publish(f"{BASE}/{B}/up/event", b"x")
            await victim.publish(f"{BASE}/{A}/up/event", b"still there")
        assert (victim.connected, victim.state.connects) == (True, before)
    assert f"as {A} (p5, c0" in county_broker.log
    assert f"as {B} (p5, c0" in county_broker.log, "whatever a box calls itself, it is called as its certificate says"


async def test_the_hubs_port_wants_the_hubs_password_and_is_private(county, county_broker):
    for username, password in (("countyhub", "wrong"), (A, ""), ("", "")):
        settings = mqtt_settings(county.config)
        wrong = MqttClient(type(settings)(
            host=settings.host, port=settings.port, client_id="x", username=username or None,
            password=password or None, backoff_min_s=0.05,
        ))  # fmt: skip
        async with running(wrong, connects=False):
            assert wrong.state.last_error_code == "connect_refused"
    assert f"listener {county_broker.hub_port} 127.0.0.1" in (county_broker.folder / "countyhub.conf").read_text()


@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed: apt-get install faketime")
async def test_a_box_that_wakes_in_1970_reaches_the_broker(county, county_broker, tmp_path):
    identity = await county.identity(A, tmp_path / "a.pem")
    asked = (
        "import ssl, socket, sys, time; print(time.gmtime().tm_year);"
        f"c = ssl.create_default_context(cafile='{county.folder}/broker/ca.pem'); c.load_cert_chain('{identity}');"
        f"s = socket.create_connection(('127.0.0.1', {county_broker.port}));"
        "s = c.wrap_socket(s, server_hostname='127.0.0.1');"
        "s.sendall(bytes.fromhex('100e00044d515454050200 3c0000 0141'.replace(' ', ''))); print(s.recv(4)[:2].hex())"
    )
    env = {**os.environ, "TZ": "UTC", "LD_PRELOAD": str(FAKETIME), "FAKETIME": "1970-01-01 00:02:00"}
    order = [sys.executable, "-c", asked]
    done = await asyncio.to_thread(subprocess.run, order, capture_output=True, text=True, env=env, timeout=30)
    year, connack = done.stdout.split()
    assert (year, connack[:2]) == ("1970", "20"), done.stderr


async def test_what_comes_while_the_hub_is_away_waits_for_it(county, county_broker, tmp_path):
    """Also over a restart of the broker in good order."""
    ears = Ears(county)
    async with ears.open():
        pass
    box = county.client(await county.identity(A, tmp_path / "a.pem"), box=A)
    async with running(box):
        for number in range(30):
            assert not (await box.publish(f"{BASE}/{A}/up/event", str(number).encode())).is_failure
    county_broker.restart()
    again = Ears(county)
    async with running(again.client):
        await until(lambda: len(again.heard) == 30)
    assert [payload for _, payload in again.heard] == [str(number).encode() for number in range(30)]


async def test_what_must_be_restarted_and_what_only_reloaded(county: County, county_broker: CountyBroker):
    """A new certificate of the server is taken by SIGHUP; a further CA only by a restart, which is said."""
    from countyhub.cli.brokerconfig import needed

    assert needed(county_broker.write()) == ""
    now = datetime.now(UTC)
    (county.folder / "broker" / "server.pem").unlink()
    await county.keep(now)
    changed = county_broker.write()
    assert (set(changed), needed(changed)) == ({"server.crt", "server.key"}, "reload")
    county.authority.advance(county.config.enrol, now + timedelta(days=county.config.enrol.ca_days - 300))
    await county.keep(now)
    changed = county_broker.write()
    assert (set(changed), needed(changed)) == ({"ca.pem", "crl.pem"}, "restart")
