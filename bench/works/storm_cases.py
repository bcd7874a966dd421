"""Work o: the storm day through the real store: events made durable, with and without the follower that makes cases."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from sqlalchemy import func, select

from bench.plan import Plan
from bench.results import OURS
from bench.storm import Storm, storm
from countyhub.correlate.signals import Signal
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import Intake
from countyhub.registry.columns import Row
from countyhub.registry.forms import Camera
from countyhub.store.casetables import cases
from countyhub.store.engine import Store, open_store
from gridwire.events import Event
from gridwire.instants import instant
from gridwire.limits import MAX_BATCH_EVENTS
from tests import postgres
from tests.matters import County, Office, packed, registry, rows

NAME = "storm-cases"
COMMIT = 500
"""Signals of one transaction, as they gather under load."""
CHUNK = 20_000
_OPENING = ("motion", "line_crossing", "intrusion")
ORDERS = ("in order", "any")


class Run(NamedTuple):
    """Events a second, and the cases that a person gets to see, if there was a follower."""

    rate: float
    cases: int


def run(plan: Plan) -> None:
    found = storm(alarms=plan.events(390_000))
    gc.freeze()  # the day itself is ours: the hub would not have to look through it
    plan.results.add(NAME, "raw signals", OURS, len(found.signals))
    plan.results.add(NAME, "causes", OURS, found.distinct)
    for _ in range(plan.repeats(1)):
        folder = plan.folder / NAME
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for database in ("SQLite", "PostgreSQL"):
            if database == "PostgreSQL" and postgres.unavailable():
                print(f"  without PostgreSQL: {postgres.unavailable()}")
                continue
            with _url(database, folder) as url:
                bare = asyncio.run(measure(next(url), found, "in order", follow=False)).rate
                print(f"  {database}: {bare:,.0f} events/s alone")
                for order in ORDERS:
                    told = asyncio.run(measure(next(url), found, order, follow=True))
                    plan.results.add(NAME, f"{database}: share of the inbox's rate, {order}", OURS, told.rate / bare)
                    plan.results.add(NAME, f"{database}: cases per cause, {order}", OURS, told.cases / found.distinct)
                    print(
                        f"  {database}, {order}: {told.rate:,.0f} events/s = {told.rate / bare:.2f}, {told.cases} cases"
                    )


@contextlib.contextmanager
def _url(database: str, folder: Path) -> Iterator[Iterator[str]]:
    if database == "SQLite":
        yield (f"sqlite:///{folder}/{number}.db" for number in range(9))
        return
    with postgres.Postgres(durable=True) as server:
        yield (server.empty() for _ in range(9))


async def measure(url: str, found: Storm, order: str, *, follow: bool) -> Run:
    """From what was read off the wire to the last commit; with the follower until it has written the last case."""
    store = await open_store(url)
    try:
        signals = list(found.signals)
        if order == "any":
            Random(7).shuffle(signals)
        office = Office(store, registry(content(found)), instant(signals[0].at_us))
        took_s = await _feed(office, signals, order, follow=follow, end=instant(found.end_us))
        shown = await _cases(store)
    finally:
        await store.close()
    return Run(len(signals) / took_s, shown)


async def _feed(office: Office, signals: Sequence[Signal], order: str, *, follow: bool, end: datetime) -> float:
    """Seconds, without those in which the messages were made."""
    county, took_s = County(), 0.0
    if order == "any":
        office.now = instant(max(signal.at_us for signal in signals))
    for first in range(0, len(signals), CHUNK):
        batches = [
            _batch(office, county, signals[start : start + COMMIT], order)
            for start in range(first, min(first + CHUNK, len(signals)), COMMIT)
        ]
        began = time.perf_counter()
        await _chunk(office, batches, follow=follow)
        took_s += time.perf_counter() - began
    if follow:
        office.now = end
        await office.follow()
    return took_s


async def _chunk(office: Office, batches: Sequence[tuple[datetime, list[Intake]]], *, follow: bool) -> None:
    """Ingest and follower side by side, as in the hub; until the follower has come to the end of it."""
    ended = asyncio.Event()

    async def store() -> None:
        inbox = Inbox(office.store)
        for now, batch in batches:
            await inbox.commit(batch)
            office.now = max(office.now, now)
        ended.set()

    async def cases_of() -> None:
        assert await office.follower.lease.take()
        while not ended.is_set():
            if not await office.follower.step():
                await asyncio.sleep(office.follower.gather_s)
        while await office.follower.step():
            pass

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store())
        if follow:
            tasks.create_task(cases_of())


def _batch(office: Office, county: County, signals: Sequence[Signal], order: str) -> tuple[datetime, list[Intake]]:
    """Events in messages of each box, as a box packs them."""
    now = office.now if order == "any" else instant(signals[-1].at_us) + timedelta(milliseconds=1)
    messages: list[Intake] = []
    waiting: dict[str, list[Event]] = {}
    for signal in signals:
        box, sign = county.sign(signal)
        if isinstance(sign, int):
            messages.append(county.link(box, sign, instant(signal.at_us)))
        else:
            waiting.setdefault(box, []).append(sign)
    for box, events in waiting.items():
        pieces = (events[start : start + MAX_BATCH_EVENTS] for start in range(0, len(events), MAX_BATCH_EVENTS))
        messages += [packed(county.box(box), piece, now) for piece in pieces]
    return now, messages


def content(found: Storm) -> list[Row]:
    """The county of the storm; showers open cases there, for they are what is counted."""
    boxes = sorted(found.sites)
    cameras = [Camera(box=box, device=device, name=device) for box in boxes for device in found.sites[box].cameras]
    return [*rows(boxes, 0, kinds=_OPENING), *cameras]


async def _cases(store: Store) -> int:
    async with store.read() as connection:
        query = select(func.count()).select_from(cases).where(cases.c.stage.not_in(("merged", "void")))
        return int((await connection.execute(query)).scalar_one())
