"""Work c: the same drain over a link of 80 ms, 40 each way. Fewer events for those that would take minutes."""

from __future__ import annotations

from bench.plan import Plan
from bench.works.drain import CONTENDERS, once

NAME = "far"
ROUND_TRIP_MS = 80


def run(plan: Plan) -> None:
    for _ in range(plan.rounds):
        for contender in CONTENDERS:
            events = contender.far // 4 if plan.quick else contender.far
            once(plan, NAME, contender, events, round_trip_ms=ROUND_TRIP_MS)
