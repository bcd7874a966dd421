"""People who handle cases while hubs die: often two of them at once, each with the version that both have seen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from countyhub.cases import acting
from countyhub.cases.book import Book
from countyhub.lifecycle.refusals import Refused, Stale
from countyhub.lifecycle.state import Act, Case, Office
from countyhub.notify.people import at_office
from countyhub.store.casetables import cases
from countyhub.store.engine import Store
from countyhub.store.notifytables import message, parcel

ACTS = {
    "found": ("register",),
    "filed": ("begin", "begin", "pass_up", "note"),
    "reported": ("begin", "note", "pass_up"),
    "assigned": ("begin", "note"),
    "handling": ("feed_back", "feed_back", "note"),
    "feedback": ("close", "close", "redo"),
}
_case = msgspec.json.Decoder(Case)


class Acted(NamedTuple):
    """What somebody was told is done: a line of the timeline."""

    number: str
    version: int
    act: str
    actor: str


class People:
    """`acted`: all that was done, `refused`: how often it was not; `both`: two did what only one could."""

    def __init__(self, stores: tuple[Store, Store], book: Book, dice: random.Random) -> None:
        self._stores, self._book, self._dice = stores, book, dice
        self.acted: list[Acted] = []
        self.stale = self.refused = self.both = 0

    async def work(self, over: Callable[[], bool], pace_s: float) -> None:
        """Leaves calls for help alone: who answers those, and when, is `answer`'s."""
        while not over():
            await asyncio.sleep(self._dice.uniform(0, 2 * pace_s))
            found = await self._open(~cases.c.urgent & cases.c.stage.in_(list(ACTS)))
            if found:
                await self._two(self._dice.choice(found))

    async def answer(self) -> None:
        """Somebody does something about every call for help that has woken anybody and was not answered yet."""
        answered = {each.number for each in self.acted}
        woken = select(message.c.number).join(parcel, parcel.c.id == message.c.parcel)
        woken = woken.where(message.c.urgent, parcel.c.state == "sent")
        for case in await self._open(cases.c.urgent & cases.c.number.in_(woken)):
            if case.number not in answered:
                await self._one(self._stores[0], case, "note")

    async def _open(self, which: Any) -> list[Case]:
        query = select(cases.c.state).where(cases.c.open, which).order_by(cases.c.number)
        async with self._stores[0].read() as connection:
            return [_case.decode(state) for state in (await connection.execute(query)).scalars()]

    async def _two(self, case: Case) -> None:
        """The same case, seen by two; sometimes one of them is alone, or comes later."""
        names = [self._dice.choice(ACTS[case.stage]) for _ in range(self._dice.choice((1, 2, 2)))]
        await asyncio.sleep(self._dice.choice((0, 0, 0.5)))
        done = await asyncio.gather(
            *(self._one(store, case, name) for store, name in zip(self._stores, names, strict=False))
        )
        self.both += sum(done) > 1

    async def _one(self, store: Store, case: Case, name: str) -> bool:
        now = datetime.now(UTC)
        person = self._dice.choice(at_office(self._book.registry, case.owner or self._first(case), now))
        act = Act(name=name, text="已到现场", expected=case.version)
        done = await acting.act(store, self._book, case.number, act, self._book.actor(person.code, now), now)
        if isinstance(done, Refused):
            self.stale += isinstance(done, Stale)
            self.refused += not isinstance(done, Stale)
            return False
        self.acted.append(Acted(case.number, done.case.version, name, person.code))
        return True

    @staticmethod
    def _first(case: Case) -> Office:
        return case.route[0]
