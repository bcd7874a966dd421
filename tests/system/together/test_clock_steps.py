"""The box's clock steps backwards and forwards, synchronised or not: nothing is lost, nothing changes its place."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edgeagent.agent import Agent
from edgeagent.clock import Clock, Stamp
from edgeagent.driver import Alarm, Observation
from gridwire.events import ClockState
from tests import uplinks
from tests.hubs import HubProcess
from tests.uplinks import PATIENCE_S, until

pytestmark = pytest.mark.usefixtures("database")
TRUE_BOOT = datetime(2026, 5, 1, 6, tzinfo=UTC)
"""When this box really booted."""
WALLS = [
    datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
    datetime(2040, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 5, 1, 6, 10, tzinfo=UTC),
    datetime(2026, 5, 1, 5, 0, tzinfo=UTC),
]
"""What its wall clock says in turns, until the network comes."""


class SteppingClock(Clock):
    """A clock that a person or a bad battery sets; seconds since boot always rise, as the kernel's do."""

    def __init__(self) -> None:
        super().__init__()
        self.wall = WALLS[0]
        self.boottime_s = 60.0
        self.synced: ClockState = "unsynced"

    def stamp(self) -> Stamp:
        self.boottime_s += 1.0
        if self.synced == "synced":
            self.wall = TRUE_BOOT + timedelta(seconds=self.boottime_s)
        return Stamp(self.wall, self.boottime_s, self.synced)

    def state(self) -> ClockState:
        return self.synced


@contextlib.asynccontextmanager
async def box(folder: Path, port: int, clock: Clock):
    def prepare(agent: Agent) -> None:
        agent.clock = clock

    async with uplinks.box(folder, port, health_every_s=5, prepare=prepare) as village:
        yield village.agent


async def emit(agent: Agent, count: int) -> list[tuple[str, str, int]]:
    alarm = Observation(data=Alarm(kind="motion", state="pulse"))
    return [(await agent.intake.take("pond", None, alarm, {}))[:4] for _ in range(count)]


@pytest.mark.slow
async def test_steps_lose_nothing_and_reorder_nothing(tmp_path, broker):
    clock = SteppingClock()
    told = []
    with HubProcess(tmp_path / "hub", broker.port) as hub:
        async with box(tmp_path / "box", broker.port, clock) as agent:
            for wall in WALLS:
                clock.wall = wall
                told += await emit(agent, 10)
            # The network comes: the clock is right from now on, and so is the time of boot that health reports.
            clock.synced = "synced"
            told += await emit(agent, 10)
            await until(lambda: not any(agent.outbox.waiting().values()), PATIENCE_S)
            alarms = "FROM event WHERE type = 'cn.gridwire.alarm.v1'"
            ordered = hub.rows(f"SELECT event_id, stream, lane, seq {alarms} ORDER BY stream, lane, seq")
            assert ordered == [tuple(one) for one in told]
            # Both times are kept: what the box believed, and what was right.
            raws = [msgspec.json.decode(raw) for (raw,) in hub.rows(f"SELECT raw {alarms} ORDER BY seq")]
            assert [raw["clock"] for raw in raws] == ["unsynced"] * 50 + ["synced"] * 10
            assert {raw["recordedtime"][:4] for raw in raws} == {"1970", "2040", "1999", "2026"}
            monotonic = [float(raw["monotonic"]) for raw in raws]
            assert monotonic == sorted(monotonic)
            booted = agent.health.birth().streams[-1].booted
            assert abs(booted - TRUE_BOOT) < timedelta(seconds=5)
            agent.link.tell_birth()
            await until(lambda: hub.rows("SELECT count(*) FROM stream WHERE booted IS NOT NULL") == [(1,)], PATIENCE_S)


@pytest.mark.slow
async def test_a_clock_that_jumps_expires_nothing(tmp_path, broker):
    """What the hub has stays for replay by running hours, whatever the wall clock says."""
    clock = SteppingClock()
    with HubProcess(tmp_path / "hub", broker.port):
        async with box(tmp_path / "box", broker.port, clock) as agent:
            await emit(agent, 20)
            await until(lambda: not any(agent.outbox.waiting().values()), PATIENCE_S)
            for wall in WALLS:
                clock.wall = wall
                await agent.outbox.tick_hour()
            assert len(await agent.outbox.read("alarm", 1, 100, 100)) == 20
