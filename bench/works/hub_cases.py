"""Work k: the hub's cases: what the lists of a day take among 200,000 cases and 350,000 check-ins, either database."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select

from bench import manycases
from bench.plan import Plan
from bench.results import OURS
from countyhub.cases.book import Book
from countyhub.registry.content import Content
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import cases
from countyhub.store.engine import open_store
from simulators.county import build as county
from tests import postgres
from tests.registries import ZONE

NAME = "cases"
CASES, CHECKINS = 200_000, 350_000
NOW = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)
TIMES = 7
"""Each list is asked so often; the median counts."""


def run(plan: Plan) -> None:
    if postgres.unavailable():
        print(f"  without PostgreSQL: {postgres.unavailable()}")
    rows = county.build(county.Plan())
    registry = Registry(Content.bare(rows), ZONE)
    made = manycases.made_of(Book(county.COUNTY, lambda: registry), iter(rows), NOW)
    folder = plan.folder / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    slowest = [asyncio.run(_measure(plan, *each, made)) for each in _databases(f"sqlite:///{folder}/hub.db")]
    plan.results.add(NAME, "slowest list of either, ms", OURS, max(slowest))


def _databases(file: str) -> Iterator[tuple[str, str]]:
    yield "SQLite", file
    if not postgres.unavailable():
        with postgres.Postgres(durable=True, settings="shared_buffers=256MB") as server:
            yield "PostgreSQL", server.empty()


async def _measure(plan: Plan, contender: str, url: str, made: manycases.County) -> float:
    """The slowest list, in milliseconds."""
    store = await open_store(url)
    try:
        began = time.perf_counter()
        await manycases.fill(store, made, plan.events(CASES), plan.events(CHECKINS))
        print(f"  {contender}: filled in {time.perf_counter() - began:.0f} s")
        async with store.read() as connection:
            query = select(cases.c.number).order_by(cases.c.arrived.desc()).limit(1)
            last = (await connection.execute(query)).scalar_one()
        slowest = 0.0
        for title, ask in manycases.lists(made, last).items():
            took_ms = []
            for _ in range(TIMES):
                began = time.perf_counter()
                async with store.read() as connection:
                    await ask(connection)
                took_ms.append((time.perf_counter() - began) * 1000)
            slowest = max(slowest, statistics.median(took_ms))
            plan.results.add(NAME, f"{title}, ms", contender, statistics.median(took_ms))
            print(f"  {contender}, {title}: {statistics.median(took_ms):.1f} ms (at most {max(took_ms):.1f})")
        return slowest
    finally:
        await store.close()
