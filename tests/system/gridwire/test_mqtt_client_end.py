"""How a connection of the MQTT client ends: wills, stops and cancellations, at any moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from gridwire.mqtt import NotConnected, Will
from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.mqttpeers import Peer, peer
from tests.ports import NOBODY

DELAY_S = 10
"""Of a will: who begins anew at once is back within it, on any machine."""


async def test_will_fires_on_a_crash_and_not_on_stop(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"lost %d" % counter, content_type="text/plain")

    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        stopped = await Peer(broker.port, "box", will=will).up()
        await stopped.stop()
        crashed = await Peer(broker.port, "box", will=will).up()
        await crashed.crash()
        await until(lambda: watcher.messages)
        await watcher.client.publish("status", b"end")
        await until(lambda: b"end" in watcher.payloads)
        assert watcher.payloads == [b"lost 1", b"end"]
        assert watcher.messages[0].content_type == "text/plain"
        assert crashed.downs == [None]


async def test_will_is_computed_for_each_connection(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"%d" % counter, retain=True)

    async with peer(broker, "box", will=will) as box:
        broker.restart()
        await box.up(2)
        await box.crash()
        async with peer(broker, "watcher") as watcher:
            await watcher.client.subscribe([("status", 1)])
            await until(lambda: watcher.messages)
            assert watcher.payloads == [b"%d" % box.sessions[1].counter]
            assert watcher.messages[0].retain


@pytest.mark.slow
async def test_will_delay_outlasts_a_short_gap(broker: Mosquitto) -> None:
    def will(counter: int) -> Will:
        return Will(topic="status", payload=b"lost %d" % counter, delay_s=DELAY_S)

    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        first = await Peer(broker.port, "box", will=will).up()
        await first.crash()
        second = await Peer(broker.port, "box", will=will).up()  # back within the delay
        await asyncio.sleep(DELAY_S + 2)  # nothing is to come
        assert watcher.messages == []
        await second.crash()
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"lost 1"]


async def test_stop_flushes_what_was_published(broker: Mosquitto) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("a", 1)])
        one = await Peer(broker.port, "box", will=lambda _: Will(topic="a", payload=b"lost")).up()
        futures = [one.client.publish("a", b"%d" % number + bytes(20000)) for number in range(100)]
        await one.stop()
        with pytest.raises(NotConnected):
            one.client.publish("a", b"too late")
        await until(lambda: len(watcher.messages) >= 100)
        assert [payload.rstrip(b"\0") for payload in watcher.payloads] == [b"%d" % number for number in range(100)]
        assert {(await future).value for future in futures} == {0}


async def test_stop_before_connack_does_not_fire_the_will(broker: Mosquitto) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        broker.pause()
        one = Peer(broker.port, "box", will=lambda _: Will(topic="status", payload=b"lost"))
        await until(lambda: one.client.state.counter == 1)
        stopping = asyncio.create_task(one.stop())
        await asyncio.sleep(0)  # it stops
        broker.resume()
        await stopping
        assert one.order == []
        await watcher.client.publish("status", b"end")
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"end"]


@pytest.mark.slow
async def test_broker_that_never_acknowledges_cannot_hold_up_a_stop(broker: Mosquitto) -> None:
    one = await Peer(broker.port).up()
    broker.pause()
    waiting = one.client.publish("a", b"x")
    await one.stop()
    with pytest.raises(NotConnected):
        await waiting
    broker.resume()


async def test_cancellation_leaves_nothing_behind(broker: Mosquitto, count_sockets: Callable[[], int]) -> None:
    tasks, sockets = len(asyncio.all_tasks()), count_sockets()
    for delay_s in (0, 0.0005, 0.001, 0.002, 0.005, 0.05):  # in DNS, TCP, CONNECT, and connected
        one = Peer(broker.port)
        await asyncio.sleep(delay_s)
        await one.crash()
    backing_off = Peer(NOBODY, backoff_min_s=60.0)
    await backing_off.failed("tcp_refused")
    await backing_off.crash()
    assert len(asyncio.all_tasks()) == tasks
    assert count_sockets() == sockets


async def test_stop_at_any_moment(broker: Mosquitto, count_sockets: Callable[[], int]) -> None:
    async with peer(broker, "watcher") as watcher:
        await watcher.client.subscribe([("status", 1)])
        sockets = count_sockets()
        for delay_s in (0, 0.0005, 0.001, 0.002, 0.005, 0.05):  # the same moments
            one = Peer(broker.port, "box", will=lambda _: Will(topic="status", payload=b"lost"))
            await asyncio.sleep(delay_s)
            await one.stop()
        assert count_sockets() == sockets
        await watcher.client.publish("status", b"end")
        await until(lambda: watcher.messages)
        assert watcher.payloads == [b"end"]


@pytest.fixture
def count_sockets() -> Callable[[], int]:
    def count() -> int:
        names = []
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                names.append(str(link.readlink()))
        return sum(name.startswith("socket:") for name in names)

    return count
