"""Agent, broker and hub as real processes: what a device says is in the hub's database, once, whatever goes wrong."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import msgspec
import pytest

from gridwire.codec import encode_event
from gridwire.events import Alarm
from gridwire.topics import media_topic
from tests.drivers_for_tests.emitter_driver import jpeg_of
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S, BoxClient, HubProcess
from tests.instances import BOX, SOURCE, STREAM, event
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter

pytestmark = pytest.mark.usefixtures("database")
ALL = {"sos": 1, "alarm": 2, "checkin": 1, "reading": 1, "picture": 1}
EMITTED = "SELECT count(*) FROM event WHERE subject = 'pond' AND type <> 'cn.gridwire.device.v1'"


@pytest.fixture
async def hub(tmp_path: Path, broker: Mosquitto):
    with HubProcess(tmp_path / "hub", broker.port, "[replay]\npause_s = 0.5\n") as running:
        await until(lambda: "connected" in running.log, PATIENCE_S)
        yield running


def keys(hub: HubProcess) -> list[tuple]:
    """Every event and picture at the hub, by its number."""
    return sorted(hub.rows("SELECT stream, lane, seq FROM event UNION ALL SELECT stream, 'media', seq FROM media"))


def assert_all_there_once(hub: HubProcess, ledger: Ledger) -> None:
    ids = [each for (each,) in hub.rows("SELECT event_id FROM event")]
    assert ledger.told_ids.keys() <= set(ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_every_lane_and_its_pictures_arrive(tmp_path, broker, hub, ledger, protocol):
    devices = emitter(ledger.path, ALL, until=10, every_ms=5)
    with AgentProcess(tmp_path / "box", broker.port, devices, hub=f'protocol = "{protocol}"') as agent:
        await hub.until_rows(EMITTED, [(60,)])
        await hub.until_rows("SELECT count(*) FROM media", [(10,)])
        await agent.until_drained()
        assert_all_there_once(hub, ledger)
        lanes = hub.rows("SELECT lane, stored_through, missing, lost FROM stream_state ORDER BY lane")
        assert [(lane, missing, lost) for lane, _, missing, lost in lanes] == [
            (lane, 0, 0) for lane in ("alarm", "media", "reading", "record", "urgent")
        ]
        sums = dict(hub.rows("SELECT seq, sha256 FROM media"))
        for (raw,) in hub.rows("SELECT raw FROM event WHERE type = 'cn.gridwire.picture.v1'"):
            data = msgspec.json.decode(raw)["data"]
            worker, n = data["owner"].split("/")
            sha256 = sums[data["pictures"][0]["seq"]]
            assert sha256 == data["pictures"][0]["sha256"]
            assert sha256 == hashlib.sha256(jpeg_of(worker, int(n), 12000)).hexdigest()
        assert hub.rows("SELECT status, connection FROM box") == [("online", 1_000_001)]
        assert agent.stop() == 0
        await hub.until_rows("SELECT status, reason FROM box", [("offline", "stop")])


async def test_rubbish_under_the_box_s_name_holds_up_nobody(tmp_path, broker, hub, ledger):
    devices = emitter(ledger.path, ALL, until=20, every_ms=20)
    foreign = encode_event(event(Alarm(kind="motion", state="pulse"), source=SOURCE[:-1] + "9"))
    with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
        async with BoxClient(broker.port) as stranger:
            for payload in (b"\x00\x01 no JSON", b"{", b'{"specversion":"1.0"}', b" " * 600_000, foreign):
                await stranger.publish("event", payload)
                await stranger.publish("batch", payload)
                await stranger.client.publish(media_topic(COUNTY, BOX, STREAM, 1), payload)
        await hub.until_rows(EMITTED, [(120,)])
        await agent.until_drained()
    assert_all_there_once(hub, ledger)
    codes = {code for (code,) in hub.rows("SELECT code FROM dead_letter")}
    assert {"wire.not-json", "wire.payload-too-large", "wire.foreign-source", "wire.not-jpeg"} <= codes
    assert hub.rows("SELECT count(*) FROM event WHERE box <> '" + BOX + "'") == [(0,)]


async def test_a_number_that_somebody_else_has_used_is_kept_and_a_new_stream_begun(tmp_path, broker, hub, ledger):
    wait = tmp_path / "wait"
    wait.touch()
    devices = emitter(ledger.path, {"alarm": 1}, every_ms=20, stop_file=str(wait))
    with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
        await agent.until_running()
        stream = (await agent.status())["stream"]
        async with BoxClient(broker.port) as clone:
            await clone.events(event(Alarm(kind="motion", state="pulse"), stream=stream))
            await clone.until_acked(1, stream=stream)
        wait.unlink()
        await until(lambda: len({line[0] for line in hub.rows("SELECT stream FROM event WHERE lane='alarm'")}) == 2, 30)
        assert (await agent.status())["stream"] != stream
        wait.touch()
        await agent.until_drained()

        def reused():
            return {msgspec.json.decode(raw)["id"] for (raw,) in hub.rows("SELECT raw FROM number_reused")}

        def ids():
            return {each for (each,) in hub.rows("SELECT event_id FROM event")}

        await until(lambda: ledger.told_ids.keys() <= ids() | reused(), 30)  # the last may be told a moment later
        assert reused()
        assert not ids() & reused()


@pytest.mark.sqlite_only
@pytest.mark.slow
@pytest.mark.parametrize("backup", [False, True], ids=["empty", "restored from a backup"])
async def test_a_hub_that_has_lost_its_database_heals_itself(tmp_path, broker, hub, ledger, backup):
    """Nobody tells the box: its next health shows what is missing, the hub asks, the box sends what it keeps."""
    wait = tmp_path / "wait"
    devices = emitter(ledger.path, ALL, every_ms=10, stop_file=str(wait))
    with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
        await until(lambda: len(ledger.told) > 100, 30)
        assert hub.stop() == 0
        shutil.copy(hub.database, tmp_path / "backup.db")
        hub.start()
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 100, 30)
        wait.touch()
        await until(lambda: ledger.is_at_rest)
        await agent.until_drained()
        before = keys(hub)
        assert hub.stop() == 0
        hub.database.unlink()
        if backup:
            shutil.copy(tmp_path / "backup.db", hub.database)
        hub.start()
        await until(lambda: keys(hub) == before, 60)
        assert_all_there_once(hub, ledger)
        await hub.until_rows("SELECT sum(missing), sum(lost) FROM stream_state", [(0, 0)])


async def test_a_box_that_has_never_had_a_hub_hands_over_when_one_comes(tmp_path, broker, ledger):
    """The broker is up, the hub has never been there; then it comes."""
    devices = emitter(ledger.path, ALL, until=100, every_ms=1)
    with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
        await until(lambda: len(ledger.told) == 600, 30)
        await agent.until_status("held", equals="no hub is listening at this broker")
        with HubProcess(tmp_path / "hub", broker.port) as hub:
            await hub.until_rows(EMITTED, [(600,)])
            await hub.until_rows("SELECT count(*) FROM media", [(100,)])
            await agent.until_drained()
            assert_all_there_once(hub, ledger)


async def test_killed_between_two_hubs_the_box_says_the_same_again(tmp_path, broker, hub, ledger):
    """An agent that dies before it knows of the acknowledgement sends again; the hub counts once."""
    wait = tmp_path / "wait"
    devices = emitter(ledger.path, ALL, every_ms=5, stop_file=str(wait))
    agent = AgentProcess(tmp_path / "box", broker.port, devices)
    for _ in range(3):
        told = len(ledger.told)
        with agent:
            await until(lambda told=told: len(ledger.told) > told + 60, 30)
    wait.touch()
    with agent:
        await agent.until_running()
        await agent.until_drained()
    assert_all_there_once(hub, ledger)
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert len(hub.rows("SELECT stream FROM stream")) >= 3
