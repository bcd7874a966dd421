"""The promise under everything, counted: kills, a bad line, a full disk, damaged files, clocks, identities.

What a driver was told is stored is at the hub, once, unless the disk on which it stood was destroyed; then the hub
shows that something is gone, and of which stream.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.account import Result
from tests.chaos.county import County, county
from tests.chaos.disasters import DISASTERS
from tests.chaos.faults import FAULTS
from tests.chaos.seed import SEED

ALL = FAULTS | DISASTERS
LONG = int(os.environ.get("CHAOS_TIMES") or 4)
"""Times that each kind comes in the long run."""
QUICK = {"faults": 3, "disasters": 1}
"""So many of different kinds in the quick run."""


def possible(place: County) -> dict[str, str]:
    """Kinds that cannot be done here, and why."""
    reasons = {"disk full": place.disk_why_not, "clock steps": place.machine.why_not}
    return {kind: why for kind, why in reasons.items() if why}


def draw(chance: random.Random, skipped: dict[str, str], times: int) -> list[str]:
    """Every kind so many times, in any order; a few of them for 0."""
    if times:
        kinds = sorted(ALL.keys() - skipped.keys()) * times
        return chance.sample(kinds, len(kinds))
    some = chance.sample(sorted(FAULTS.keys() - skipped.keys()), QUICK["faults"])
    some += chance.sample(sorted(DISASTERS.keys() - skipped.keys()), QUICK["disasters"])
    return chance.sample(some, len(some))


async def fail(place: County, kinds: list[str]) -> None:
    for kind in kinds:
        await place.linger(0.05, 0.5)
        begun_s = time.monotonic()
        print(kind, end=" ", flush=True)
        await ALL[kind](place)
        if kind in DISASTERS:
            await place.until_shown()  # each by itself: a later one may end the stream that should have been shown
        print(f"{time.monotonic() - begun_s:.1f} s", flush=True)


def table(done: Counter[str], skipped: dict[str, str], result: Result, why: dict[str, Counter[str]]) -> str:
    faults = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
    rows = [f"CHAOS_SEED={SEED}", f"{done.total()} faults: {faults}"]
    rows += [f"not possible here: {kind}: {reason}" for kind, reason in skipped.items()]
    rows += [f"{word} by {name}: {count}" for word, counts in why.items() for name, count in sorted(counts.items())]
    rows.append("".join(f"{name:>10}" for name in Result._fields))
    rows.append("".join(f"{value:>10}" for value in result))
    return "\n".join(["", *rows])


@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    "times", [pytest.param(0, marks=pytest.mark.slow), pytest.param(LONG, marks=pytest.mark.chaos)]
)
async def test_nothing_is_lost_whatever_happens(tmp_path: Path, counted: Callable[[str], None], times: int) -> None:
    print(f"CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    async with county(tmp_path, chance) as place:
        skipped = possible(place)
        drawn = draw(chance, skipped, times)
        await fail(place, drawn)
        begun_s = time.monotonic()
        await place.drain()
        print(f"drained: {time.monotonic() - begun_s:.1f} s")
        result, why = place.account.result(place.hub)
        counted(table(Counter(drawn), skipped, result, why))
    assert (result.lost, result.twice, result.silent) == (0, 0, 0)
    assert place.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert place.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
