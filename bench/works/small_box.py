"""Work l: two dozen cameras, pictures, a terminal and a backlog at once, with the unit's memory and half a core."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from bench.plan import Plan
from bench.results import OURS as WE
from bench.stats import percentile
from tests import cgroups, smallbox

NAME = "small-box"
MEMORY_BYTES = 400 * 2**20
CORES = 0.5
BACKLOG = 200_000
ROUNDS = 3
_WATCHDOG_S = 120.0


def run(plan: Plan) -> None:
    if why := cgroups.missing():
        print(f"  left out: {why}")
        return
    for _ in range(plan.repeats(1)):
        folder = plan.folder / NAME
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for measure, value in asyncio.run(_once(plan, folder.absolute())).items():
            plan.results.add(NAME, measure, WE, value)
            print(f"  {measure}: {value:.4g}")


async def _once(plan: Plan, folder: Path) -> dict[str, float]:
    backlog = plan.events(BACKLOG)
    with cgroups.limited(NAME, memory_bytes=MEMORY_BYTES, cores=CORES) as group:
        async with smallbox.village(folder, group, backlog, _WATCHDOG_S) as box:
            took = await smallbox.live(box, backlog, 1 if plan.quick else ROUNDS)
            commit_ms, beep_ms = box.commit_ms(), box.beep_ms()
            if group.oom_kills or box.alarms().lost or box.backlog(backlog).lost:
                raise RuntimeError(f"killed {group.oom_kills}; {box.alarms()}; {box.backlog(backlog)}")
            return {
                "own memory, MiB": box.seen.own_bytes / 2**20,
                "with cache, MiB": group.peak_bytes / 2**20,
                "all up from cold, s": took.cold_s,
                "drain, events/s": backlog / took.drain_s,
                "alarm to commit p50, ms": percentile(commit_ms, 50),
                "alarm to commit p99, ms": percentile(commit_ms, 99),
                "card to beep p99, ms": percentile(beep_ms, 99),
                "CPU, % of a core": 100 * group.cpu_s / took.all_s,
                "held back, s": group.throttled_s,
            }
