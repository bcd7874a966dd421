"""What was given up is declared once, however often it is asked for, and over restarts too."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.mosquitto import Mosquitto
from tests.uplinks import Sink, box, declared, noise

JPEG = b"\xff\xd8\xff\xe0" + bytes(900) + b"\xff\xd9"


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path / "broker", max_packet_size=20_000) as running:
        yield running


def everything() -> dict[str, object]:
    return {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}


def records(sink):
    """Each record event that has come, repeats left out."""
    return {(stream, seq) for got in sink.events for stream, (lane, seq) in zip(got.streams, got.numbers, strict=True)
            if lane == "record"}  # fmt: skip


async def ask_again(village, sink) -> None:
    for _ in range(2):
        await sink.reply(await sink.order("replay", everything()))
        await village.until_acked()
        await village.settle(sink)
    village.agent.link.client.renew()
    await village.emit("urgent")
    await village.until_acked()
    await village.settle(sink)


async def test_a_picture_whose_file_is_gone(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit(count=2, pictures=(JPEG,))
            await village.until_acked()
            next((tmp_path / "pictures").glob("**/*.jpg")).unlink()
            await ask_again(village, sink)
            (first,) = set(await declared(sink))
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await ask_again(village, sink)
        assert (first[0], first[2]) == ("media", "picture_lost")
        assert set(await declared(sink)) == {first}
        assert len(records(sink)) == 1


async def test_an_event_that_the_broker_never_takes(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit(detail=noise(60_000))
            await village.emit()
            await village.until_acked()
            await ask_again(village, sink)
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await ask_again(village, sink)
        assert set(await declared(sink)) == {("alarm", (1, 1), "refused")}
        assert len(records(sink)) == 1


async def test_a_damaged_row(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit(count=3)
            await village.until_acked()
        with sqlite3.connect(tmp_path / "outbox.db") as connection:
            connection.execute("UPDATE alarm SET crc = crc + 1 WHERE n = 2")
        connection.close()
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await ask_again(village, sink)
        assert set(await declared(sink)) == {("alarm", (2, 2), "corrupt")}
        assert len(records(sink)) == 1
