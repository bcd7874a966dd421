"""For tests of cases: the small county's registry as a book, its people by role, and openings."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from countyhub.cases.acting import Acted, act
from countyhub.cases.book import Book
from countyhub.cases.opening import Opened, Opening, open_case
from countyhub.lifecycle.state import Act, Actor, Role
from countyhub.registry.columns import Row
from countyhub.registry.forms import Deadline, Duty
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store, open_store
from simulators.county.build import COUNTY, SMALL, build
from tests import postgres
from tests.harness import until
from tests.hubs import database_url
from tests.registries import TOWNSHIP, VILLAGES, registry

T = TypeVar("T")
MORNING = datetime(2026, 6, 3, 1, 0, tzinfo=UTC)
"""A Wednesday, 09:00 in the county: offices are open until 18:00, with a break from 12:00."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VILLAGE = VILLAGES[0]
GRID = f"{VILLAGE}001"
ROAD, RUBBISH = "0101", "0201"
"""Kinds of matters: within a limit; at once."""


@functools.cache
def rows() -> tuple[Row, ...]:
    return tuple(build(SMALL))


@functools.cache
def small() -> Registry:
    return registry(rows())


def book(more: Iterable[Row] = (), **options: Any) -> Book:
    """Of the small county, with more rows."""
    found = registry([*rows(), *more]) if more else small()
    return Book(COUNTY, lambda: found, **options)


def hourly(**options: Any) -> Book:
    """The same, but that a case of category 99 must be closed within an hour."""
    return book([Deadline(category="99", level="", name="办结", amount=60, unit="minutes", until="close")], **options)


def staff(role: Role, place: str) -> str:
    """The staff number of who has this duty."""
    return next(row.person for row in rows() if isinstance(row, Duty) and (row.role, row.place) == (role, place))


def actor(of: Book, role: Role, place: str, at: datetime = MORNING) -> Actor:
    return of.actor(staff(role, place), at)


def people(of: Book, at: datetime = MORNING) -> dict[str, Actor]:
    """One of each, along the way of a case of the first village."""
    places: dict[Role, str] = {
        "grid_worker": GRID, "village_clerk": VILLAGE, "township": TOWNSHIP, "county": COUNTY,
        "dispatcher": COUNTY, "department": "D04", "inspector": COUNTY, "auditor": COUNTY,
    }  # fmt: skip
    return {role: actor(of, role, place, at) for role, place in places.items()}


async def fresh_store(database: str, folder: Path) -> Store:
    return await open_store(postgres.cluster().fresh() if database == "postgresql" else database_url(folder))


def opening(key: str = "alarm/1", **facts: Any) -> Opening:
    given: dict[str, Any] = {
        "key": key, "origin": "machine", "arrived": MORNING, "happened": MORNING, "category": ROAD, "box": VILLAGE,
        "title": "道路损坏",
    }  # fmt: skip
    return Opening(**given | facts)


async def opened(
    store: Store, of: Book, wanted: Opening | None = None, now: datetime = MORNING, **options: Any
) -> Opened:
    async with store.write() as connection:
        return await open_case(connection, of, wanted or opening(), now, **options)


async def acted(
    store: Store,
    number: str,
    name: str,
    actor: Actor,
    now: datetime = MORNING,
    *,
    of: Book,
    text: str = "因为",
    **more: Any,
) -> Acted:
    """What this person did to the case; whatever comes between fails the test."""
    done = await act(store, of, number, Act(name=name, text=text, **more), actor, now)
    assert isinstance(done, Acted), done
    return done


async def acts(store: Store, number: str) -> list[str]:
    """The acts of a timeline."""
    async with store.read() as connection:
        query = select(case_entry.c.act).where(case_entry.c.number == number).order_by(case_entry.c.id)
        return list((await connection.execute(query)).scalars())


async def overtaken(store: Store, number: str, slower: Awaitable[T]) -> T:
    """What becomes of `slower`, which has read the case when somebody changes it past the hub's lock (PostgreSQL)."""
    import asyncpg

    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    other, looks = [await asyncpg.connect(store.url.render_as_string(hide_password=False)) for _ in range(2)]
    async with other.transaction():
        await other.execute("UPDATE cases SET edition = edition + 1 WHERE number = $1", number)
        task = asyncio.ensure_future(slower)
        await until(lambda: task.done() or looks.fetchval(waits))
    await asyncio.gather(other.close(), looks.close())
    return await task


async def row(store: Store, number: str) -> Any:
    """The columns of a case."""
    async with store.read() as connection:
        return (await connection.execute(select(cases).where(cases.c.number == number))).one()
