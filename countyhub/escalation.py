"""What cases do by themselves: lights turn, what is over moves up, what nobody registers is registered, what is done is
archived. Each happens once, with any number of hub processes, and is made up for after a standstill.

A round takes the cases whose `next_instant` has come, one index, and changes each by a condition on what it read.
When one moves up: `cases.duedates.must_escalate`; to whom: `lifecycle.state.above`; in which hours time runs:
`worktime.calendar`. A call for help that nobody answers passes on elsewhere: `notify.alerts`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import duedates, rows
from countyhub.cases.book import Book
from countyhub.cases.rows import Change, Kept, Overtaken
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HUB, Act
from countyhub.store import aside
from countyhub.store.casetables import cases
from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.worktime.calendar import YearMissing

log = logging.getLogger(__name__)

LIMIT: Final = 200
"""Cases of one round; the rest are in the next one, at once."""
PIECE: Final = 20
"""Cases of one transaction: ingest never waits long for it."""
POLL_S: Final = 5.0
"""Other processes open cases and act: the next instant is looked for so often in any case."""
LEAST_S: Final = 0.2
ASIDE: Final = timedelta(hours=1)
NAME: Final = "escalation"
_OVER: Final = "超时自动升级 · over its limit"


async def run(store: Store, book: Book) -> None:
    """For ever. A database that is away is waited for."""
    told: set[int] = set()
    while True:
        pause_s = POLL_S
        try:
            await book.refresh()
            now = datetime.now(UTC)
            warn_of_years(book, now, told)
            await once(store, book, now)
            pause_s = await _pause_s(store, now)
        except UNAVAILABLE as error:
            log.error("deadlines wait for the database: %s", error)
        await asyncio.sleep(pause_s)


async def once(store: Store, book: Book, now: datetime, limit: int = LIMIT) -> int:
    """One round at `now`; returns how many cases it has changed. Raises `store.engine.UNAVAILABLE`."""
    numbers = await _due(store, now, limit)
    Random().shuffle(numbers)  # several processes begin at different ends
    changed = 0
    for start in range(0, len(numbers), PIECE):
        changed += await _piece(store, book, numbers[start : start + PIECE], now)
    return changed


def missing_years(book: Book, now: datetime) -> tuple[YearMissing, ...]:
    """Years without a calendar in which deadlines of today end: for the console."""
    return book.calendar.ahead(now)


def warn_of_years(book: Book, now: datetime, told: set[int]) -> None:
    """Says it aloud, once a year missing and run. `told` is kept by the caller."""
    for problem in missing_years(book, now):
        year = int(str(problem.facts["year"]))
        if year not in told:
            told.add(year)
            log.error("%s", problem.text("zh"))
            log.error("%s", problem.text("en"))


async def _due(store: Store, now: datetime, limit: int) -> list[str]:
    query = select(cases.c.number).where(cases.c.next_instant.is_not(None), cases.c.next_instant <= now)
    async with store.read() as connection:
        return list((await connection.execute(query.order_by(cases.c.next_instant).limit(limit))).scalars())


async def _pause_s(store: Store, now: datetime) -> float:
    """Until the next instant of all, but not for long."""
    query = select(func.min(cases.c.next_instant)).where(cases.c.next_instant.is_not(None))
    async with store.read() as connection:
        coming = (await connection.execute(query)).scalar()
    left_s = POLL_S if coming is None else (coming - now).total_seconds()
    return min(max(left_s, LEAST_S), POLL_S)


async def _piece(store: Store, book: Book, numbers: Sequence[str], now: datetime) -> int:
    """Several cases in one transaction; each alone when somebody else is at one of them, or one is refused."""
    try:
        async with store.write() as connection:
            return await _change(connection, book, numbers, now)
    except Overtaken:
        if len(numbers) == 1:
            return 0  # what is left to do stands in its next instant
    except aside.REFUSED as error:
        if len(numbers) == 1:
            async with store.write() as connection:
                await _put_aside(connection, numbers[0], now, error)
            return 0
    return sum([await _piece(store, book, [number], now) for number in numbers])


async def _change(connection: AsyncConnection, book: Book, numbers: Sequence[str], now: datetime) -> int:
    due = select(cases.c.number).where(
        cases.c.number.in_(numbers), cases.c.next_instant.is_not(None), cases.c.next_instant <= now
    )
    changes = []
    for kept in await _readable(connection, list((await connection.execute(due)).scalars()), now):
        change = Change(kept, now)
        _advance(book, change)
        changes.append(change)
    await rows.save(connection, book, changes)
    return len(changes)


async def _readable(connection: AsyncConnection, numbers: Sequence[str], now: datetime) -> list[Kept]:
    try:
        return list((await rows.load(connection, numbers)).values())
    except msgspec.DecodeError as error:
        if len(numbers) == 1:
            await _put_aside(connection, numbers[0], now, error)
            return []
    return [kept for number in numbers for kept in await _readable(connection, [number], now)]


def _advance(book: Book, change: Change) -> None:
    """Everything that is due; the lights have been told by reading it."""
    life = book.life(change.now)
    while (act := _next_act(book, change)) is not None:
        done = life.step(change.case, act, HUB, change.now)
        assert not isinstance(done, Refused), done.text("en")  # asked for only where the table allows it
        change.take(done)


def _next_act(book: Book, change: Change) -> Act | None:
    case, now = change.case, change.now
    for name, at in (
        ("register", duedates.register_at(case, book.registers_after)),
        ("archive", duedates.archive_at(case)),
    ):
        if at is not None and at <= now:
            return Act(name=name)
    return Act(name="escalate", text=_OVER) if book.escalates and duedates.must_escalate(case, now) else None


async def _put_aside(connection: AsyncConnection, number: str, now: datetime, error: BaseException) -> None:
    """One that cannot be read or written must not hold up the others."""
    log.error("case %s cannot be changed, it is looked at again in an hour: %s", number, error)
    await aside.put(connection, NAME, f"case {number}", error, now)
    await connection.execute(update(cases).where(cases.c.number == number).values(next_instant=now + ASIDE))
