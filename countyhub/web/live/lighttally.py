"""Open cases counted by place, light and stage: one query for the board and the map. Drills never count.

A case counts where its village or grid belongs today: one that a redrawn township has taken over counts there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import listing
from countyhub.lifecycle.state import OPEN, STAGES
from countyhub.registry.snapshot import Registry
from countyhub.sight.scope import Scope
from countyhub.store.casetables import cases
from countyhub.web.live.touched import Touched
from countyhub.worktime.deadlines import GRAVEST

Read = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
_KEPT = 500
OPEN_STAGES = tuple(stage for stage in STAGES if stage in OPEN)


@dataclass(slots=True)
class Counts:
    """Of one place: light -> stage -> number."""

    of: Counter[tuple[str, str]] = field(default_factory=Counter)

    def light(self, light: str) -> int:
        return sum(number for (each, _), number in self.of.items() if each == light)

    def stage(self, stage: str) -> int:
        return sum(number for (_, each), number in self.of.items() if each == stage)

    def both(self, light: str, stage: str) -> int:
        return self.of[light, stage]

    @property
    def all(self) -> int:
        return self.of.total()

    @property
    def gravest(self) -> str:
        """The light that its place shows on a map."""
        there = {light for (light, _), number in self.of.items() if number}
        return next((light for light in GRAVEST if light in there), "none")


@dataclass(frozen=True, slots=True)
class Tally:
    """`whole`: of all in sight; `places`: of every area and grid that has one, by today's codes."""

    whole: Counts
    places: Mapping[str, Counts]

    def at(self, code: str) -> Counts:
        return self.places.get(code) or Counts()


class Tallies:
    """Counted once for all who see the same, and again when a case that they see has changed; a count that comes to the
    same stays the same object. `last_entry`: the newest line of the timelines that the asker knows of."""

    def __init__(self, read: Read, touched: Touched) -> None:
        self._read, self._touched = read, touched
        self._turn = asyncio.Lock()
        self._found: dict[Scope, tuple[tuple[int, int, date], Tally]] = {}

    async def of(self, scope: Scope, registry: Registry, day: date, last_entry: int) -> Tally:
        """Raises one of `store.engine.UNAVAILABLE`."""
        async with self._turn:
            version = await self._touched.version(scope, last_entry)
            wanted, known = (version, registry.revision, day), self._found.get(scope)
            if known is not None and known[0] == wanted:
                return known[1]
            async with self._read() as connection:
                found = await tally(connection, scope, registry, day)
            if known is not None and known[1] == found:
                found = known[1]
            self._found[scope] = wanted, found
            while len(self._found) > _KEPT:
                del self._found[next(iter(self._found))]
            return found


async def tally(connection: AsyncConnection, scope: Scope, registry: Registry, day: date) -> Tally:
    """As of now."""
    c = cases.c
    columns = (c.grid, c.village, c.township, c.light, c.stage)
    seen = (c.open, ~c.drill, c.stage != "merged", *listing.seen(scope))
    query = select(*columns, func.count()).where(*seen).group_by(*columns)
    return _sum(registry, day, ((*row,) for row in await connection.execute(query)))


def _sum(registry: Registry, day: date, rows: Iterable[tuple[str, str, str, str, str, int]]) -> Tally:
    whole, places = Counts(), dict[str, Counts]()
    for grid, village, township, light, stage, number in rows:
        whole.of[light, stage] += number
        for code in _path(registry, day, (grid, village, township)):
            places.setdefault(code, Counts()).of[light, stage] += number
    return Tally(whole, places)


@lru_cache(8192)
def _path(registry: Registry, day: date, codes: tuple[str, str, str]) -> tuple[str, ...]:
    """All places that it lies within today; what the registry does not know counts under its own codes."""
    for code in codes:
        if code and (path := registry.ancestors(code, day)):
            return path
    return tuple(code for code in codes if code)
