"""The box of the previous release with today's hub, and the reverse; then one end after the other is upgraded.

Real processes, each release in an environment of its own. Skips while there is no release before this one, and says so.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.harness import until
from tests.hubs import PATIENCE_S, HubProcess
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.releases import NONE_YET, Release, previous, unpacked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ALL = {"sos": 1, "alarm": 2, "checkin": 1, "reading": 1, "picture": 1}
HUB = "[replay]\npause_s = 0.5\n"
BOX_ENDS = "will_delay_s = 0"


@pytest.fixture(scope="module")
def other() -> Release:
    name = previous()
    if not name:
        pytest.skip(NONE_YET)
    return unpacked(name)


@pytest.fixture
def broker(tmp_path: Path):
    with Mosquitto(tmp_path / "broker", persistence=True) as running:
        yield running


def count(hub: HubProcess, ledger: Ledger) -> str:
    """One line of figures; lost and twice must be nothing."""
    ids = [each for (each,) in hub.rows("SELECT event_id FROM event")]
    lost, twice = ledger.told_ids.keys() - set(ids), len(ids) - len(set(ids))
    pictures = hub.rows("SELECT count(*) FROM media")[0][0]
    dead = hub.rows("SELECT code, count(*) FROM dead_letter GROUP BY code")
    assert (lost, twice, dead) == (set(), 0, [])
    return (
        f"told {len(ledger.told_ids)} events, at the hub {len(ids)} and {pictures} pictures, "
        f"lost {len(lost)}, twice {twice}, dead letters {len(dead)}"
    )


async def through_faults(agent: AgentProcess, hub: HubProcess, broker: Mosquitto, ledger: Ledger, wait: Path) -> None:
    """Events and pictures of every lane while each part dies once; at the end everything has been acknowledged."""

    async def told_more(least: int) -> None:
        before = len(ledger.told_ids)
        await until(lambda: len(ledger.told_ids) >= before + least, PATIENCE_S)

    await told_more(100)
    hub.kill()
    await told_more(60)
    hub.start()
    agent.kill()
    agent.start()
    await told_more(60)
    broker.kill()
    await told_more(60)
    broker.restart()
    await told_more(60)
    wait.touch()
    await until(lambda: ledger.is_at_rest, PATIENCE_S)
    await agent.until_running()
    await agent.until_drained()
    await until(lambda: hub.rows("SELECT sum(missing), sum(lost) FROM stream_state") == [(0, 0)], 60)


async def board_and_order(agent: AgentProcess, hub: HubProcess) -> None:
    """What goes down: a notice reaches the box's memory, an order is carried out and answered."""
    done = await asyncio.to_thread(hub.cli, "board", "notice", BOX, "--title", "低保公示", "--text", "已张贴")
    assert done.returncode == 0, done.stderr
    done = await asyncio.to_thread(hub.cli, "box", "replay", BOX, "--since", "2020-01-01")
    assert done.returncode == 0, done.stderr + agent.log[-2000:]
    revision = "SELECT revision FROM board"
    await until(lambda: hub.rows(revision) != [], PATIENCE_S)

    def kept() -> list[tuple]:
        return agent.rows("SELECT count(*) FROM memory WHERE key LIKE '%board%'")

    await until(lambda: kept() == [(1,)], PATIENCE_S)


async def whole_life(agent: AgentProcess, hub: HubProcess, broker: Mosquitto, ledger: Ledger, wait: Path) -> None:
    with hub, agent:
        await agent.until_running()
        await through_faults(agent, hub, broker, ledger, wait)
        await board_and_order(agent, hub)
        assert agent.stop() == 0
        await hub.until_rows("SELECT status, reason FROM box", [("offline", "stop")])


async def test_its_box_with_todays_hub(tmp_path, broker, ledger, other, counted):
    wait = tmp_path / "wait"
    devices = emitter(ledger.path, ALL, every_ms=10, stop_file=str(wait))
    agent = other.agent(tmp_path / "box", broker.port, devices, hub=BOX_ENDS)
    hub = HubProcess(tmp_path / "hub", broker.port, HUB)
    await whole_life(agent, hub, broker, ledger, wait)
    counted(f"box {other.name}, hub of today: {count(hub, ledger)}")


async def test_todays_box_with_its_hub(tmp_path, broker, ledger, other, counted):
    wait = tmp_path / "wait"
    devices = emitter(ledger.path, ALL, every_ms=10, stop_file=str(wait))
    agent = AgentProcess(tmp_path / "box", broker.port, devices, hub=BOX_ENDS)
    hub = other.hub(tmp_path / "hub", broker.port, HUB)
    await whole_life(agent, hub, broker, ledger, wait)
    counted(f"box of today, hub {other.name}: {count(hub, ledger)}")


@pytest.mark.parametrize("first", ["hub", "box"])
async def test_one_end_after_the_other_is_upgraded(tmp_path, broker, ledger, other, counted, first):
    """In the field: on the same disk, with a backlog in the outbox and events already at the hub."""
    wait = tmp_path / "wait"
    devices = emitter(ledger.path, ALL, every_ms=10, stop_file=str(wait))
    agent, hub = (
        other.agent(tmp_path / "box", broker.port, devices, hub=BOX_ENDS),
        other.hub(tmp_path / "hub", broker.port, HUB),
    )
    with hub, agent:
        await until(lambda: "connected" in hub.log and len(ledger.told_ids) > 100, PATIENCE_S)
        ends = {"hub": (hub, HubProcess), "box": (agent, AgentProcess)}
        for name in (first, *ends.keys() - {first}):
            end, today = ends[name]
            assert end.stop() == 0
            told = len(ledger.told_ids)
            if name == "hub":
                await until(lambda told=told: len(ledger.told_ids) > told + 60, PATIENCE_S)  # waits in the outbox
            end.tree, end.python = today.tree, today.python
            end.start()
            log = len(hub.log)
            if name == "hub":
                await until(lambda log=log: "connected" in hub.log[log:], PATIENCE_S)
            told = len(ledger.told_ids)
            await until(lambda told=told: len(ledger.told_ids) > told + 60, PATIENCE_S)
        wait.touch()
        await until(lambda: ledger.is_at_rest, PATIENCE_S)
        await agent.until_running()
        await agent.until_drained()
        await until(lambda: hub.rows("SELECT sum(missing), sum(lost) FROM stream_state") == [(0, 0)], 60)
        assert "Traceback" not in hub.log + agent.log
    counted(f"{other.name}, the {first} upgraded first, then the other: {count(hub, ledger)}")
