"""The people of the demo's village: they see to what its cameras raise, after a while, as anybody at the console could.

Whoever looks at the console may be quicker: a case that somebody else has done anything with is left to them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from countyhub import configfile
from countyhub.audit import trail
from countyhub.cases import acting, finding
from countyhub.cases.acting import Acted
from countyhub.cases.book import Book
from countyhub.cases.finding import Listed, TimelineEntry
from countyhub.cases.listing import Filter
from countyhub.lifecycle.state import Act
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import UNAVAILABLE, Store, locate, open_reader
from simulators.demo.village import BOX
from simulators.week import places
from simulators.week.places import Places

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0
BEGIN_AFTER: Final = timedelta(seconds=80)
GO_ON_AFTER: Final = timedelta(seconds=50)
AT_ONCE: Final = 2
"""Acts of one look: there are not so many people in a village."""
_NEXT: Final = {
    "filed": Act(name="begin", text="已出发查看"),
    "reported": Act(name="begin", text="已受理"),
    "handling": Act(name="feed_back", text="已到场，情况正常"),
    "feedback": Act(name="close", text="现场已处理完毕"),
}


class Staff:
    """`run` until cancelled. `speed` 2: they take half the time."""

    def __init__(self, config: Path, speed: float) -> None:
        self._config, self._speed = config, speed
        self._since = datetime.now(UTC)
        self._done: set[tuple[str, int]] = set()
        """Case and version of everything that they did: their names are those of the users who log in."""

    async def run(self) -> None:
        """A database that is busy is tried again. Raises what a database that is no hub's raises."""
        config = configfile.load(self._config)
        async with AsyncExitStack() as stack:
            store = await open_reader(locate(config))
            stack.push_async_callback(store.close)
            stack.enter_context(trail.as_(trail.Asker("cli/demo")))
            registry = LiveRegistry(store, ZoneInfo(config.web.timezone))
            book = Book.configured(config, registry)
            await book.refresh()
            people = places.read(book.registry, self._since)
            while True:
                await asyncio.sleep(LOOK_S / self._speed)
                try:
                    await self._look(store, book, people)
                except UNAVAILABLE as error:
                    log.info("they come again: %s", error)

    async def _look(self, store: Store, book: Book, people: Places) -> None:
        now = datetime.now(UTC)
        wanted = Filter(open=True, box=BOX, origin="machine", since=self._since)
        async with store.read() as connection:
            found = (await finding.find(connection, wanted, limit=100, order="due")).cases
            ripe = [each for each in found if self._is_ripe(each, now)]
            theirs = [each for each in ripe if self._is_theirs(await finding.timeline(connection, each.number))]
        for case in theirs[:AT_ONCE]:
            actor = book.actor(people.staff_of(case.level, case.owner), now)
            act = replace(_NEXT[case.stage], expected=case.version)
            done = await acting.act(store, book, case.number, act, actor, now)
            if isinstance(done, Acted):
                self._done.add((case.number, done.case.version))

    def _is_theirs(self, entries: Iterable[TimelineEntry]) -> bool:
        """Whether no person but them has acted on it."""
        people = [entry for entry in entries if entry.role not in ("machine", "resident")]
        return all((entry.number, entry.version) in self._done for entry in people)

    def _is_ripe(self, case: Listed, now: datetime) -> bool:
        wait = GO_ON_AFTER if case.stage in ("handling", "feedback") else BEGIN_AFTER
        return case.stage in _NEXT and case.owner != "" and now - case.changed >= wait / self._speed
