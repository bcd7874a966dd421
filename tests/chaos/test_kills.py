"""The promise, counted: agent, broker and hub are killed again and again under load, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.seed import SEED
from tests.chaos.tally import Line, Tally
from tests.chaos.world import World, world
from tests.harness import until

Rounds = list[tuple[str, ...]]

ROUNDS: Rounds = (
    [("agent",)] * 10
    + [("broker",)] * 8
    + [("hub",)] * 8
    + [("agent", "hub")] * 2
    + [("agent", "broker"), ("broker", "hub"), ("agent", "broker", "hub"), ("hub", "agent", "broker")]
)
"""40 kills."""
FEW: Rounds = [("agent",)] * 3 + [("broker",), ("hub",), ("agent", "broker", "hub"), ("hub", "agent", "broker")]
"""11 kills: of each alone and of all together."""
LONG = int(os.environ.get("CHAOS_ROUNDS") or 13)
"""So many times 40 kills: 520 by default, some 12 minutes."""


async def warm_up(place: World) -> None:
    """All devices are watched, the hub has something of everybody."""
    await place.all_up()
    await until(lambda: len(place.hub.rows("SELECT DISTINCT subject FROM event")) >= 5, 60)


async def kill_and_start(place: World, chance: random.Random, rounds: Rounds) -> None:
    """One round after the other; who is killed together comes back in any order, each after a while of its own."""
    for victims in chance.sample(rounds, len(rounds)):
        await asyncio.sleep(chance.uniform(0.3, 2.2))
        if chance.random() < 0.1:
            await place.freeze_broker(chance.uniform(0.2, 1.5))
        for name in victims:
            await asyncio.to_thread(place.kill, name)
        for name in chance.sample(victims, len(victims)):
            await asyncio.sleep(chance.uniform(0.0, 0.6))
            await asyncio.to_thread(place.start, name)


async def drain(place: World) -> None:
    """Nobody raises anything more; what is stored arrives."""
    place.stop_raising()
    await place.all_up()
    await place.agent.until_drained()
    counters = (await place.agent.status())["counters"]
    assert (counters["strange_acks"], counters["parked"]) == (0, 0)
    assert place.agent.stop() == 0
    assert place.hub.stop() == 0


def table(place: World, tally: Tally, lines: list[Line], excused: int, intervals: int) -> str:
    kills = ", ".join(f"{name} {count}" for name, count in sorted(place.kills.items()))
    width = max(len(line.what) for line in lines)
    rows = [f"{'':{width}} {'raised':>8} {'told':>8} {'at hub':>8} {'lost':>8} {'twice':>8}"]
    rows += [f"{it.what:{width}} {it.raised:8} {it.told:8} {it.at_hub:8} {it.lost:8} {it.twice:8}" for it in lines]
    total = Line("all", *(sum(column) for column in zip(*(line[1:] for line in lines), strict=True)))
    rows.append(f"{total.what:{width}} {total.raised:8} {total.told:8} {total.at_hub:8} {total.lost:8} {total.twice:8}")
    told = [f"killed: {kills}; camera connections cut: {place.cuts}"]
    told += [f"declared gaps: {tally.gaps}; blind intervals: {intervals}, alarms in them: {excused}"]
    return "\n".join(["", f"CHAOS_SEED={SEED}", *told, *rows])


@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(FEW, id="few"),
        pytest.param(ROUNDS, id="1", marks=pytest.mark.slow),
        pytest.param(ROUNDS * LONG, id=f"{LONG}", marks=pytest.mark.chaos),
    ],
)
async def test_nothing_is_lost_and_nothing_twice(
    tmp_path: Path, counted: Callable[[str], None], rounds: Rounds
) -> None:
    chance = random.Random(SEED)
    print(f"CHAOS_SEED={SEED}")
    async with world(tmp_path) as place:
        await warm_up(place)
        raising = [
            asyncio.create_task(place.raise_alarms(random.Random(SEED + 1))),
            asyncio.create_task(place.show_cards(random.Random(SEED + 2))),
        ]
        await kill_and_start(place, chance, rounds)
        for task in raising:
            task.cancel()
        await asyncio.wait(raising)
        await drain(place)
        tally = Tally(place)
        cameras = [tally.camera(name) for name in place.farm.cameras]
        lines = [*tally.emitted(), *(line for line, _ in cameras), tally.terminal(), tally.pictures()]
        intervals = sum(len(tally.blind(name)) for name in place.farm.cameras)
        excused = sum(count for _, count in cameras)
        counted(table(place, tally, lines, excused, intervals))
    assert place.kills == Counter(name for victims in rounds for name in victims)
    assert {line.what: line.lost for line in lines if line.lost} == {}
    assert {line.what: line.twice for line in lines if line.twice} == {}
    assert (tally.ids_twice(), tally.pictures_altered()) == (0, 0)
    assert place.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert place.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert place.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]


@pytest.mark.slow
@pytest.mark.postgres_only
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("database")
async def test_nothing_is_lost_and_nothing_twice_on_postgresql(tmp_path: Path, counted: Callable[[str], None]) -> None:
    await test_nothing_is_lost_and_nothing_twice(tmp_path, counted, ROUNDS)
