"""Work f: bytes written to the flash for each event that is appended on its own, opening and closing included."""

from __future__ import annotations

from bench.plan import Plan
from bench.works.append import CONTENDERS, measure

NAME = "flash"
EVENTS = 2000


def run(plan: Plan) -> None:
    for _ in range(plan.repeats(3)):
        for contender in CONTENDERS:
            found = measure(plan, NAME, contender, "flash", 1000 if plan.quick else EVENTS)
            plan.results.add(NAME, "KB/event, by the process", contender.name, found["process"] / 1000)
            plan.results.add(NAME, "KB/event, by the device", contender.name, found["device"] / 1000)
            print(f"  {contender.name}: {found['process'] / 1000:.2f} KB, device {found['device'] / 1000:.2f} KB")
