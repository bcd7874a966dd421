"""Work a again, as on an SD card: every sync of the durable contenders takes a millisecond longer, by strace."""

from __future__ import annotations

import shutil

from bench.plan import Plan
from bench.works.append import CONTENDERS, WAYS, measure

NAME = "slow-disk"
EXTRA_US = 1000
_SYNCS = "fdatasync,fsync"
_DURABLE = ("ours", "sqlite3 FULL", "file, fdatasync", "persist-queue")


def run(plan: Plan) -> None:
    if shutil.which("strace") is None:
        print("  not measured: strace is not installed (apt-get install -y strace)")
        return
    slow: tuple[str, ...] = ("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={_SYNCS}")
    slow += ("-e", f"inject={_SYNCS}:delay_exit={EXTRA_US}")
    for _ in range(plan.rounds):
        for contender in CONTENDERS:
            if contender.name not in _DURABLE:
                continue
            rates = measure(plan, NAME, contender, "append", plan.seconds(0.8, 0.3), before=slow)
            for way, title in WAYS.items():
                plan.results.add(NAME, f"{title}, events/s", contender.name, rates[way])
            print(f"  {contender.name}: " + ", ".join(f"{WAYS[way]} {rates[way]:,.0f}/s" for way in WAYS))
