"""Several brokers in order of preference: the next one when one does not answer, and back when the first is there."""

from __future__ import annotations

import asyncio

import pytest

from gridwire.mqtt import MqttClient, MqttSettings
from gridwire.mqtt.brokers import Choice, Endpoint
from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY


@pytest.fixture
def brokers(tmp_path):
    with Mosquitto(tmp_path / "first") as first, Mosquitto(tmp_path / "second") as second:
        yield first, second


def client(first: Mosquitto, *others: int) -> MqttClient:
    settings = MqttSettings(
        host="127.0.0.1", port=first.port, client_id="box", backoff_min_s=0.05, backoff_max_s=0.2,
        others=tuple(Endpoint("127.0.0.1", port) for port in others), prefer_again_s=0.3,
    )  # fmt: skip
    return MqttClient(settings)


async def test_the_next_broker_serves_while_the_first_is_dead_and_then_the_first_again(brokers):
    first, second = brokers
    first.stop()
    box = client(first, NOBODY, second.port)
    running = asyncio.create_task(box.run())
    try:
        await until(lambda: box.connected)
        assert box.state.broker == f"127.0.0.1:{second.port}"
        await box.publish("t", b"x")
        first.restart()
        await until(lambda: box.connected and box.state.broker == f"127.0.0.1:{first.port}")
        await box.publish("t", b"x")
        first.kill()
        await until(lambda: box.connected and box.state.broker == f"127.0.0.1:{second.port}")
    finally:
        await box.stop()
        await running


async def test_all_dead_brokers_are_tried_between_two_pauses(brokers):
    first, second = brokers
    first.stop()
    second.stop()
    box = client(first, second.port)
    running = asyncio.create_task(box.run())
    try:
        await until(lambda: box.state.attempts >= 6)
        assert not box.connected
        assert box.state.last_error_code == "tcp_refused"
        second.restart()
        await until(lambda: box.connected)
    finally:
        await box.stop()
        await running


def test_the_order_is_kept_and_begins_anew():
    choice = Choice((Endpoint("a"), Endpoint("b"), Endpoint("c")))
    seen = []
    for _ in range(6):
        seen.append(choice.now.host)
        choice.failed()
    assert seen == ["a", "b", "c", "a", "b", "c"]
    choice.failed()
    choice.prefer()
    assert choice.is_preferred
