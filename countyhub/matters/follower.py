"""Keeps a round going: in one process of the county at a time, awake at each commit and at least every second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from countyhub.cases.book import Book
from countyhub.cases.rows import Overtaken
from countyhub.ingest.committed import Committed, either
from countyhub.lease import Lease, LeaseLost
from countyhub.matters.reading import NAME, PAGE
from countyhub.matters.round import Desk, Round, sites
from countyhub.matters.windowfiles import WindowFiles
from countyhub.registry.snapshot import Registry
from countyhub.store import aside
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from gridwire.problem import Language

log = logging.getLogger(__name__)

RETRY_S: Final = 2.0
TURN_S: Final = 3.0
"""So often another process looks whether the work is free."""
TICK_S: Final = 1.0
GATHER_S: Final = (0.05, 0.3)
"""After a commit a little is waited for the next, longer in a storm: while we write, the inbox waits for its turn."""
STORM: Final = 2000
"""Events of one page in a storm."""
SMALLER: Final = 8
"""A page in which something is refused is taken in so many parts, and these too."""
REFRESH: Final = timedelta(seconds=10)


class Follower:
    """`run` for as long as it is not cancelled. `clock`: the time, for those who let a day pass in a minute."""

    def __init__(
        self,
        store: Store,
        commits: Committed,
        book: Book,
        windows: WindowFiles,
        language: Language = "zh",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.lease = Lease(store, NAME)
        self._desk = Desk(store, book, self.lease, language)
        self._commits = commits
        self._windows = windows
        self._clock = clock
        self._round: Round | None = None
        self._ground: tuple[Registry, date] | None = None
        self._stale = False
        self._size, self._in_a_row = PAGE, 0
        self._refreshed = datetime.fromtimestamp(0, UTC)

    async def run(self) -> None:
        """Works while the lease is ours, waits while it is another's; database trouble is waited for."""
        try:
            while True:
                pause_s = await self._try()
                await asyncio.sleep(pause_s)
        finally:
            await self._leave()

    async def _try(self) -> float:
        """One turn until something ends it; returns the seconds to wait for the next."""
        try:
            if not await self.lease.take():
                return TURN_S
            await self.hold()
        except LeaseLost:
            log.warning("another process makes the cases now")
        except Overtaken as error:
            log.info("case %s was changed meanwhile, once more", error)
        except aside.REFUSED as error:
            return await self._refused(error)
        except UNAVAILABLE as error:
            log.error("cases wait for the database: %s", reason_of(error))
        self._round = None
        return RETRY_S

    async def _refused(self, error: BaseException) -> float:
        """By ever smaller pages to the one event that is refused, which is put aside; the seconds to wait."""
        suspects, self._round = self._round.suspects if self._round else [], None
        if len(suspects) > 1:
            log.warning("one of %d events is refused, they are taken in smaller pages: %s", len(suspects), error)
            self._size = max(1, min(self._size, len(suspects)) // SMALLER)
            return 0.0
        if not suspects or self._in_a_row >= aside.MOST_IN_A_ROW:
            log.error("no cases are made, and no event is to blame: %s", error)
            return RETRY_S
        self._in_a_row += 1
        try:
            await self._put_aside(suspects[0], error)
        except (*UNAVAILABLE, LeaseLost) as trouble:
            log.error("event %d is to be put aside: %s", suspects[0], trouble)
            return RETRY_S
        return 0.0

    async def _put_aside(self, event_id: int, error: BaseException) -> None:
        log.error("event %d makes no matter, it is put aside (countyhub matters aside): %s", event_id, error)
        async with self._desk.store.write() as connection:
            await self.lease.prove(connection)
            await aside.put(connection, NAME, f"event {event_id}", error, self._clock(), row=event_id)

    async def hold(self) -> None:
        """With the lease taken: page after page. Raises what `Round.step` raises."""
        while True:
            news = self._commits.news
            if not await self.step():
                await either(news, TICK_S)
                await asyncio.sleep(self.gather_s)

    @property
    def gather_s(self) -> float:
        """How long to wait for more, by how much there was."""
        least_s, most_s = GATHER_S
        share = min(1.0, (self._round.read if self._round else 0) / STORM)
        return least_s + (most_s - least_s) * share

    async def step(self) -> bool:
        """One page; whether there is more. Raises what `Round.step` raises."""
        now = self._clock()
        if now - self._refreshed >= REFRESH or self._round is None:
            await self._desk.book.refresh()
            self._stale |= await asyncio.to_thread(self._windows.refresh)
            self._refreshed = now
        ground = (self._desk.book.registry, self._desk.book.day(now))
        if self._round is None or self._stale or ground != self._ground:
            await self._begin(ground, now)
        assert self._round is not None
        more = await self._round.step(now, self._size)
        if self._round.read:
            self._size = min(self._size * 2, PAGE)
        if self._round.suspects:
            self._in_a_row = 0
        return more

    async def _begin(self, ground: tuple[Registry, date], now: datetime) -> None:
        """After a new registry, new windows or a day on which boxes moved everything is worked out anew, from what is
        remembered."""
        found, before = sites(*ground), self._round
        if before is None:
            self._round = await Round.begin(self._desk, found, self._windows.current, now)
        elif self._stale or found != before.sites:
            self._round = await before.anew(found, self._windows.current, now)
        self._ground, self._stale = ground, False

    async def _leave(self) -> None:
        """At the end, so that another process need not wait."""
        try:
            await self.lease.give_back()
        except UNAVAILABLE as error:
            log.info("the lease runs out by itself: %s", error)
