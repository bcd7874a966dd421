"""Work a: durable append one by one, by tens, by hundreds, and from 64 producers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from bench.environment import OURS, PEERS
from bench.plan import Plan
from bench.processes import child
from bench.results import OURS as WE

NAME = "append"
WAYS = {"1": "one by one", "10": "by 10", "100": "by 100", "producers": "64 producers"}


class Contender(NamedTuple):
    name: str
    python: Path
    module: str
    words: tuple[str, ...] = ()


CONTENDERS = (
    Contender(WE, OURS, "bench.peers.ours"),
    Contender("sqlite3 FULL", PEERS, "bench.peers.raw_sqlite"),
    Contender("file, fdatasync", PEERS, "bench.peers.raw_file"),
    Contender("persist-queue", PEERS, "bench.peers.persist_queue"),
    Contender("litequeue", PEERS, "bench.peers.lite_queue"),
    Contender("ThingsBoard SQLite", PEERS, "bench.peers.tb_stores", ("sqlite",)),
    Contender("ThingsBoard file", PEERS, "bench.peers.tb_stores", ("file",)),
)


def run(plan: Plan) -> None:
    for _ in range(plan.rounds):
        for contender in CONTENDERS:
            rates = measure(plan, NAME, contender, "append", plan.seconds(0.8, 0.3))
            for way, title in WAYS.items():
                plan.results.add(NAME, f"{title}, events/s", contender.name, rates[way])
            print(f"  {contender.name}: " + ", ".join(f"{WAYS[way]} {rates[way]:,.0f}/s" for way in WAYS))


def measure(
    plan: Plan, work: str, contender: Contender, what: str, amount: float, *, before: tuple[str, ...] = ()
) -> dict[str, float]:
    """One contender's child, in a fresh folder."""
    folder = plan.folder / work
    shutil.rmtree(folder, ignore_errors=True)
    arguments = (*contender.words, what, folder / "store", amount)
    with child(contender.python, contender.module, *arguments, log=folder / "store.log", before=before) as store:
        return store.hear(timeout_s=120)
