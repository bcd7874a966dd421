"""Whose view of the cases has changed: found out by the lines that were added to their timelines, once for all.

Promise: whoever sees a case that got a line gets another version. What nobody can tell by a line (a light set right by
hand in the database) is found out too, after `ANEW_EVERY_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.lifecycle.state import Office
from countyhub.sight.scope import Scope
from countyhub.store.casetables import case_entry, case_office, cases

Read = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
ANEW_EVERY_S: Final = 30.0
CASES_MOST: Final = 200
"""So many cases in one second are the county's busiest hour: then everybody's view counts as another."""
_KEPT: Final = 2000


What = Scope | str | frozenset[str]
"""All cases that somebody sees, the case with this number, or those with these."""


class Touch(NamedTuple):
    """A case that got a line: its number, where it is, and the offices that ever had it."""

    number: str
    grid: str
    village: str
    township: str
    offices: frozenset[Office]

    def is_of(self, what: What) -> bool:
        if isinstance(what, Scope):
            return self.is_seen(what)
        return self.number == what or (isinstance(what, frozenset) and self.number in what)

    def is_seen(self, scope: Scope) -> bool:
        """As `cases.listing.seen` has it for queries."""
        return (
            scope.whole
            or self.village in scope.villages
            or (not self.village and self.township in scope.townships)
            or self.grid in scope.grids
            or not self.offices.isdisjoint(scope.offices)
        )


class _View(NamedTuple):
    """Of some cases: up to which line it is known, since when."""

    through: int
    version: int
    at_s: float


class Touched:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._turn = asyncio.Lock()
        self._views: dict[What, _View] = {}
        self._last: tuple[tuple[int, int], tuple[Touch, ...] | None] = ((0, 0), ())
        self._versions = 0

    async def version(self, of: What, last_entry: int) -> int:
        """Another number whenever these cases may be others than before. `last_entry`: the newest line that the
        asker knows of. Raises one of `store.engine.UNAVAILABLE`."""
        async with self._turn:
            known = self._views.get(of)
            now_s = time.monotonic()
            if known is None or now_s - known.at_s > ANEW_EVERY_S:
                return self._anew(of, last_entry, now_s)
            if last_entry > known.through:
                touched = await self._between(known.through, last_entry)
                if touched is None or any(each.is_of(of) for each in touched):
                    return self._anew(of, last_entry, now_s)
                self._views[of] = known._replace(through=last_entry)
            return known.version

    def _anew(self, of: What, last_entry: int, now_s: float) -> int:
        self._versions += 1
        self._views[of] = _View(last_entry, self._versions, now_s)
        while len(self._views) > _KEPT:
            del self._views[next(iter(self._views))]
        return self._versions

    async def _between(self, first: int, last: int) -> tuple[Touch, ...] | None:
        """The cases that got a line after `first`, up to `last`; None: too many to look at each."""
        if self._last[0] != (first, last):
            async with self._read() as connection:
                self._last = (first, last), await touched(connection, first, last)
        return self._last[1]


async def touched(connection: AsyncConnection, first: int, last: int) -> tuple[Touch, ...] | None:
    """Those with a line after `first`, up to `last`; None when there are more than `CASES_MOST`."""
    e, c, o = case_entry.c, cases.c, case_office.c
    some = select(e.number).where(e.id > first, e.id <= last).distinct().limit(CASES_MOST + 1)
    numbers = (await connection.execute(some)).scalars().all()
    if len(numbers) > CASES_MOST:
        return None
    if not numbers:
        return ()
    offices: dict[str, set[Office]] = defaultdict(set)
    had = select(o.number, o.level, o.office).where(o.number.in_(numbers))
    for number, level, office in await connection.execute(had):
        offices[number].add(Office(level, office))
    rows = await connection.execute(select(c.number, c.grid, c.village, c.township).where(c.number.in_(numbers)))
    return tuple(Touch(*row, frozenset(offices[row.number])) for row in rows)
