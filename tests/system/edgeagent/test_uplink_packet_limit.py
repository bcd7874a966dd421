"""MQTT 3.1.1 tells no limit on size: a broker that has one closes, and must not be sent the same for ever."""

from __future__ import annotations

import random

import pytest

from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.uplinks import Sink, box, declared, noise

LIMIT_BYTES = 20_000
OLD = 'protocol = "3.1.1"\nresend_after_s = 1'


def jpeg(n: int, size: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + random.Random(n).randbytes(size) + b"\xff\xd9"


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path / "broker", max_packet_size=LIMIT_BYTES) as running:
        yield running


@pytest.mark.slow
async def test_a_picture_beyond_the_limit_is_declared_and_all_else_arrives(tmp_path, broker):
    async with (
        Sink(broker.port, acking=True, protocol="3.1.1") as sink,
        box(tmp_path, broker.port, hub=OLD) as village,
    ):
        await village.connected()
        await village.emit(pictures=(jpeg(1, 30_000),))
        await until(lambda: village.agent.link.client.state.connects >= 2, 30)  # the broker has closed
        await village.emit(pictures=(jpeg(2, 900),))
        await village.until_acked()
        await until(lambda: sink.seqs("record"), 30)
        assert await declared(sink) == [("media", (1, 1), "refused")]
        assert (set(sink.seqs()), set(sink.seqs("media"))) == ({1, 2}, {2})
        assert village.uplink.counters["parked"] == 1
        connects = village.agent.link.client.state.connects
        await village.emit(pictures=(jpeg(3, 35_000),))  # as large as what is known: one break is enough
        await village.until_acked()
        await until(lambda: len(sink.seqs("record")) >= 2, 30)
        assert await declared(sink) == [("media", (1, 1), "refused"), ("media", (3, 3), "refused")]
        assert village.agent.link.client.state.connects == connects + 1


@pytest.mark.slow
async def test_an_event_beyond_the_limit_in_a_backlog_is_found_among_the_others(tmp_path, broker):
    broker.stop()
    async with box(tmp_path, broker.port, hub=OLD) as village:
        await village.emit(count=5)
        await village.emit(detail=noise(60_000))
        await village.emit(count=5)
        await village.emit(pictures=(jpeg(1, 40_000),))
        await village.emit("record", 3)
        broker.start()
        async with Sink(broker.port, acking=True, protocol="3.1.1") as sink:
            await village.until_acked()
            await until(lambda: len(sink.seqs("record")) >= 5, 30)
            assert await declared(sink) == [("alarm", (6, 6), "refused"), ("media", (1, 1), "refused")]
            assert set(sink.seqs()) == {*range(1, 13)} - {6}


@pytest.mark.slow
async def test_a_picture_asked_for_again_is_declared_once(tmp_path, broker):
    async with (
        Sink(broker.port, acking=True, protocol="3.1.1") as sink,
        box(tmp_path, broker.port, hub=OLD) as village,
    ):
        await village.connected()
        (alarm,) = await village.emit(pictures=(jpeg(1, 30_000),))
        await village.until_acked()
        await until(lambda: sink.seqs("record"), 30)
        args = {"stream": alarm.stream, "lane": "media", "ranges": [[1, 1]]}
        for times in (2, 3):
            await sink.order("replay", args)
            await until(lambda times=times: village.uplink.counters["parked"] == times, 30)
            await until(lambda: not any(village.uplink.queue.asked.values()), 30)
            await village.connected()
        await village.emit()
        await village.until_acked()
        await village.settle(sink)
        assert await declared(sink) == [("media", (1, 1), "refused")]


@pytest.mark.slow
async def test_a_picture_that_the_broker_takes_and_drops_neither_blocks_the_others_nor_goes_for_ever(tmp_path):
    """mosquitto's `message_size_limit` under 3.1.1: PUBACK says success, and nobody gets it."""
    with Mosquitto(tmp_path / "broker", extra=f"message_size_limit {LIMIT_BYTES}") as broker:
        async with (
            Sink(broker.port, acking=True, protocol="3.1.1") as sink,
            box(tmp_path, broker.port, hub=OLD) as village,
        ):
            await village.connected()
            await village.emit(pictures=(jpeg(1, 30_000),))
            await village.emit(pictures=(jpeg(2, 900), jpeg(3, 900)))
            await until(lambda: set(sink.seqs("media")) == {2, 3}, 60)
            await village.until_acked()
            await until(lambda: sink.seqs("record"), 30)
            assert await declared(sink) == [("media", (1, 1), "refused")]
            assert village.uplink.counters["parked"] == 1
