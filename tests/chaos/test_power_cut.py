"""The promise when the power goes, counted: what a driver was told is stored survives, whatever the kernel still held.

What is simulated. The store lies on an ext4 of its own, in an image behind a loop device. A power cut stops that file
system from one moment to the next, in the midst of the agent's writes and fsyncs (EXT4_IOC_SHUTDOWN without flushing
the journal: from then on nothing more gets from the kernel's memory to the disk), and kills the agent with SIGKILL.
The image as it then is, without anything written but not synced, is copied; the copy is mounted, which replays its
journal, and the agent starts on that. In half of the cuts the agent dies just before the file system stops.

That it really drops what was not synced is proved along with it: at every cut there are a file written and not synced,
which must be missing or short at least once, and one written and synced, which must always be there. A database with
synchronous=NORMAL loses rows in it, one with FULL does not.

What is not simulated: a disk that reports a flush it has not done, or forgets what it had accepted before the flush.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.powerdisk import Disk, Probes
from tests.chaos.tally import Line, Tally
from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter

pytestmark = pytest.mark.root

SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))
QUICK_CUTS = 6
CUTS = int(os.environ.get("CHAOS_CUTS") or 100)
WORKERS = {"sos": 1, "alarm": 3, "checkin": 3, "reading": 2, "picture": 1}
EVERY_MS = 50


class Village:
    """The agent on a disk that loses its power, and the county it reports to; `Tally` counts it."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._disk = disk
        self._stop_file = folder / "stop"
        self.ledger = Ledger(folder / "pond.txt")  # outside the disk: it knows what was told before the cut
        self.broker = Mosquitto(folder / "broker")
        self.hub = HubProcess(folder / "hub", self.broker.port, "[replay]\npause_s = 1\n")
        devices = emitter(self.ledger.path, WORKERS, every_ms=EVERY_MS, stop_file=str(self._stop_file))
        self.agent = AgentProcess(
            folder / "box", self.broker.port, devices, hub="resend_after_s = 2", store="max_mb = 64"
        )
        self.probes = Probes(disk.folder)

    async def live(self, seconds: float) -> None:
        """The agent starts, has stored something new, and goes on for a while."""
        before = len(self.ledger.told_ids)
        self.agent.start()
        await until(lambda: len(self.ledger.told_ids) > before or not self.agent.is_running, 60)
        assert self.agent.is_running, self.agent.log
        await asyncio.sleep(seconds)

    def cut_power(self, chance: random.Random) -> None:
        """And back on: a new start on what the disk has kept."""
        self.probes.write()
        steps = [self._disk.stop, self.agent.kill]
        chance.shuffle(steps)
        for step in steps:
            step()
        self._disk.replug()
        self.probes.look()

    async def drain(self) -> None:
        self._stop_file.touch()
        self.agent.start()
        await self.agent.until_running()
        await self.agent.until_drained()
        assert self.agent.stop() == 0
        assert self.hub.stop() == 0


def table(place: Village, cuts: int, tally: Tally, lines: list[Line]) -> str:
    total = Line("all", *(sum(column) for column in zip(*(it[1:] for it in lines), strict=True)))
    probes = f"unsynced files dropped: {place.probes.dropped}, synced files kept: {place.probes.kept}"
    rows = [f"power cuts: {cuts}; {probes}; declared gaps: {tally.gaps}"]
    rows.append(f"{'':12} {'raised':>8} {'told':>8} {'at hub':>8} {'lost':>8} {'twice':>8}")
    rows += [f"{it.what:12} {it.raised:8} {it.told:8} {it.at_hub:8} {it.lost:8} {it.twice:8}" for it in [*lines, total]]
    return "\n".join(["", f"CHAOS_SEED={SEED}", *rows])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("cuts", [QUICK_CUTS, pytest.param(CUTS, marks=pytest.mark.chaos)])
async def test_a_power_cut_takes_nothing_that_was_stored(
    tmp_path: Path, disk: Disk, counted: Callable[[str], None], cuts: int
) -> None:
    print(f"CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    with contextlib.ExitStack() as running:
        place = Village(tmp_path, disk)
        running.callback(place.agent.kill)
        for n in range(cuts):
            if n == (cuts + 1) // 2:  # until then nothing has left the disk; from now on it is sent, and cut on the way
                running.enter_context(place.broker)
                running.enter_context(place.hub)
            await place.live(chance.uniform(0.0, 1.2))
            await asyncio.to_thread(place.cut_power, chance)
        await place.drain()
        tally = Tally(place)
        lines = [*tally.emitted(), tally.pictures()]
        counted(table(place, cuts, tally, lines))
        damaged = list(disk.folder.glob("*.damaged-*"))
    assert place.probes.dropped > 0, "nothing unsynced was ever lost: these were no power cuts"
    assert place.probes.kept == cuts
    assert damaged == [], "a power cut is no damage to the database"
    assert {it.what: it.lost for it in lines if it.lost} == {}
    assert {it.what: it.twice for it in lines if it.twice} == {}
    assert (tally.ids_twice(), tally.pictures_altered()) == (0, 0)
    assert place.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert place.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert place.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]


@pytest.mark.parametrize(("synchronous", "keeps_all"), [("FULL", True), ("NORMAL", False)])
def test_the_cut_would_show_a_store_that_does_not_sync(disk: Disk, synchronous: str, keeps_all: bool) -> None:
    path = disk.folder / "plain.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE event (n INTEGER PRIMARY KEY)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        for n in range(50):
            connection.execute("INSERT INTO event VALUES (?)", (n,))
        disk.stop()
        with contextlib.suppress(sqlite3.Error):
            connection.close()
    disk.replug()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((kept,),) = connection.execute("SELECT count(*) FROM event")
    assert kept == 50 if keeps_all else kept < 50
