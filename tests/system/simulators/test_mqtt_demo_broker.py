"""The demo's broker, iotcore in a child process: it starts, carries a message, dies and comes back on its ports."""

from __future__ import annotations

import asyncio

import pytest

from gridwire.mqtt import Message, MqttClient, MqttSettings
from simulators.broker import DemoBroker

pytest.importorskip("iotcore", reason="iotcore is not installed: uv sync --extra demo")


async def test_round_trip_kill_and_restart() -> None:
    arrived: asyncio.Queue[Message] = asyncio.Queue()
    ups: asyncio.Queue[int] = asyncio.Queue()
    async with DemoBroker() as broker, asyncio.timeout(60):
        settings = MqttSettings(
            host="127.0.0.1", port=broker.port, client_id="demo", backoff_min_s=0.02, backoff_max_s=0.1
        )
        client = MqttClient(
            settings, on_message=arrived.put_nowait, on_up=lambda session: ups.put_nowait(session.counter)
        )
        running = asyncio.create_task(client.run())
        before = await ups.get()
        await client.subscribe([("a/#", 1)])
        picture = bytes(range(256)) * 1000  # rumqttd takes 20 KiB unless told otherwise
        assert not (await client.publish("a/b", picture, content_type="image/jpeg")).is_failure
        message = await arrived.get()
        assert (message.topic, message.payload, message.qos) == ("a/b", picture, 1)
        assert message.content_type == "image/jpeg"

        await broker.kill()
        await broker.start()
        assert await ups.get() > before
        await client.subscribe([("a/#", 1)])
        await client.publish("a/c", b"after the restart")
        assert (await arrived.get()).payload == b"after the restart"
        await client.stop()
        await running


async def test_mqtt_3_has_its_own_port() -> None:
    ups: asyncio.Queue[int] = asyncio.Queue()
    async with DemoBroker() as broker, asyncio.timeout(60):
        settings = MqttSettings(host="127.0.0.1", port=broker.port_v3, client_id="demo", protocol="3.1.1")
        client = MqttClient(settings, on_up=lambda session: ups.put_nowait(session.counter))
        running = asyncio.create_task(client.run())
        await ups.get()
        assert not (await client.publish("a", b"x")).is_failure
        await client.stop()
        await running
