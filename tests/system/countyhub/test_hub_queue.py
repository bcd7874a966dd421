"""A hub that comes back to a long queue stores what it reads at once, and reads no further than that.

mosquitto 2.0 delivers a session's whole queue in one go after a restart, whatever Receive Maximum the hub has told.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from countyhub.configfile import load
from countyhub.downlink.sender import Downlink
from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox, Outcome
from countyhub.ingest.subscriber import MAX_EVENTS, Subscriber
from countyhub.store.engine import open_store
from gridwire.codec import encode_batch, encode_event
from gridwire.events import Alarm
from tests.harness import until
from tests.hubs import COUNTY, BoxClient, HubProcess
from tests.instances import event
from tests.mosquitto import Mosquitto

BATCHES, EACH = 2000, 20
BATCH = encode_batch([encode_event(event(Alarm(kind="motion", state="start"), n)) for n in range(1, EACH + 1)])


async def left_behind(folder: Path, broker: Mosquitto) -> HubProcess:
    """A stopped hub whose session at the restarted broker holds a batch as often as a box without answer repeats it."""
    with HubProcess(folder, broker.port) as hub:
        await hub.until_connected()
    async with BoxClient(broker.port) as box:
        for _ in range(0, BATCHES, 100):
            await asyncio.gather(*(box.publish("batch", BATCH) for _ in range(100)))
    broker.restart()
    return hub


async def test_no_more_is_read_than_the_next_transaction_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, counted = intake.read, {"read": 0, "committed": 0}
    ahead: list[int] = []

    def reading(*given: object, **named: object) -> intake.Intake:
        counted["read"] += 1
        return read(*given, **named)

    def committed(outcome: Outcome) -> None:
        counted["committed"] += (outcome.stored + outcome.repeats) // EACH
        ahead.append(counted["read"] - counted["committed"])

    monkeypatch.setattr(intake, "read", reading)
    with Mosquitto(tmp_path / "broker", persistence=True) as broker:
        hub = await left_behind(tmp_path / "hub", broker)
        store = await open_store(hub.url)
        inbox, downlink = Inbox(store), Downlink(COUNTY)
        tried = Subscriber(load(hub.config), inbox, downlink, on_commit=committed, on_up=lambda: None)
        running = asyncio.create_task(tried.run())
        await until(lambda: counted["committed"] >= BATCHES, 60)
        tried.stop()
        await running
        await store.close()
    assert hub.rows("SELECT count(*) FROM event") == [(EACH,)]
    assert max(ahead) <= MAX_EVENTS // EACH
