"""The MQTT client against a real mosquitto: messages, sessions, windows and acknowledgements when all is well."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gridwire.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    SUCCESS,
    MqttClient,
    MqttError,
    MqttSettings,
    NotConnected,
    PacketTooLarge,
    WindowFull,
)
from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.mqttpeers import Peer, peer
from tests.ports import NOBODY


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_round_trip(broker: Mosquitto, protocol: str) -> None:
    async with peer(broker, protocol=protocol) as one:
        assert [code.value for code in await one.client.subscribe([("a/+", 1), ("b", 0)])] == [1, 0]
        code = await one.client.publish(
            "a/b", "你好".encode(), content_type="text/plain", expiry_s=60, user_properties=[("k", "v")]
        )
        assert code == SUCCESS
        await one.client.publish("b", b"zero", qos=0)
        await until(lambda: len(one.messages) == 2)
        first, second = sorted(one.messages, key=lambda message: message.topic)
        assert (first.topic, first.payload, first.qos, first.retain) == ("a/b", "你好".encode(), 1, False)
        v5 = protocol == "5"
        assert (first.content_type, first.user_properties) == (("text/plain", (("k", "v"),)) if v5 else (None, ()))
        assert (second.payload, second.qos) == (b"zero", 0)
        await one.client.unsubscribe(["a/+"])
        code = await one.client.publish("a/b", b"nobody hears")
        assert code.value == (NO_MATCHING_SUBSCRIBERS if v5 else 0)
        assert not code.is_failure
        state = one.client.state
        assert state.connected
        assert (state.messages_sent, state.messages_received) == (3, 2)
        assert state.bytes_sent > 0 < state.bytes_received
        await one.stop()
        assert one.order == ["up", "message", "message", "down"]
        assert one.downs == [None]


async def test_large_message_and_many_small_ones(broker: Mosquitto) -> None:
    async with peer(broker) as one:
        await one.client.subscribe([("t/#", 1)])
        picture = bytes(range(256)) * 2000
        await one.client.publish("t/picture", picture)
        codes = [one.client.publish("t/n", b"%d" % number) for number in range(100)]
        assert {code.value for code in await asyncio.gather(*codes)} == {0}
        await until(lambda: len(one.messages) == 101)
        assert one.payloads == [picture, *(b"%d" % number for number in range(100))]
        assert one.client.free_slots == one.client.session.receive_maximum


async def test_publish_while_disconnected_is_refused_at_once() -> None:
    one = Peer(NOBODY)
    with pytest.raises(NotConnected):
        one.client.publish("a", b"x")
    await one.failed("tcp_refused")
    with pytest.raises(NotConnected):
        one.client.publish("a", b"x")
    with pytest.raises(NotConnected):
        await one.client.subscribe([("a", 1)])
    assert one.client.free_slots == 0
    await one.stop()
    assert one.order == []


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_session_keeps_what_comes_while_we_are_away(broker: Mosquitto, protocol: str) -> None:
    async with peer(broker, "sender") as sender:
        one = await Peer(broker.port, "away", protocol=protocol, session_expiry_s=60).up()
        assert not one.sessions[0].session_present
        await one.client.subscribe([("a", 1)])
        await one.stop()
        for number in range(30):
            await sender.client.publish("a", b"%d" % number)
        again = await Peer(broker.port, "away", protocol=protocol, session_expiry_s=60).up()
        assert again.sessions[0].session_present
        await until(lambda: len(again.messages) == 30)
        assert again.payloads == [b"%d" % number for number in range(30)]
        assert again.order[0] == "up"
        await again.stop()
        fresh = await Peer(broker.port, "away", protocol=protocol, clean_start=True).up()
        assert not fresh.sessions[0].session_present
        await fresh.stop()


async def test_session_expiry_zero_keeps_nothing(broker: Mosquitto) -> None:
    for _ in range(2):
        one = await Peer(broker.port, "short", session_expiry_s=0).up()
        assert not one.sessions[0].session_present
        await one.client.subscribe([("a", 1)])
        await one.stop()


async def test_packet_too_large_is_refused_before_sending(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", max_packet_size=2000) as broker:
        async with peer(broker) as one:
            assert one.client.session.maximum_packet_size == 2000
            header_bytes = 1 + 2 + 2 + len("topic") + 2 + 1  # type, length, topic, packet id, no properties
            with pytest.raises(PacketTooLarge) as caught:
                one.client.publish("topic", bytes(2001 - header_bytes))
            assert (caught.value.size_bytes, caught.value.limit_bytes) == (2001, 2000)
            await one.client.publish("topic", bytes(2000 - header_bytes))
            assert len(one.sessions) == 1
            assert one.downs == []


async def test_receive_maximum_bounds_the_window(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", extra="max_inflight_messages 5") as broker:
        async with peer(broker) as one:
            assert one.client.session.receive_maximum == 5
            assert one.client.free_slots == 5
            futures = [one.client.publish("a", b"x") for _ in range(5)]
            assert one.client.free_slots == 0
            with pytest.raises(WindowFull):
                one.client.publish("a", b"one too many")
            one.client.publish("a", b"not counted", qos=0)
            await asyncio.gather(*futures)
            assert one.client.free_slots == 5
            assert one.downs == []


async def test_own_window_is_smaller(broker: Mosquitto) -> None:
    async with peer(broker, max_inflight=2) as one:
        first, second = one.client.publish("a", b"1"), one.client.publish("a", b"2")
        first.cancel()  # who no longer waits still has a message under way
        with pytest.raises(WindowFull):
            one.client.publish("a", b"3")
        await second
        await until(lambda: one.client.free_slots == 2)


async def test_manual_ack_comes_again_until_acknowledged(broker: Mosquitto) -> None:
    async with peer(broker, "sender") as sender:
        hub = await Peer(broker.port, "hub", manual_ack=True, session_expiry_s=60).up()
        await hub.client.subscribe([("a", 1)])
        for payload in (b"1", b"2", b"3"):
            await sender.client.publish("a", payload)
        await until(lambda: len(hub.messages) == 3)
        hub.client.ack(hub.messages[0])
        hub.client.ack(hub.messages[0])  # twice
        assert hub.client.state.stale_acks == 1
        old = hub.messages[1]
        await hub.stop()

        again = await Peer(broker.port, "hub", manual_ack=True, session_expiry_s=60).up()
        await until(lambda: len(again.messages) == 2)
        assert again.payloads == [b"2", b"3"]
        assert all(message.dup for message in again.messages)
        broker.restart()  # without persistence: the session is gone, and so is what was in it
        await again.up(2)
        again.client.ack(again.messages[0])
        again.client.ack(old)
        assert again.client.state.stale_acks >= 1
        await again.stop()


async def test_broker_stops_at_our_receive_maximum(broker: Mosquitto) -> None:
    async with (
        peer(broker, "sender") as sender,
        peer(broker, "hub", manual_ack=True, inbound_receive_maximum=3) as hub,
    ):
        await hub.client.subscribe([("a", 1)])
        for number in range(10):
            await sender.client.publish("a", b"%d" % number)
        await until(lambda: len(hub.messages) >= 3)
        await asyncio.sleep(0.1)  # no more is to come
        assert len(hub.messages) == 3
        for count in range(10):
            await until(lambda count=count: len(hub.messages) > count)
            hub.client.ack(hub.messages[count])
        assert hub.payloads == [b"%d" % number for number in range(10)]


async def test_error_in_a_callback_comes_out_of_run(broker: Mosquitto) -> None:
    def explode(_: object) -> None:
        raise ZeroDivisionError

    downs: list[MqttError | None] = []
    settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="bad")
    client = MqttClient(settings, on_up=explode, on_down=downs.append)
    with pytest.raises(ZeroDivisionError):
        await client.run()
    assert downs == [None]
    async with peer(broker, "sender") as sender:
        subscribing: list[asyncio.Task[Any]] = []
        client = MqttClient(
            settings,
            on_up=lambda _: subscribing.append(asyncio.create_task(client.subscribe([("a", 1)]))),
            on_message=explode,
        )
        running = asyncio.create_task(client.run())
        await until(lambda: subscribing and subscribing[0].done())
        await sender.client.publish("a", b"x")
        with pytest.raises(ZeroDivisionError):
            await running
        assert not client.connected
