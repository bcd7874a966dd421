"""The MQTT client against brokers that die, refuse, are silent, or are none: each is named, and tried again."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from gridwire.mqtt import SUCCESS, NotConnected, SubscribeRefused
from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.mqttpeers import CONNACK, Peer, peer, scripted_broker


async def test_dead_broker_is_named_and_tried_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    one = Peer(broker.port)
    error = await one.failed("tcp_refused")
    assert str(broker.port) in str(error)
    assert error.retry_helps
    await until(lambda: one.client.state.attempts >= 3)
    assert one.client.state.counter == 0  # no CONNECT was ever sent
    with broker:
        await one.up()
        state = one.client.state
        assert (state.connected, state.counter, state.connects, state.last_error) == (True, 1, 1, None)
        await one.stop()


async def test_broker_killed_and_restarted(broker: Mosquitto) -> None:
    async with peer(broker, clean_start=True) as one:
        broker.pause()
        waiting = one.client.publish("a", b"never acknowledged")
        subscribing = asyncio.create_task(one.client.subscribe([("a", 1)]))
        await asyncio.sleep(0)  # it asks
        broker.kill()
        with pytest.raises(NotConnected):
            await waiting
        with pytest.raises(NotConnected):
            await subscribing
        await until(lambda: not one.client.connected)
        assert one.client.state.last_error is not None
        broker.start()
        await one.up(2)
        assert one.sessions[1].counter > one.sessions[0].counter
        assert one.downs[0].code in ("lost", "broker_disconnect")
        assert await one.client.publish("a", b"again") is not None


async def test_nothing_is_sent_again_behind_our_back(broker: Mosquitto) -> None:
    """paho would repeat what was not acknowledged after a reconnect; the caller's store does that, and only it."""
    async with peer(broker, "listener", session_expiry_s=60) as listener, peer(broker, "sender") as sender:
        await listener.client.subscribe([("a", 1)])
        broker.pause()
        futures = [sender.client.publish("a", b"old %d" % number) for number in range(10)]
        await asyncio.sleep(0.05)  # nobody sees what stands in the socket of one that is stopped
        broker.kill()  # with what it had received and not yet read
        for future in futures:
            with pytest.raises(NotConnected):
                await future
        broker.start()
        await listener.up(2)
        await sender.up(2)
        await listener.client.subscribe([("a", 1)])
        await sender.client.publish("a", b"new")
        await sender.client.publish("a", b"last")
        await until(lambda: b"last" in listener.payloads)
        assert listener.payloads == [b"new", b"last"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_wrong_password_is_named_and_not_hammered(tmp_path: Path, protocol: str) -> None:
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}) as broker:
        good = await Peer(broker.port, "good", protocol=protocol, username="box", password="secret").up()
        bad = Peer(broker.port, "bad", protocol=protocol, username="box", password="wrong")
        error = await bad.failed("connect_refused")
        # mosquitto 2.0 says "not authorized" to a bad password under both versions
        assert error.reason.value in (0x86, 0x87)
        assert error.reason.name in str(error)
        assert not error.retry_helps
        assert not bad.client.state.retry_helps
        assert bad.client.state.attempts == 1
        bad.client.retry_now()
        await until(lambda: bad.client.state.attempts == 2)
        await bad.stop()
        assert bad.order == []
        await good.stop()


async def test_forbidden_publish_fails_by_reason_code(tmp_path: Path) -> None:
    acl = "user box\ntopic write allowed/#\ntopic read allowed/#\n"
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}, acl=acl) as broker:
        async with peer(broker, username="box", password="secret") as one:
            await one.client.subscribe([("allowed/#", 1)])
            refused = await one.client.publish("forbidden", b"x")
            assert refused.is_failure
            assert (refused.value, refused.name) == (0x87, "Not authorized")
            assert (await one.client.publish("allowed/a", b"x")) == SUCCESS
            assert one.downs == []


async def test_refused_subscription_is_named() -> None:
    # mosquitto 2.0 grants whatever is asked and delivers nothing, so another broker's answer stands here.
    suback = b"\x90\x05\x00\x01\x00\x01\x87"
    async with scripted_broker([CONNACK, suback]) as port:
        one = await Peer(port).up()
        with pytest.raises(SubscribeRefused) as caught:
            await one.client.subscribe([("good", 1), ("forbidden/#", 1)])
        assert [(topic, code.value) for topic, code in caught.value.refused] == [("forbidden/#", 0x87)]
        assert "forbidden/#: Not authorized" in str(caught.value)
        await one.stop()


async def test_forbidden_subscription_is_granted_and_empty(tmp_path: Path) -> None:
    acl = "user box\ntopic write #\ntopic read allowed/#\n"
    with Mosquitto(tmp_path / "broker", users={"box": "secret"}, acl=acl) as broker:
        async with peer(broker, username="box", password="secret") as one:
            assert [code.value for code in await one.client.subscribe([("other/#", 1), ("allowed/#", 1)])] == [1, 1]
            await one.client.publish("other/a", b"never arrives")
            await one.client.publish("allowed/a", b"arrives")
            await until(lambda: one.messages)
            assert one.payloads == [b"arrives"]


async def test_take_over_pauses_longer_and_longer(broker: Mosquitto) -> None:
    first = await Peer(broker.port, "same", backoff_min_s=60.0, backoff_max_s=60.0).up()
    second = await Peer(broker.port, "same").up()
    await until(lambda: first.downs)  # mosquitto 2.0.11 does not say why
    await asyncio.sleep(0.05)  # neither is to come back
    assert second.client.connected
    assert not first.client.connected
    await first.stop()
    await second.stop()


async def test_disconnect_by_the_broker_is_named() -> None:
    taken_over = b"\xe0\x01\x8e"
    async with scripted_broker([CONNACK, taken_over]) as port:
        one = await Peer(port, backoff_min_s=60.0).up()
        with pytest.raises(NotConnected, match="Session taken over"):
            await one.client.subscribe([("a", 1)])
        await until(lambda: one.downs)
        assert (one.downs[0].code, one.downs[0].reason.name) == ("broker_disconnect", "Session taken over")
        assert one.client.state.last_error == str(one.downs[0])
        await one.stop()
    async with scripted_broker([CONNACK + taken_over]) as port:
        at_once = Peer(port, backoff_min_s=60.0)
        assert (await at_once.failed("broker_disconnect")).reason.value == 0x8E
        await at_once.stop()
        assert at_once.order == []  # it never stood


async def test_silent_broker_is_noticed_by_keepalive(broker: Mosquitto) -> None:
    async with peer(broker, keepalive_s=1) as one:
        broker.pause()
        await until(lambda: one.downs)
        assert one.downs[0].code == "keepalive"
        broker.resume()
        await one.up(2)


async def test_broker_that_does_not_answer_connect(broker: Mosquitto) -> None:
    broker.pause()
    one = Peer(broker.port, connect_timeout_s=0.2)
    await one.failed("no_connack")
    broker.resume()
    await one.up()
    await one.stop()


async def test_something_else_listens_there() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\x00 hello")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    one = Peer(server.sockets[0].getsockname()[1], backoff_min_s=60.0)
    await one.failed("protocol")
    await one.stop()
    server.close()


async def test_unknown_host_is_named() -> None:
    one = Peer(1883, host="no-such-host.invalid")
    error = await one.failed("dns")
    assert "no-such-host.invalid" in str(error)
    await one.stop()
