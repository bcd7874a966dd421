"""Boxes that are not what they seem, with real outboxes and a real hub: found, told, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

import pytest

from edgeagent.agent import Agent
from edgeagent.driver import Alarm, Observation
from tests import uplinks
from tests.hubs import HubProcess
from tests.uplinks import PATIENCE_S, until

pytestmark = pytest.mark.usefixtures("database")
ALARMS = "SELECT count(*), count(DISTINCT event_id) FROM event WHERE type = 'cn.gridwire.alarm.v1'"
FAULTS = "SELECT kind, about FROM identity_fault ORDER BY kind, about"


@contextlib.asynccontextmanager
async def box(folder: Path, port: int, boot: str, machine: str = "machine"):
    """An agent on a machine of this boot; it has left when the context is."""

    def prepare(agent: Agent) -> None:
        agent.clock.boot, agent.clock.machine = boot, machine

    async with uplinks.box(folder, port, health_every_s=5, prepare=prepare) as village:
        yield village.agent


async def emit(agent: Agent, count: int) -> set[str]:
    """Alarms; gives the ids that the driver was told are stored."""
    alarm = Observation(data=Alarm(kind="motion", state="pulse"))
    stored = await asyncio.gather(*(agent.intake.take("pond", None, alarm, {}) for _ in range(count)))
    return {one.id for one in stored}


async def drained(agent: Agent) -> None:
    await until(lambda: not any(agent.outbox.waiting().values()), PATIENCE_S)


def at_hub(hub: HubProcess) -> list[str]:
    return [one for (one,) in hub.rows("SELECT event_id FROM event WHERE type = 'cn.gridwire.alarm.v1'")]


async def test_an_outbox_rolled_back_is_told_and_costs_nothing_that_had_arrived(tmp_path, broker, hub):
    told: set[str] = set()
    async with box(tmp_path / "box", broker.port, "boot-1") as agent:
        told |= await emit(agent, 20)
        await drained(agent)
    shutil.copytree(tmp_path / "box", tmp_path / "yesterday")
    async with box(tmp_path / "box", broker.port, "boot-1") as agent:
        told |= await emit(agent, 30)
        await drained(agent)
    shutil.rmtree(tmp_path / "box")
    shutil.copytree(tmp_path / "yesterday", tmp_path / "box")
    async with box(tmp_path / "box", broker.port, "boot-1") as agent:
        told |= await emit(agent, 40)
        await drained(agent)
        assert sorted(at_hub(hub)) == sorted(told)
        # The stream of the second run is in no birth of this one: it has ended, and everything of it had come.
        await until(lambda: hub.rows("SELECT count(*) FROM stream WHERE ended IS NOT NULL")[0][0] >= 1, PATIENCE_S)
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]


@pytest.mark.slow
async def test_an_outbox_rolled_back_in_the_middle_of_a_stream_is_shown(tmp_path, broker, hub):
    told: set[str] = set()
    async with box(tmp_path / "box", broker.port, "boot-1") as agent:
        told |= await emit(agent, 20)
        await drained(agent)
        stream = agent.outbox.book.current.id
        await agent.outbox.sync()
        shutil.copytree(tmp_path / "box", tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))  # while it runs
        told |= await emit(agent, 30)
        await drained(agent)
    async with box(tmp_path / "copy", broker.port, "boot-1") as agent:
        told |= await emit(agent, 40)
        await drained(agent)
        await until(lambda: ("rolled_back", stream) in hub.rows(FAULTS), PATIENCE_S)
    assert sorted(at_hub(hub)) == sorted(told)
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]


@pytest.mark.slow
async def test_a_cloned_disk_is_shown_and_both_machines_events_are_kept_once(tmp_path, broker, hub):
    told: set[str] = set()
    async with box(tmp_path / "box", broker.port, "boot-1", "machine-1") as agent:
        told |= await emit(agent, 20)
    shutil.copytree(tmp_path / "box", tmp_path / "clone")  # with events that may not have arrived
    for _ in range(2):  # they throw each other off the broker; here they come in turns
        async with box(tmp_path / "box", broker.port, "boot-1", "machine-1") as agent:
            told |= await emit(agent, 10)
            await drained(agent)
        async with box(tmp_path / "clone", broker.port, "boot-2", "machine-2") as agent:
            told |= await emit(agent, 10)
            await drained(agent)
    await until(lambda: ("twin", "boot-1") in hub.rows(FAULTS), PATIENCE_S)
    assert sorted(at_hub(hub)) == sorted(told)
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]


@pytest.mark.slow
async def test_two_boxes_with_one_certificate_at_the_same_time(tmp_path, broker, hub):
    """One client id: the broker lets in whoever came last. Both go on storing, and in the end all of it is there."""
    told: set[str] = set()
    async with (
        box(tmp_path / "one", broker.port, "boot-1", "machine-1") as one,
        box(tmp_path / "two", broker.port, "boot-2", "machine-2") as two,
    ):
        for _ in range(10):
            told |= await emit(one, 5)
            told |= await emit(two, 5)
            await asyncio.sleep(0.3)  # both throw each other off for a while
        await until(lambda: any(kind == "twin" for kind, _ in hub.rows(FAULTS)), PATIENCE_S)
    for name in ("one", "two"):  # then somebody switches one of them off, and later on again
        async with box(tmp_path / name, broker.port, f"boot-{name}", name) as agent:
            await drained(agent)
    assert sorted(at_hub(hub)) == sorted(told)
    assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]


@pytest.mark.slow
async def test_a_replaced_box_leaves_an_end_that_is_shown(tmp_path, broker, hub):
    async with box(tmp_path / "old", broker.port, "boot-1") as agent:
        told = await emit(agent, 20)
        await drained(agent)
        old = agent.outbox.book.current.id
    async with box(tmp_path / "new", broker.port, "boot-2", "machine-2") as agent:
        told |= await emit(agent, 5)
        await drained(agent)
        ended = f"SELECT tail FROM stream WHERE stream = '{old}' AND ended IS NOT NULL"
        await until(lambda: hub.rows(ended) != [], PATIENCE_S)
        assert hub.rows(ended)[0][0] in ("unknown", "complete")
    assert sorted(at_hub(hub)) == sorted(told)


@pytest.mark.slow
@pytest.mark.sqlite_only
async def test_a_hub_restored_from_yesterday_gets_again_what_the_box_still_keeps(tmp_path, broker):
    told: set[str] = set()
    folder = tmp_path / "hub"
    async with box(tmp_path / "box", broker.port, "boot-1") as agent:
        with HubProcess(folder, broker.port) as hub:
            told |= await emit(agent, 50)
            await drained(agent)
            assert hub.stop() == 0
        shutil.copytree(folder, tmp_path / "yesterday")
        with HubProcess(folder, broker.port) as hub:
            told |= await emit(agent, 70)
            await drained(agent)
            assert hub.stop() == 0
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "yesterday", folder)
        with HubProcess(folder, broker.port, "[replay]\npause_s = 1\n") as hub:
            told |= await emit(agent, 5)
            await until(lambda: sorted(at_hub(hub)) == sorted(told), PATIENCE_S)
            assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
