"""`edgeagent run` as a process: it starts, reloads and stops as its unit expects, and needs no hub to work."""

from __future__ import annotations

import sqlite3
from collections import Counter

import msgspec
import pytest

from edgeagent.driver import DeviceState
from gridwire.messages import Status
from tests.harness import until
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY
from tests.processes import AgentProcess, Ledger, emitter
from tests.uplinks import Sink

ONE = {"alarm": 2}
CONFIG_WRONG, CANNOT_CREATE = 78, 73


def states(agent, device):
    """The device events that are stored of a device."""
    bodies = [msgspec.json.decode(body) for (body,) in agent.rows("SELECT body FROM record ORDER BY n")]
    mine = [body for body in bodies if body["subject"] == device and body["type"] == "cn.gridwire.device.v1"]
    return [msgspec.convert(body["data"], DeviceState) for body in mine]


def alarms(agent):
    """Every alarm in the outbox's file."""
    return [msgspec.json.decode(body) for (body,) in agent.rows("SELECT body FROM alarm ORDER BY n")]


def ids(agent):
    return {body["id"] for body in alarms(agent)}


def stored(agent):
    """Worker and number of every alarm, and how often it is there."""
    names = Counter(body["data"]["source"] for body in alarms(agent))
    return Counter({(worker, int(n)): names[name] for name in names for worker, n in [name.split("/")]})


async def test_sigterm_says_goodbye_and_ends_with_0(tmp_path, ledger):
    with Mosquitto(tmp_path / "broker") as broker:
        async with Sink(broker.port, acking=True) as sink:
            with AgentProcess(tmp_path / "box", broker.port, emitter(ledger.path, ONE, every_ms=5)) as agent:
                await agent.until_running()
                await until(lambda: len(sink.seqs()) > 20, 30)
                assert agent.stop() == 0
                await until(lambda: sink.said("status")[-1].read(Status).state == "offline")
                assert sink.said("status")[-1].read(Status).reason == "stop"
                assert ledger.told_ids.keys() <= ids(agent)
                assert max(stored(agent).values()) == 1


async def test_without_a_broker_it_stores_and_says_so(tmp_path, ledger):
    devices = emitter(ledger.path, ONE, until=50, every_ms=0)
    with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
        await agent.until_running()
        await agent.until_status("lanes", "alarm", "waiting", equals=100)
        status = await agent.status()
        assert (status["connected"], status["last_error_code"], status["connects"]) == (False, "tcp_refused", 0)
        assert [device["state"] for device in status["devices"]] == ["up"]
        assert agent.stop() == 0
        assert stored(agent) == Counter({(f"alarm-{w}", n): 1 for w in (0, 1) for n in range(1, 51)})


async def test_killed_again_and_again_it_goes_on_where_it_was(tmp_path, ledger):
    """Without any hub: what a driver was told is in the file, each number once."""
    devices = emitter(ledger.path, ONE, every_ms=1)
    agent = AgentProcess(tmp_path / "box", NOBODY, devices)
    for round_ in range(1, 5):
        before = len(ledger.told)
        with agent:
            await until(lambda before=before: len(ledger.told) > before + 30, 30)
        found = stored(agent)
        assert ledger.told_ids.keys() <= ids(agent)
        assert max(found.values()) == 1
        for worker in ("alarm-0", "alarm-1"):
            numbers = sorted(n for who, n in found if who == worker)
            assert numbers == list(range(1, len(numbers) + 1))
        blind = [state for state in states(agent, "pond") if state.blind_from is not None]
        assert len(blind) == round_ - 1


async def test_an_invalid_file_keeps_the_running_configuration(tmp_path, ledger):
    devices = emitter(ledger.path, ONE, every_ms=5)
    with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
        await agent.until_running()
        before = await agent.status()
        agent.configure(devices + '[device.other]\ndriver = "emitter"\nworker = 5\n')
        agent.reload()
        await agent.until_log("not reloaded, the old one stays")
        assert "device.other.worker" in agent.log
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 20)
        after = await agent.status()
        assert after["config_hash"] == before["config_hash"]
        assert [device["restarts"] for device in after["devices"]] == [0]
        assert len(states(agent, "pond")) == 1


async def test_a_reload_restarts_only_the_device_that_changed(tmp_path):
    ledgers = {name: Ledger(tmp_path / f"{name}.txt") for name in ("a", "b", "c")}

    def devices(tag, *names):
        return "".join(emitter(ledgers[name].path, ONE, every_ms=5, tag=tag * (name == "b")) for name in names)

    with AgentProcess(tmp_path / "box", NOBODY, devices("old", "a", "b")) as agent:
        await agent.until_running()
        await until(lambda: ledgers["a"].told and ledgers["b"].told, 30)
        agent.configure(devices("new", "a", "b", "c"))
        agent.reload()
        await agent.until_log("devices changed: b, c")
        await until(lambda: ledgers["c"].told and len(states(agent, "b")) == 2, 30)
        agent.configure(devices("new", "a", "c"))
        agent.reload()
        await agent.until_log("devices changed: b\n")
        status = await agent.status()
        assert [device["id"] for device in status["devices"]] == ["a", "c"]
        assert [len(states(agent, name)) for name in ("a", "c")] == [1, 1]
        blind = states(agent, "b")[1]
        assert (blind.blind_until - blind.blind_from).total_seconds() < 30
        assert agent.stop() == 0
    found = stored(agent)
    assert sum(map(len, (ledgers[name].told for name in "abc"))) <= sum(found.values())


@pytest.mark.parametrize(
    ("head", "texts"),
    [
        ('language = "en"', ["mistakes in the configuration: 2", "hub.hots"]),
        ('language = "zh"', ["配置中有 2 处错误", "hub.hots"]),
        ("", ["配置中有", "mistakes in the configuration"]),
    ],
)
async def test_a_wrong_configuration_ends_with_78_and_says_why(tmp_path, head, texts):
    agent = AgentProcess(tmp_path / "box", NOBODY)
    agent.config.write_text(f'box = "43112600100"\n{head}\n[hub]\nhots = "x"\nhost = "y"\n')
    with agent:
        assert agent.wait() == CONFIG_WRONG
        assert all(text in agent.log for text in texts), agent.log
    assert not agent.database.exists()


async def test_a_configuration_that_is_not_there(tmp_path):
    agent = AgentProcess(tmp_path / "box", NOBODY)
    agent.config.unlink()
    with agent:
        assert agent.wait() == CONFIG_WRONG
        assert str(agent.config) in agent.log


async def test_a_foreign_or_newer_file_is_left_alone(tmp_path):
    agent = AgentProcess(tmp_path / "box", NOBODY)
    agent.database.parent.mkdir()
    with sqlite3.connect(agent.database) as connection:
        connection.execute("CREATE TABLE somebody_else(x)")
    connection.close()
    before = agent.database.read_bytes()
    with agent:
        assert agent.wait() == CANNOT_CREATE
        assert "is a database, but no outbox" in agent.log
    assert agent.database.read_bytes() == before


async def test_a_store_has_one_agent_at_a_time(tmp_path, ledger):
    devices = emitter(ledger.path, ONE, every_ms=5)
    with AgentProcess(tmp_path / "box", NOBODY, devices) as first:
        await first.until_running()
        second = AgentProcess(tmp_path / "box", NOBODY, devices)
        second.start()
        assert second.wait() == CANNOT_CREATE
        assert "is in use by another agent" in first.log
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 20)
        assert max(stored(first).values()) == 1
        first.kill()
        first.start()
        await first.until_running()
