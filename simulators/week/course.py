"""The course of a week: tales told side by side on a clock of their own, with the hub's own works behind them.

A tale is an async generator that yields when it goes on. Between two steps everything that the running hub would have
done by then is done at its true time: deadlines turn, matters become cases, messages go out.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from countyhub import escalation
from countyhub.cases import acting, finding
from countyhub.cases.acting import Acted
from countyhub.cases.book import Book
from countyhub.cases.finding import Listed
from countyhub.config import Config
from countyhub.ingest.committed import Committed
from countyhub.ingest.inbox import Inbox, Outcome
from countyhub.ingest.intake import Intake
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Act
from countyhub.matters.follower import Follower
from countyhub.matters.windowfiles import WindowFiles
from countyhub.notify.loop import Notifier
from countyhub.registry.live import LiveRegistry
from countyhub.store.casetables import cases
from countyhub.store.engine import Store
from simulators.week.county import ZONE
from simulators.week.phones import Phones
from simulators.week.places import Places

Tale = AsyncIterator[datetime]
TELL_EVERY: Final = timedelta(minutes=90)
"""Messages are not waited for but by who calls for help, so they go out in rounds."""
BATCH: Final = 300


class WentWrong(Exception):
    """Something in a tale could not happen: the tale is wrong, or the hub is."""


@dataclass(order=True)
class _Turn:
    at: datetime
    order: int
    tale: Tale = field(compare=False)


class Course:
    """`run` plays everything that was begun with `begin`, up to a time; what goes on after it stays as it is then."""

    def __init__(self, store: Store, config: Config, registry: LiveRegistry, places: Places, start: datetime) -> None:
        self.store, self.places, self.now = store, places, start
        self.book = Book.configured(config, registry)
        self.registry = registry
        self.outcome = Outcome()
        self.on_opened: Callable[[Listed], Tale] | None = None
        """Who sees to a new case."""
        windows = WindowFiles(config.calendar.windows_dir, ZONE)
        self._commits = Committed(store)
        self._follower = Follower(store, self._commits, self.book, windows, config.language, clock=lambda: self.now)
        self._notifier = Notifier(store, registry, config, {"sms": Phones()}, clock=lambda: self.now)
        self._inbox = Inbox(store)
        self._turns: list[_Turn] = []
        self._count = 0
        self._waiting: list[Intake] = []
        self._told = start
        self._seen = 0
        self._next: datetime | None = None

    # For tales

    def begin(self, tale: Tale, at: datetime) -> None:
        self._count += 1
        heapq.heappush(self._turns, _Turn(max(at, self.now), self._count, tale))

    def arrives(self, *arrived: Intake) -> None:
        """Reaches the hub with the next `settle`: nobody sees to it at once."""
        self._waiting += arrived

    async def settle(self) -> None:
        """What has arrived is stored, and becomes matters and cases."""
        if self._waiting:
            some, self._waiting = sorted(self._waiting, key=lambda each: each.received), []
            self.outcome.add(await self._inbox.commit(some))
        while await self._follower.step():
            pass
        await self._look()

    async def act(self, number: str, name: str, person: str, **more: object) -> Acted:
        """A person does something with a case. Raises `WentWrong` when it is refused."""
        actor = self.book.actor(person, self.now)
        done = await acting.act(self.store, self.book, number, Act(name=name, **more), actor, self.now)  # type: ignore[arg-type] # as Act has them
        if isinstance(done, Refused):
            raise WentWrong(f"{name} {number} {actor.role}: {done.text('en')}")
        await self._look()
        return done

    async def acts(self, number: str, name: str, **more: object) -> Acted:
        """The same by whoever the case is with."""
        case = await self.case(number)
        assert case.owner
        return await self.act(number, name, self.places.staff_of(case.level, case.owner), **more)

    async def case(self, number: str) -> Listed:
        async with self.store.read() as connection:
            found = await finding.one(connection, number)
        assert found is not None
        return found.listed

    async def tell(self) -> None:
        """Messages that are due go out."""
        self._told = self.now
        await self._notifier.once()

    # The clock

    async def run(self, until: datetime) -> None:
        """Plays on. Raises `WentWrong`, and what the hub's own works raise."""
        if not await self._follower.lease.take():
            raise WentWrong("a hub runs on this database")
        try:
            while self._turns and self._turns[0].at <= until:
                turn = heapq.heappop(self._turns)
                await self._until(turn.at)
                try:
                    again = await anext(turn.tale)
                except StopAsyncIteration:
                    continue
                self.begin(turn.tale, again)
            await self._until(until)
            await self.settle()
            await self.tell()
        finally:
            await self._follower.lease.give_back()

    async def _until(self, at: datetime) -> None:
        """Everything that time alone brings before then, each at its time."""
        while self._next is not None and self._next <= at:
            self.now = max(self.now, self._next)
            await escalation.once(self.store, self.book, self.now)
            await self._look()
        self.now = max(self.now, at)
        if len(self._waiting) >= BATCH:
            await self.settle()
        if self.now - self._told >= TELL_EVERY:
            await self.tell()

    async def _look(self) -> None:
        """Which cases are new, and when the next one changes by itself."""
        async with self.store.read() as connection:
            entries = await finding.entries_since(connection, self._seen)
            coming = select(func.min(cases.c.next_instant)).where(cases.c.next_instant.is_not(None))
            self._next = (await connection.execute(coming)).scalar()
            opened = [entry.number for entry in entries if entry.act == "opened"]
            found = [whole.listed for number in opened if (whole := await finding.one(connection, number))]
        if entries:
            self._seen = entries[-1].id
        for each in found:
            if self.on_opened is not None:
                self.begin(self.on_opened(each), self.now)
