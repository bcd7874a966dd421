"""The hub's process behind a real mosquitto: each event is answered after its commit, nothing holds up the rest."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import make_url

from countyhub.store.engine import Store
from gridwire.codec import encode_event
from gridwire.events import Alarm, Reading
from gridwire.topics import media_topic
from tests.hubs import BoxClient, HubProcess, Wire
from tests.instances import BOX, SOURCE, STREAM, event
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("database")
ALARM = Alarm(kind="motion", state="start")
JPEG = b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"
STORED = "SELECT seq FROM event ORDER BY id"
TOO_EARLY_S = 0.7
"""In which an answer that must not come would have come."""


@pytest.fixture
def broker(tmp_path: Path):
    with Mosquitto(tmp_path / "broker", extra="max_queued_messages 0") as running:
        yield running


async def ready(hub: HubProcess, box: BoxClient) -> None:
    """The hub has subscribed: what is published now reaches it (a box would send again, this client does not)."""
    await hub.until_connected()
    await box.publish("status", b'{"state":"online","boot":"b","connection":1,"version":"0"}', retain=True)
    await hub.until_rows("SELECT status FROM box", [("online",)])


async def test_what_is_stored_is_acknowledged_once_per_lane(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        await box.events(event(ALARM, 1), event(ALARM, 2), event(Reading(quantity="level", value=1.5), 1))
        await box.until_acked(1, 2)
        await box.until_acked(1, lane="reading")
    assert hub.rows(STORED) == [(1,), (2,), (1,)]
    assert hub.rows("SELECT lane, stored_through FROM stream_state ORDER BY lane") == [("alarm", 2), ("reading", 1)]
    assert hub.stop() == 0


async def test_killed_between_commit_and_acknowledgement_the_repeat_is_known(tmp_path: Path, broker: Mosquitto) -> None:
    async with Wire(broker.port).open() as wire, BoxClient(broker.port) as box:
        with HubProcess(tmp_path / "hub", wire.port) as hub:
            await ready(hub, box)
            wire.deaf = True
            await box.events(event(ALARM, 1))
            await hub.until_rows(STORED, [(1,)])
            hub.kill()
            assert box.acked == {}
            wire.deaf = False
            hub.start()
            await box.until_acked(1)
            assert hub.rows(STORED) == [(1,)]


async def test_another_event_under_a_taken_number_is_kept_and_the_box_told(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        await box.events(event(ALARM, 1))
        await box.until_acked(1)
        box.acked.clear()
        await box.events(event(Alarm(kind="tamper", state="start"), 1))
        await box.until_acked(1)
        await hub.until_rows("SELECT op, sent IS NOT NULL FROM command", [("new_stream", 1)])
        assert [(command.op, command.args) for command in box.commands] == [("new_stream", {"stream": STREAM})]
    ((raw,),) = hub.rows("SELECT raw FROM number_reused")
    assert b"tamper" in raw
    assert hub.rows(STORED) == [(1,)]


async def test_bad_events_are_answered_each_for_itself(broker: Mosquitto, hub: HubProcess) -> None:
    other = SOURCE[:-1] + "2"
    bad = [
        encode_event(event(ALARM, 2)).replace(b"cn.gridwire.alarm.v1", b"cn.gridwire.dream.v1"),
        encode_event(event(ALARM, 3, source=other)),
        b'{"broken":}',
    ]
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        await box.raw([encode_event(event(ALARM, 1)), *bad, encode_event(event(ALARM, 4))])
        await box.publish("event", b"\x00\x01 no json")
        await box.publish("health", b'{"at": 5}')
        await box.client.publish(f"grid/1/431126/{BOX}/up/nonsense", b"{}")
        await box.client.publish("grid/1/431126/nobody/up/event", b"{}")
        await box.events(event(ALARM, 5))
        await box.until_acked(1, 2, 3, 4, 5)
    assert hub.rows(STORED) == [(1,), (4,), (5,)]
    letters = hub.rows("SELECT code, seq FROM dead_letter ORDER BY id")
    assert {("wire.unknown-type", 2), ("wire.foreign-source", 3)} <= set(letters)
    assert sum(code == "wire.foreign-topic" for code, _ in letters) == 2
    assert len(letters) == 7
    listed = hub.cli("deadletter", "list")
    assert listed.returncode == 0
    assert "cn.gridwire.dream.v1" in listed.stdout
    assert hub.cli("deadletter", "retry").stdout.strip() == "0 stored, 7 still cannot be read"


async def test_a_picture_is_stored_and_acknowledged_by_its_number(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        await box.client.publish(media_topic("431126", BOX, STREAM, 7), JPEG)
        await box.client.publish(media_topic("431126", BOX, STREAM, 8), JPEG[:-2])
        await box.until_acked(7, 8, lane="media")
    assert hub.rows("SELECT seq, sha256, size FROM media") == [(7, hashlib.sha256(JPEG).hexdigest(), len(JPEG))]
    assert hub.rows("SELECT seq, code FROM dead_letter") == [(8, "wire.jpeg-truncated")]


@contextlib.asynccontextmanager
async def locked(hub: HubProcess):
    """Somebody else writes, for a long time."""
    store = Store(make_url(hub.url))
    try:
        async with store.write():
            yield
    finally:
        await store.close()


async def test_nothing_is_acknowledged_while_the_database_is_locked(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        async with locked(hub):
            await box.events(event(ALARM, 1))
            await box.client.publish("grid/1/431126/x/up/event", b"{}")
            await asyncio.sleep(TOO_EARLY_S)
            assert hub.rows(STORED) == []
            assert box.acked == {}
        await box.until_acked(1)


async def test_killed_before_its_commit_it_gets_from_the_broker_what_nobody_sends_again(
    broker: Mosquitto, hub: HubProcess
) -> None:
    """The box of this test says everything once. So the broker was told of nothing before the commit."""
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        async with locked(hub):
            await box.events(event(ALARM, 1))
            await asyncio.sleep(TOO_EARLY_S)  # by then it has the event, waits for the lock, and can tell nobody
            hub.kill()
        hub.start()
        await box.until_acked(1)
    assert hub.rows(STORED) == [(1,)]


@pytest.mark.slow
async def test_stopped_in_good_order_and_started_again_it_goes_on(broker: Mosquitto, hub: HubProcess) -> None:
    async with BoxClient(broker.port) as box:
        await ready(hub, box)
        assert hub.stop() == 0
        await box.events(event(ALARM, 1))  # kept by the broker in the hub's session
        hub.start()
        await box.until_acked(1)
