"""Work n: a storm day of a full county through the correlator, in three orders of arrival: time, cases, truth."""

from __future__ import annotations

import time

from bench.plan import Plan
from bench.results import OURS
from bench.storm import Storm, arrivals, storm
from countyhub.correlate.correlator import Correlator
from countyhub.correlate.matter import Matter

NAME = "storm"
ORDERS = ("in order", "backlog", "any")
TICK = 1000
"""Signals between two looks at the clock."""


def run(plan: Plan) -> None:
    found = storm(alarms=plan.events(390_000))
    plan.results.add(NAME, "raw signals", OURS, len(found.signals))
    plan.results.add(NAME, "causes", OURS, found.distinct)
    same = set()
    for _ in range(plan.repeats(1)):
        for order in ORDERS:
            matters, took_us = correlate(found, order)
            top = cases(matters)
            same.add(frozenset(matters))
            plan.results.add(NAME, f"µs/event, {order}", OURS, took_us)
            plan.results.add(NAME, f"cases per cause, {order}", OURS, len(top) / found.distinct)
            print(f"  {order}: {took_us:.1f} µs an event, {len(top)} cases of {found.distinct} causes")
    plan.results.add(NAME, "different results", OURS, len(same))


def correlate(found: Storm, order: str) -> tuple[list[Matter], float]:
    """The matters at the end, and microseconds an event."""
    signals = list(arrivals(found, 7, order))
    correlator = Correlator(found.sites)
    latest = 0
    began = time.perf_counter()
    for number, signal in enumerate(signals):
        correlator.take(signal)
        latest = max(latest, signal.at_us)
        if number % TICK == 0:
            correlator.advance(latest)
    took = time.perf_counter() - began
    correlator.advance(found.end_us)
    return list(correlator.matters()), took / len(signals) * 1e6


def cases(matters: list[Matter]) -> list[Matter]:
    """What a person gets to see as a case of its own."""
    return [matter for matter in matters if matter.parent is None and not matter.history and not matter.drill]
