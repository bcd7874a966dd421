"""What boxes say of themselves reaches the hub's tables, and the hub answers: boards, requests for what is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from countyhub.config import BrokerSettings, Config, DatabaseSettings, WebSettings
from countyhub.downlink import notices
from countyhub.hub import Hub
from countyhub.store.engine import open_store
from gridwire import messages
from gridwire.events import Alarm, Gap
from tests.harness import until
from tests.hubs import BoxClient, HubProcess, birth, database_url, numbers, status
from tests.instances import BOX, NOON, STREAM, event
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("database")
ALARM = Alarm(kind="motion", state="start")
OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"


@pytest.fixture
def hub(tmp_path: Path, broker: Mosquitto):
    with HubProcess(tmp_path / "hub", broker.port, "[replay]\npause_s = 0.2\nmax_numbers = 3\n") as running:
        yield running


async def online(hub: HubProcess, box: BoxClient) -> None:
    await until(lambda: "connected" in hub.log, 30)
    await box.say("status", status())
    await hub.until_rows("SELECT status FROM box", [("online",)])


async def test_a_last_will_of_an_older_connection_is_ignored(broker: Mosquitto, hub: HubProcess) -> None:
    state = "SELECT status, connection FROM box"
    async with BoxClient(broker.port) as box:
        await online(hub, box)
        await box.say("status", status("online", 5))
        await box.say("status", status("lost", 4))
        await box.say("status", status("lost", 9, boot="boot-0"))
        await box.events(event(ALARM, 1))
        await box.until_acked(1)
        assert hub.rows(state) == [("online", 5)]
        await box.say("status", status("lost", 5))
        await hub.until_rows(state, [("lost", 5)])


async def test_missing_numbers_are_asked_for_until_they_are_there(broker: Mosquitto, hub: HubProcess) -> None:
    """A hub whose database is older than its boxes' memory: 1 is gone for good, 2 to 7 are still kept."""
    async with BoxClient(broker.port) as box:
        await online(hub, box)
        await box.events(event(ALARM, 8))
        await box.until_acked(8)
        await box.say("birth", birth(streams=(numbers(2, 9, 9),)))
        sent: set[int] = set()
        while len(sent) < 6:
            await until(lambda: box.commands, 30)
            command = box.commands.pop(0)
            assert (command.op, command.args["stream"], command.args["lane"]) == ("replay", STREAM, "alarm")
            asked = {n for first, last in command.args["ranges"] for n in range(first, last + 1)}
            assert len(asked) <= 3
            await box.events(*(event(ALARM, n) for n in sorted(asked)))
            await box.until_acked(*asked)
            sent |= asked
        assert sent == {2, 3, 4, 5, 6, 7}
        lane = "SELECT stored_through, missing, lost FROM stream_state WHERE lane = 'alarm'"
        assert hub.rows(lane) == [(0, 0, 1)]
        gap = Gap(stream=STREAM, lane="alarm", ranges=((1, 1),), reason="quota")
        await box.events(event(gap, 1))
        await box.until_acked(1, lane="record")
        assert hub.rows(lane) == [(8, 0, 0)]
        assert hub.rows('SELECT "first", "last", reason FROM gap') == [(1, 1, "quota")]


async def test_a_stream_that_is_no_longer_listed_is_closed_once(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await online(hub, box)
        await box.events(event(ALARM, 1), event(ALARM, 3))
        await box.until_acked(1, 3)
        await box.say("birth", birth(streams=(numbers(1, 1, 4),)))
        await box.say("birth", birth(streams=(numbers(1, 1, 1, stream=OTHER),)))
        await hub.until_rows(f"SELECT ended IS NOT NULL, tail FROM stream WHERE stream = '{STREAM}'", [(1, "unknown")])
        assert hub.rows(f"SELECT missing, lost FROM stream_state WHERE stream = '{STREAM}'") == [(0, 1)]


async def test_devices_follow_birth_health_and_their_own_events(broker: Mosquitto, hub: HubProcess) -> None:
    cameras = tuple(messages.DeviceInfo(id=name, name=name.upper(), driver="onvif") for name in ("cam-1", "cam-2"))
    bad = messages.DeviceHealth(id="cam-2", state="down", reason="refused", since=NOON)
    async with BoxClient(broker.port) as box:
        await online(hub, box)
        await box.say("birth", birth(devices=cameras))
        await box.say("health", messages.Health(at=NOON, uptime_s=5.0, clock="synced", devices=(bad,)))
        await hub.until_rows(
            "SELECT device, name, state, reason FROM device_state ORDER BY device",
            [("cam-1", "CAM-1", "unknown", ""), ("cam-2", "CAM-2", "down", "refused")],
        )


async def test_a_command_leaves_when_there_is_a_link_and_its_reply_is_kept(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await online(hub, box)
        await box.events(event(ALARM, 1))
        await box.until_acked(1)
        await box.events(event(Alarm(kind="tamper", state="start"), 1))
        await until(lambda: box.commands, 30)
        order = box.commands[0]
        await box.say("reply", messages.Reply(id=order.id, op=order.op, ok=True, text="done"))
        await box.say("reply", messages.Reply(id=OTHER, op="ping", ok=True))
        await hub.until_rows("SELECT id, ok FROM command", [(order.id, 1)])
        await hub.until_rows("SELECT id, text FROM command_reply", [(order.id, "done")])
    assert hub.rows("SELECT box FROM box") == [(BOX,)]


async def test_a_box_gets_its_board_when_it_changes_and_at_a_birth_without_it(
    tmp_path: Path, broker: Mosquitto
) -> None:
    config = Config(
        county="431126",
        data_dir=str(tmp_path / "inside"),
        database=DatabaseSettings(url=database_url(tmp_path / "inside")),
        broker=BrokerSettings(port=broker.port),
        web=WebSettings(enabled=False),
    )
    store = await open_store(config.database_url)
    hub = Hub(config, store)
    running = asyncio.create_task(hub.run())
    async with BoxClient(broker.port) as box:
        await until(lambda: hub.subscriber.client.connected, 30)
        await box.say("birth", birth(board_revision=41))

        async def is_subscribed() -> int:
            await box.events(event(ALARM, 1))
            return await hub.committed.last_id()

        await until(is_subscribed, 30)  # the birth comes before the event
        notice = messages.Notice(id="1", title="停水通知")
        board = await notices.change(store, BOX, lambda before: replace(before, notices=(notice,)))
        assert board.revision == 42
        await hub.notices.send({BOX})
        await until(lambda: box.boards, 30)
        box.boards.clear()
        await box.say("birth", birth(board_revision=0))
        await until(lambda: box.boards, 30)
        assert [notice.title for notice in box.boards[0].notices] == ["停水通知"]
    hub.stop()
    await running
    await store.close()
