"""Who is thrown out of a real mosquitto stays out: the keeper waits until the broker has read the new list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countyhub.ca import identities
from countyhub.ca.expulsion import Expulsion
from countyhub.ca.keeper import Keeper
from gridwire.mqtt import MqttClient
from tests.enrolments import County, CountyBroker
from tests.harness import until

A = "431126001001"
BACK = f"as {A} "
PROBED = "as probe "


@pytest.fixture
async def box(county: County, county_broker: CountyBroker, tmp_path: Path) -> AsyncIterator[MqttClient]:
    """Comes back at once, as often as it is let in."""
    client = county.client(await county.identity(A, tmp_path / "a.pem"), box=A)
    running = asyncio.create_task(client.run())
    await until(lambda: client.connected)
    yield client
    await client.stop()
    await running


def hand_over(broker: CountyBroker) -> None:
    """What countyhub-broker.service does, when it comes to it."""
    assert "crl.pem" in broker.write()
    broker.reload()


async def test_a_replaced_box_whose_time_is_over_is_out_for_good(county, county_broker, box):
    now = datetime.now(UTC)
    async with county.store.write() as connection:
        over = now - timedelta(seconds=1)
        await identities.set_state(connection, A, "leaving", by="test", now=now, reason="replaced", until=over)
    keeper = Keeper(county.store, county.config)
    work = asyncio.create_task(keeper.once(now))
    await until(lambda: PROBED in county_broker.log)
    assert county_broker.log.count(BACK) == 1
    assert box.connected, "the broker does not know the list yet: it would be back at once"
    hand_over(county_broker)
    await work
    await until(lambda: not box.connected and box.state.last_error is not None)
    assert county_broker.log.count(BACK) == 1 + 1, "once by itself, once by the hub that took its place"
    assert keeper._uneasy, "a minute later it looks whether that is so"
    await keeper.once(now + timedelta(minutes=1))
    assert not keeper._uneasy


async def test_a_broker_that_reads_late_is_asked_again_by_the_same_probe(county, county_broker, box):
    now = datetime.now(UTC)
    async with county.store.write() as connection:
        await identities.revoke(connection, A, by="test", now=now)
    expulsion = Expulsion(county.store, county.config, timeout_s=0)
    expulsion.add([A])
    await expulsion.throw_out(now)
    assert expulsion.boxes == {A}
    probe, listed = expulsion._probe, await revoked(county, now)
    await until(lambda: box.connected and county_broker.log.count(BACK) >= 3)  # let in once more
    hand_over(county_broker)
    await expulsion.throw_out(now)
    assert (expulsion.boxes, expulsion._probe) == (set(), probe)
    assert await revoked(county, now) == listed, "no new list for a second look"
    await until(lambda: not box.connected and box.state.last_error is not None)

    expulsion.add(["431126001002"])
    assert expulsion._probe is None, "it would be refused for the older list's sake"


async def revoked(county: County, now: datetime) -> int:
    async with county.store.read() as connection:
        return sum(map(len, (await identities.revoked(connection, now)).values()))
