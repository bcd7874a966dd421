"""A village's day: 60 check-ins, 40 requests, ratings, no uplink until the evening, the power cut twice. Counted.

Once in a hurry, with kill -9 for the power; once for eight hours of the agent's own time (`VILLAGE_DAY_SPEED` times as
fast as ours, 60), with all its timers at their defaults and the power cut under its disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from simulators.proxy import Proxy
from simulators.terminal import SimTerminal
from tests.chaos.fastclock import FastClock
from tests.chaos.powerdisk import Disk
from tests.chaos.seed import SEED
from tests.chaos.villageday import PARTS, Day
from tests.mosquitto import Mosquitto

CHECKINS, REQUESTS = 60, 40
HOURS = 8
SPEED = int(os.environ.get("VILLAGE_DAY_SPEED") or 60)


async def people_come(day: Day, chance: random.Random, within_s: float = 0.0) -> None:
    """One after the other, all over that time; twice the power goes while somebody is being served."""
    visits = [day.check_in] * CHECKINS + [day.ask] * REQUESTS
    chance.shuffle(visits)
    dark = set(chance.sample(range(10, len(visits) - 10), 2))
    began_s = asyncio.get_running_loop().time()
    for number, visit in enumerate(visits):
        opens_s = began_s + (number + chance.random()) * within_s / len(visits)
        await asyncio.sleep(max(0.0, opens_s - asyncio.get_running_loop().time()))
        serving = asyncio.create_task(visit(chance))
        if number in dark:
            await asyncio.sleep(chance.uniform(0.0, 0.02))
            await day.cut_power(chance)
        await serving
    await asyncio.sleep(max(0.0, began_s + within_s - asyncio.get_running_loop().time()))


class Line(NamedTuple):
    """`raised`: how often people tried; `told`: how often they heard "done", and so it was stored."""

    what: str
    raised: int
    told: int
    at_hub: int
    lost: int
    twice: int


def tally(day: Day) -> list[Line]:
    """Each kind of event. A rating has nothing by which two of the same score are told apart: `twice` is left out."""
    lines = []
    for kind, name in (("checkin", "person"), ("request", "person"), ("rating", "score")):
        told = Counter(one.what for one in day.told if one.kind == kind)
        found = Counter(str(data.get(name, "")) for data in day.at_hub(kind))
        lost = (told - found).total()
        lines.append(Line(kind, day.tries[kind], told.total(), found.total(), lost, 0))
    people = Counter(data["person"] for data in day.at_hub("checkin"))
    printed, filed = Counter(day.receipts), Counter(data["receipt"] for data in day.at_hub("request"))
    lines[0] = lines[0]._replace(twice=people.total() - len(people))
    lines[1] = lines[1]._replace(twice=filed.total() - len(filed))
    return [*lines, Line("receipts", printed.total(), len(printed), filed.total(), (printed - filed).total(), 0)]


def unbound(day: Day) -> int:
    """Ratings that say they are of a receipt that nobody filed."""
    filed = {data["receipt"] for data in day.at_hub("request")}
    return sum(data.get("receipt", "") not in filed for data in day.at_hub("rating") if data.get("receipt"))


def table(day: Day, lines: list[Line], more: str = "") -> str:
    rows = [f"CHAOS_SEED={SEED}; power cuts {day.power_cuts}{more}; ratings of no receipt of the day: {unbound(day)}"]
    rows.append(f"{'':12} {'raised':>8} {'told':>8} {'at hub':>8} {'lost':>8} {'twice':>8}")
    rows += [f"{it.what:12} {it.raised:8} {it.told:8} {it.at_hub:8} {it.lost:8} {it.twice:8}" for it in lines]
    return "\n".join(["", *rows])


def is_complete(day: Day, lines: list[Line]) -> None:
    """Everything that anybody was told is there, and once."""
    assert day.power_cuts == 2
    assert Counter(one.kind for one in day.told)["request"] == REQUESTS
    assert [(it.what, it.lost, it.twice) for it in lines if it.lost or it.twice] == []
    assert unbound(day) == 0
    assert day.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert day.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert day.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_a_day_without_uplink_arrives_complete_and_once(tmp_path: Path, counted: Callable[[str], None]) -> None:
    print(f"CHAOS_SEED={SEED}")
    with Mosquitto(tmp_path / "broker", persistence=True) as broker:
        async with Proxy("127.0.0.1", broker.port) as uplink, SimTerminal(tmp_path / "ports", PARTS) as terminal:
            day = Day(tmp_path, terminal, uplink, broker)
            with day.hub, day.agent:
                await day.until_open()
                uplink.cut()
                await people_come(day, random.Random(SEED))
                assert day.at_hub("checkin") == []
                await day.drain()
            lines = tally(day)
            counted(table(day, lines))
    is_complete(day, lines)


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.root
@pytest.mark.timeout(1800)
async def test_eight_hours_without_uplink_and_two_power_cuts(
    tmp_path: Path, disk: Disk, counted: Callable[[str], None]
) -> None:
    print(f"CHAOS_SEED={SEED}")
    clock = FastClock(SPEED)
    with Mosquitto(tmp_path / "broker", persistence=True) as broker, contextlib.ExitStack() as running:
        async with Proxy("127.0.0.1", broker.port) as uplink, SimTerminal(tmp_path / "ports", PARTS) as terminal:
            day = Day(tmp_path, terminal, uplink, broker, disk=disk, clock=clock)
            running.enter_context(day.hub)
            running.callback(day.agent.kill)
            day.begin()
            await day.until_open()
            uplink.cut()
            cut_s = clock.elapsed_s
            await people_come(day, random.Random(SEED), within_s=clock.ours_s(HOURS * 3600))
            cut_s = clock.elapsed_s - cut_s
            assert day.at_hub("checkin") == []
            await day.drain()
            lines, probes = tally(day), day.probes
            span = (
                f", unsynced files dropped {probes.dropped}, synced kept {probes.kept}; "
                f"uplink cut for {cut_s / 3600:.2f} h of the agent's time, {SPEED} times ours; "
                f"first to last check-in by its own clock {hours_between_checkins(day):.2f} h"
            )
            counted(table(day, lines, span))
    is_complete(day, lines)
    assert probes.kept == 2
    assert probes.dropped > 0
    assert cut_s >= HOURS * 3600


def hours_between_checkins(day: Day) -> float:
    times = sorted(datetime.fromisoformat(time) for time in day.times("checkin"))
    return (times[-1] - times[0]).total_seconds() / 3600
