"""The promise as a state machine: the real outbox and the real inbox, and everything that may happen between them.

Emits, sends, losses, repeats, reorderings, acknowledgements, kills, restores and clones of the box, restores and prunes
of the hub. After every step nothing is at the hub twice, and nothing that a driver was told is stored has vanished.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from countyhub.ingest import keys
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import read
from countyhub.ingest.keys import LaneKey
from countyhub.ingest.missing import Standing
from countyhub.store.engine import open_store
from countyhub.store.tables import event, event_key, number_reused, stream_state
from edgeagent.outbox import Outbox
from gridwire import topics
from gridwire.codec import encode_message, pack
from gridwire.messages import Birth
from gridwire.ranges import RangeSet
from tests.outboxes import LIMITS, alarm, draft

COUNTY, BOX = "431126", "431126001002"
STEPS = int(os.environ.get("PROMISE_STEPS", "400"))
PER_RUN = 40


class Machine:
    """A box: its folder, its open outbox, and what this process has sent."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.starts = 0
        self.outbox: Outbox | None = None
        self.sent = RangeSet()

    async def open(self) -> None:
        self.starts += 1
        self.sent = RangeSet()
        self.outbox = await Outbox.open(
            self.folder, LIMITS, boot=f"{self.name}-{self.starts}", machine=self.name, gap=lambda gap: draft(gap, "box")
        )

    async def kill(self) -> None:
        """As kill -9 leaves it: the files of this moment, whatever the process would still have written."""
        aside = self.folder.with_name(self.folder.name + "-killed")
        shutil.copytree(self.folder, aside)
        await self.outbox.close()
        shutil.rmtree(self.folder)
        aside.rename(self.folder)
        await self.open()

    async def copy(self, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)


