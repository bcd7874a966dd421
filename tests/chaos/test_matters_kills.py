"""R-OPEN-08: the follower is killed at random while events come in; matters and cases are those of the set of events.

A process of its own is killed by SIGKILL, wherever it stands: between a page and its transaction, within it, after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.storm import Storm, storm
from bench.works.storm_cases import content
from countyhub.correlate import batch
from countyhub.correlate.signals import Signal
from countyhub.ingest.rows import last_event_id
from countyhub.store.casetables import cases
from countyhub.store.engine import Store, open_store
from countyhub.store.mattertables import matter
from countyhub.store.worktables import cursor
from gridwire.instants import instant, microseconds
from tests.chaos.seed import SEED
from tests.hubs import ROOT, database_url
from tests.matters import County, Office, matters, registry

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
ALARMS = 6_000
COMMIT = 100
KILLS = 12


@contextlib.contextmanager
def follower(url: str, log: Path) -> Iterator[Callable[[], None]]:
    """The process; what is given kills it and starts another."""
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        with log.open("ab") as out:
            command = [sys.executable, "-m", "tests.chaos.correlator", url, str(SEED), str(ALARMS)]
            running.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env={**os.environ}))

    def again() -> None:
        running[-1].kill()
        running[-1].wait()
        begin()

    begin()
    try:
        yield again
    finally:
        running[-1].kill()
        running[-1].wait()


async def test_killed_anywhere_nothing_is_lost_and_nothing_made_twice(
    database: str, tmp_path: Path, counted: Callable[[str], None]
) -> None:
    url = database_url(tmp_path)
    found = storm(SEED, alarms=ALARMS)
    chance = random.Random(SEED)
    store = await open_store(url)
    office = Office(store, registry(content(found)), instant(found.signals[0].at_us))
    with follower(url, tmp_path / "log") as kill:
        county, sent = await send(office, found, chance, kill)
        await caught_up(store)
    office.now = instant(found.end_us)
    await office.restart()
    await office.follow()
    expected = batch.correlate(county.signals, microseconds(office.now), found.sites)
    assert await matters(store) == expected
    await cases_are_right(store)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log
    counted(
        f"{sent} signals, {KILLS} kills, {len(expected)} matters, {await number(store, cases)} cases, 0 differences"
    )
    await store.close()


async def send(office: Office, found: Storm, chance: random.Random, kill: Callable[[], None]) -> tuple[County, int]:
    """All signals, some late and in another order, with the follower killed now and then."""
    county = County()
    signals = list(found.signals)
    shuffled(signals, chance)
    kills = sorted(chance.sample(range(len(signals) // COMMIT), KILLS))
    for index, start in enumerate(range(0, len(signals), COMMIT)):
        some = signals[start : start + COMMIT]
        now = instant(max(signal.at_us for signal in signals[: start + COMMIT])) + timedelta(seconds=1)
        arrived = []
        for signal in some:
            box, sign = county.sign(signal)
            if isinstance(sign, int):
                arrived.append(county.link(box, sign, instant(signal.at_us)))
            else:
                arrived.append(county.sends(box, sign, received=now))
        await office.commit(*arrived)
        await asyncio.sleep(chance.uniform(0, 0.05))
        if index in kills:
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            kill()
    return county, len(signals)


def shuffled(signals: list[Signal], chance: random.Random) -> None:
    """Pieces change places, as backlogs come: all within some hours."""
    for _ in range(30):
        first = chance.randrange(len(signals) - 400)
        piece = signals[first : first + 400]
        chance.shuffle(piece)
        signals[first : first + 400] = piece


async def caught_up(store: Store) -> None:
    """Until the follower has dealt with the last event."""
    for _ in range(600):
        async with store.read() as connection:
            place = (await connection.execute(select(cursor.c.value).where(cursor.c.name == "correlate"))).scalar()
            if place == await last_event_id(connection):
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the follower does not come to the end")


async def cases_are_right(store: Store) -> None:
    """A case for each matter that nothing explains and that opens one, one for a key, and none beside."""
    async with store.read() as connection:
        top = select(matter.c.key).where(matter.c.parent_key.is_(None), ~matter.c.history)
        wanted = {key for key in (await connection.execute(top)).scalars() if not key.startswith("drill/")}
        shown = select(cases.c.key).where(cases.c.stage.not_in(("merged", "void")))
        there = Counter((await connection.execute(shown)).scalars())
    opening = ("intrusion", "motion", "line_crossing", "signal_lost")
    wanted = {key for key in wanted if not key.startswith("alarm/") or key.split("/")[3] in opening}
    assert set(there) == wanted
    assert set(there.values()) == {1}


async def number(store: Store, table: object) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
