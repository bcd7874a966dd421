"""What the hub tells boxes while the broker, or one box, does not take it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from countyhub.downlink import commands, notices
from countyhub.downlink.sender import Downlink
from countyhub.store.engine import Store, open_store
from countyhub.store.tables import command
from gridwire import messages
from gridwire.mqtt import MqttClient, MqttSettings
from tests.harness import until
from tests.hubs import COUNTY, BoxClient, database_url
from tests.instances import BOX
from tests.mosquitto import Mosquitto

OTHER = "431126101202"


@asynccontextmanager
async def connected(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[Store, Downlink, MqttClient]]:
    """The hub's store, and its link to the broker."""
    store, downlink = await open_store(database_url(folder)), Downlink(COUNTY)
    settings = MqttSettings(host="127.0.0.1", port=broker.port, client_id="hub", backoff_min_s=0.05, backoff_max_s=0.2)
    client = MqttClient(settings)
    downlink.attach(client)
    running = asyncio.create_task(client.run())
    await until(lambda: downlink.is_connected)
    try:
        yield store, downlink, client
    finally:
        await client.stop()
        await running
        await store.close()


async def test_an_order_that_cannot_be_sent_holds_up_no_other_box(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", max_packet_size=2000) as broker:
        async with connected(tmp_path, broker) as (store, downlink, _), BoxClient(broker.port) as box:
            now = datetime.now(UTC)
            async with store.write() as connection:
                absent = await commands.record(connection, OTHER, "ping", {}, by="wang", now=now)
                large = await commands.record(connection, BOX, "ping", {"x": "y" * 3000}, by="wang", now=now)
                last = await commands.record(connection, BOX, "ping", {}, by="wang", now=now)

            async def waiting() -> list[str]:
                async with store.read() as connection:
                    query = select(command.c.id).where(command.c.sent.is_(None)).order_by(command.c.id)
                    return list((await connection.execute(query)).scalars())

            orders = commands.Commands(store, downlink)
            await orders.send_waiting()
            await until(lambda: box.commands)
            assert [each.id for each in box.commands] == [last]
            assert await waiting() == [absent, large]
            async with BoxClient(broker.port, OTHER) as other:
                await orders.send_waiting()
                await until(lambda: other.commands)
            assert await waiting() == [large]


async def test_a_board_that_the_broker_did_not_take_is_sent_again(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        async with connected(tmp_path, broker) as (store, downlink, link):
            notice = messages.Notice(id="1", title="停水通知")
            await notices.change(store, BOX, lambda board: messages.Board(revision=0, notices=(notice,)))
            boards = notices.Notices(store, downlink)
            free = link.free_slots
            broker.pause()
            sending = asyncio.create_task(boards.send({BOX}))
            await until(lambda: link.free_slots < free)
            broker.kill()
            await sending
            broker.start()
            await until(lambda: link.state.connects == 2)
            async with BoxClient(broker.port) as box:
                watching = asyncio.create_task(boards.watch())
                await until(lambda: box.boards)
                watching.cancel()
            assert [each.title for each in box.boards[0].notices] == ["停水通知"]


async def test_a_board_that_the_broker_refuses_is_told_once_and_sent_when_its_rights_are_put_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Mosquitto(tmp_path / "broker", acl="topic read #\n") as broker:
        async with connected(tmp_path, broker) as (store, downlink, link), BoxClient(broker.port) as box:
            notice = messages.Notice(id="1", title="停水通知")
            await notices.change(store, BOX, lambda board: messages.Board(revision=0, notices=(notice,)))
            boards = notices.Notices(store, downlink)
            for _ in range(3):
                await boards.send({BOX})
            told = [record for record in caplog.records if "refuses" in record.message and BOX in record.message]
            assert len(told) == 1, caplog.text
            assert not box.boards
            (broker.folder / "acl").write_text("topic readwrite #\n")
            broker.reload()
            watching = asyncio.create_task(boards.watch())
            await until(lambda: box.boards)
            watching.cancel()
            assert link.state.connects == 1, "a refusal ends no connection"