class Promise(RuleBasedStateMachine):
    """Rules are synchronous; each runs its part on a loop of the machine's own."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.root = Path(tempfile.mkdtemp(prefix="promise-"))
        self.machines: list[Machine] = []
        self.wire: list[tuple[Machine, str, bytes]] = []
        self.acks: list[tuple[Machine, object]] = []
        self.told: set[str] = set()
        self.doomed: set[str] = set()
        self.pruned: set[str] = set()
        self.snapshots: dict[Machine, tuple[Path, set[str]]] = {}
        self.hub_snapshot: Path | None = None

    def run(self, work):
        Promise.steps += 1
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        async def work():
            await self._open_hub()
            machine = Machine(self.root / "box", "box")
            await machine.open()
            self.machines.append(machine)

        self.run(work())

    # -- the box --------------------------------------------------------------------------------------------------

    @rule(pick=st.integers(0, 1), count=st.integers(1, 12))
    def emit(self, pick, count) -> None:
        async def work():
            stored = await asyncio.gather(*(self._machine(pick).outbox.put(alarm()) for _ in range(count)))
            self.told |= {one.id for one in stored}

        self.run(work())

    @rule(pick=st.integers(0, 1), skip=st.integers(0, 5), limit=st.integers(1, 8))
    def send(self, pick, skip, limit) -> None:
        """Some of what is unsettled goes onto the wire, in one payload; again or for the first time."""
        self.run(self._send(self._machine(pick), skip, limit))

    @rule(pick=st.integers(0, 1))
    def kill_box(self, pick) -> None:
        self.run(self._machine(pick).kill())

    @rule(pick=st.integers(0, 1))
    def snapshot_box(self, pick) -> None:
        machine = self._machine(pick)
        target = self.root / f"{machine.name}-snapshot"
        self.run(machine.copy(target))
        self.snapshots[machine] = (target, set(self.told))

    @precondition(lambda self: self.snapshots)
    @rule(pick=st.integers(0, 1))
    def restore_box(self, pick) -> None:
        """The disk is set back: what was told since and has not arrived is gone with it, and nothing else."""
        machine = self._machine(pick)
        if machine not in self.snapshots:
            return
        target, known = self.snapshots[machine]

        async def work():
            kept = await self._ids(machine)
            await machine.outbox.close()
            shutil.rmtree(machine.folder)
            shutil.copytree(target, machine.folder)
            await machine.open()
            lost = kept - await self._ids(machine)
            self.doomed |= {one for one in lost if one not in known}

        self.run(work())

    @precondition(lambda self: len(self.machines) == 1)
    @rule()
    def clone_box(self) -> None:
        """The disk is copied into a second machine, and both run under one id."""

        async def work():
            clone = Machine(self.root / "clone", "clone")
            await self.machines[0].copy(clone.folder)
            await clone.open()
            self.machines.append(clone)

        self.run(work())

    # -- the wire -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.wire)
    @rule(picks=st.lists(st.integers(0, 30), min_size=1, max_size=6), keep=st.booleans())
    def arrive(self, picks, keep) -> None:
        """Messages reach the hub in any order, in one commit; kept on the wire, they come again."""
        found = [self.wire[pick % len(self.wire)] for pick in picks]
        if not keep:
            self.wire = [one for one in self.wire if one not in found]
        self.run(self._commit(found))

    @precondition(lambda self: self.wire)
    @rule(pick=st.integers(0, 30))
    def lose_message(self, pick) -> None:
        self.wire.pop(pick % len(self.wire))

    @precondition(lambda self: self.acks)
    @rule(pick=st.integers(0, 30), keep=st.booleans(), astray=st.booleans())
    def acknowledge(self, pick, keep, astray) -> None:
        """An acknowledgement reaches its box, or the other one under the same id; perhaps not for the last time."""
        index = pick % len(self.acks)
        machine, answer = self.acks[index] if keep else self.acks.pop(index)
        self._settle(self.machines[-1] if astray else machine, answer)

    @precondition(lambda self: self.acks)
    @rule(pick=st.integers(0, 30))
    def lose_acknowledgement(self, pick) -> None:
        self.acks.pop(pick % len(self.acks))

    # -- the hub --------------------------------------------------------------------------------------------------

    @rule()
    def kill_hub(self) -> None:
        async def work():
            await self.store.close()
            await self._open_hub()

        self.run(work())

    @rule()
    def snapshot_hub(self) -> None:
        async def work():
            await self.store.close()
            self.hub_snapshot = self.root / "hub-snapshot"
            shutil.rmtree(self.hub_snapshot, ignore_errors=True)
            shutil.copytree(self.root / "hub", self.hub_snapshot)
            await self._open_hub()

        self.run(work())

    @precondition(lambda self: self.hub_snapshot)
    @rule()
    def restore_hub(self) -> None:
        """Yesterday's backup: what came since must come again, from what the boxes still keep."""

        async def work():
            had = await self._at_hub()
            await self.store.close()
            shutil.rmtree(self.root / "hub")
            shutil.copytree(self.hub_snapshot, self.root / "hub")
            await self._open_hub()
            gone = set(had) - set(await self._at_hub())
            kept = set().union(*[await self._ids(machine) for machine in self.machines])
            self.doomed |= gone - kept  # its box was set back meanwhile: nobody has it any more
            self.doomed -= set(await self._at_hub())

        self.run(work())

    @rule()
    def prune_hub(self) -> None:
        """Retention takes the events and leaves their keys: what comes again is still known."""

        async def work():
            self.pruned |= set(await self._at_hub())
            async with self.store.write() as db:
                newest = (await db.execute(select(func.max(event.c.id)))).scalar()
                await db.execute(delete(event).where(event.c.id < (newest or 0)))
            self.pruned -= set(await self._at_hub())

        self.run(work())

    # -- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if not self.machines:
            return
        found = self.run(self._at_hub())
        assert len(found) == len(set(found))
        assert not set(found) & self.pruned - self._came_again(found)
        assert set(found) <= self.told
        assert self.run(self._count(number_reused)) == 0

    @invariant()
    def nothing_has_vanished(self) -> None:
        """Every event told is in an outbox, at the hub, pruned there, or was on a disk that was set back."""
        if not self.machines:
            return
        somewhere = set(self.run(self._at_hub())) | self.pruned | self.doomed
        for machine in self.machines:
            somewhere |= self.run(self._ids(machine))
        assert self.told <= somewhere

    def teardown(self) -> None:
        """Quiet at last: everything is sent until the hub misses nothing that anybody still has."""
        try:
            if self.machines:
                self.run(self._drain())
                found = self.run(self._at_hub())
                assert len(found) == len(set(found))
                assert self.told - set(found) - self.pruned <= self.doomed
        finally:
            self.run(self._close())
            self.loop.close()
            shutil.rmtree(self.root, ignore_errors=True)

    # -- how ------------------------------------------------------------------------------------------------------

    def _machine(self, pick: int) -> Machine:
        return self.machines[pick % len(self.machines)]

    def _came_again(self, found: list[str]) -> set[str]:
        """A hub restored from a backup has again what was pruned later."""
        again = set(found) & self.pruned if self.hub_snapshot else set()
        self.pruned -= again
        return again

    async def _open_hub(self) -> None:
        (self.root / "hub").mkdir(exist_ok=True)
        self.store = await open_store(f"sqlite:///{self.root}/hub/hub.db")
        self.inbox = Inbox(self.store)

    async def _close(self) -> None:
        for machine in self.machines:
            await machine.outbox.close()
        if self.machines:
            await self.store.close()

    async def _send(self, machine: Machine, skip: int, limit: int) -> None:
        unsettled = RangeSet(machine.outbox.book.lanes["alarm"].unsettled())
        wanted = list(unsettled)[skip : skip + limit]
        if wanted:
            await self._put_on_wire(machine, wanted)

    async def _put_on_wire(self, machine: Machine, numbers: list[int]) -> None:
        if not numbers:
            return
        rows = [row for row in await machine.outbox.read("alarm", numbers[0], numbers[-1], 10_000) if row.n in numbers]
        while rows:
            payload, count = pack([row.body for row in rows])
            machine.sent.merge(RangeSet((row.n, row.n) for row in rows[:count]))
            self.wire.append((machine, "event" if count == 1 else "batch", payload))
            rows = rows[count:]

    async def _commit(self, found) -> None:
        now = datetime.now(UTC)
        intakes = [read(topics.topic(COUNTY, BOX, name), payload, received=now) for _, name, payload in found]
        outcome = await self.inbox.commit(intakes)
        self.acks += [(found[-1][0], answer) for answer in outcome.answers]

    def _settle(self, machine: Machine, answer) -> None:
        """As the uplink does: honoured only for what this process has sent."""
        for first, last in answer.ranges.runs():
            rows = machine.outbox.book.rows_of(answer.stream, answer.lane, first, last)
            for low, high in [rows] if rows else []:
                for n in range(low, high + 1):
                    if n in machine.sent:
                        machine.outbox.settle(answer.lane, n, n)

    async def _at_hub(self) -> list[str]:
        async with self.store.read() as db:
            return list((await db.execute(select(event.c.event_id))).scalars())

    async def _count(self, table) -> int:
        async with self.store.read() as db:
            return (await db.execute(select(func.count()).select_from(table))).scalar()

    async def _ids(self, machine: Machine) -> set[str]:
        rows = await machine.outbox.read("alarm", 1, 10**9, 10**6)
        return {row.body.split(b'"id":"', 1)[1][:26].decode() for row in rows}

    async def _drain(self) -> None:
        for _ in range(4):  # whatever is unsettled, then whatever the hub asks for by the boxes' births
            for machine in self.machines:
                self.wire.clear()
                await self._put_on_wire(machine, list(RangeSet(machine.outbox.book.lanes["alarm"].unsettled())))
                if self.wire:
                    await self._commit(self.wire)
                for one, answer in self.acks:
                    self._settle(one, answer)
                self.acks.clear()
                await self._replay(machine)

    async def _replay(self, machine: Machine) -> None:
        birth = Birth(
            box=BOX, version="1", boot="b", started=datetime.now(UTC), config_hash="", streams=machine.outbox.numbers()
        )
        topic = topics.topic(COUNTY, BOX, "birth")
        await self.inbox.commit([read(topic, encode_message(birth), received=datetime.now(UTC))])
        async with self.store.read() as db:
            lanes = [LaneKey(*row) for row in await db.execute(select(*(stream_state.c[it] for it in LaneKey._fields)))]
            standings: dict[LaneKey, Standing] = await keys.load(db, lanes)
        for lane, standing in standings.items():
            for first, last in standing.missing.runs():
                rows = machine.outbox.book.rows_of(lane.stream, lane.lane, first, last)
                if rows and lane.lane == "alarm":
                    self.wire.clear()
                    await self._put_on_wire(machine, list(range(rows[0], rows[1] + 1)))
                    if self.wire:
                        await self._commit(self.wire)


def play(examples: int, counted) -> None:
    Promise.steps = 0
    run_state_machine_as_test(
        Promise,
        settings=settings(
            max_examples=examples,
            stateful_step_count=PER_RUN,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    counted(f"{Promise.steps} steps: nothing lost, nothing twice")


@pytest.mark.timeout(300)
def test_the_promise_holds(counted):
    play(max(STEPS // PER_RUN, 1), counted)


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.timeout(3000)
def test_the_promise_holds_for_ten_thousand_steps(counted):
    play(10_000 // PER_RUN, counted)


def test_the_key_outlives_the_event():
    """What `prune_hub` relies on: the table of keys is not pruned with the events."""
    assert {"box", "stream", "lane", "seq", "digest"} <= set(event_key.c.keys())
