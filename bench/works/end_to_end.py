"""Work d: agent, mosquitto and hub on this machine: from the box's outbox to the hub's committed database and back.

Drain: 50,000 stored alarms, from the standing connection to the last freed row. Live: ten alarms a second, from the
commit at the box to the moment at which another connection to the hub's database can see it (a look each millisecond).
"""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from bench.county import CommitWatch, agent_config, county
from bench.environment import OURS
from bench.plan import Plan
from bench.processes import Child, child
from bench.results import OURS as WE
from bench.senders import filled
from bench.stats import percentile

NAME = "end-to-end"
EVENTS = 50_000
LIVE_PAUSE_S = 0.1


def run(plan: Plan) -> None:
    for _ in range(plan.rounds):
        folder = plan.folder / NAME
        shutil.rmtree(folder, ignore_errors=True)
        _drain(plan, folder / "drain")
        _live(plan, folder / "live")


def _drain(plan: Plan, folder: Path) -> None:
    count = plan.events(EVENTS)
    with county(folder) as found:
        config = agent_config(folder, found.broker.port)
        filled(OURS, "bench.peers.ours", folder, count)
        with child(OURS, "bench.peers.agent", config, log=folder / "agent.log") as agent:
            agent.hear()
            agent.say("drain")
            times = agent.hear(timeout_s=120)
        stored = found.hub.rows("SELECT count(*) FROM event WHERE lane = 'alarm'")[0][0]
    if stored != count:
        raise RuntimeError(f"{stored} of {count} events at the hub")
    rate = count / (times["done"] - times["up"])
    plan.results.add(NAME, "events/s", WE, rate)
    print(f"  end to end: {rate:,.0f}/s")


def _live(plan: Plan, folder: Path) -> None:
    seconds = plan.seconds(20, 5)
    with county(folder) as found:
        config = agent_config(folder, found.broker.port)
        with child(OURS, "bench.peers.agent", config, log=folder / "agent.log") as agent:
            agent.hear()
            agent.say("drain")
            agent.hear()
            late_ms = _latencies_ms(agent, CommitWatch(found.hub.database), seconds)
    for percent in (50, 99):
        plan.results.add(NAME, f"live p{percent}, ms", WE, percentile(late_ms, percent))
    print(f"  live: p50 {percentile(late_ms, 50):.1f} ms, p99 {percentile(late_ms, 99):.1f} ms, {len(late_ms)} alarms")


def _latencies_ms(agent: Child, watch: CommitWatch, seconds: float) -> list[float]:
    """Both processes read the same monotonic clock."""
    agent.say(f"live {seconds} {LIVE_PAUSE_S}")
    answer: dict[str, list[tuple[int, float]]] = {}
    hearing = threading.Thread(target=lambda: answer.update(agent.hear(seconds + 30)))  # type: ignore[arg-type]
    hearing.start()
    seen: dict[int, float] = {}
    expected = round(seconds / LIVE_PAUSE_S)
    until = time.monotonic() + seconds + 30
    while len(seen) < expected and time.monotonic() < until:
        for seq in watch.look():
            seen[seq] = time.monotonic()
        time.sleep(0.001)
    hearing.join()
    watch.close()
    return [(seen[seq] - committed) * 1000 for seq, committed in answer["commits"]]
