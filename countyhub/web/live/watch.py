"""Finds out what changed at the hub since the last look, once for all browsers, and wakes those that wait.

Promise: every change gets a tick. Who has seen tick n and asks again at tick m is told all that changed between, or,
when that is no longer known (restart, away too long), everything there is. At most one look a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store import tables as t
from countyhub.store.casetables import case_entry
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.live.absences import Absences
from countyhub.web.live.latecomers import Latecomers
from countyhub.web.live.lighttally import Tallies
from countyhub.web.live.needs import machines_of
from countyhub.web.live.snapshot import Read, Snapshot, take, zone_of
from countyhub.web.live.today import Today
from countyhub.web.live.touched import Touched
from countyhub.web.settings import ConsoleSettings

log = logging.getLogger(__name__)
COST_FACTOR = 20
"""A look at all boxes that takes 50 ms is repeated after a second: it may use 5 % of a processor, no more."""


class Feed(Protocol):
    """The hub's broadcast; what it says is not used here, only that it says something."""

    def listen(self) -> AsyncIterator[object]: ...


@dataclass(frozen=True, slots=True)
class Position:
    """What a browser has: events up to `event_id`, and the state at `tick`."""

    event_id: int
    tick: int


class Watch:
    """The last snapshot, and for everything on the page the tick at which it last changed."""

    def __init__(self, read: Read, feed: Feed | None, settings: ConsoleSettings) -> None:
        self._read, self._feed, self._settings = read, feed, settings
        self._today = Today(zone_of(settings.timezone))
        self._looking = asyncio.Lock()
        self._sign = asyncio.Event()
        self._moved = asyncio.Event()
        self._wanted = asyncio.Event()
        self._latecomers = Latecomers()
        self._absences = Absences()
        self._looked_s = 0.0
        self._boxes_due_s = 0.0
        self._process = secrets.token_hex(4)
        self.touched = Touched(read)
        self.tallies = Tallies(read, self.touched)
        self.snapshot: Snapshot | None = None
        self.tick = 0
        self.summary_tick = 0
        self.trouble_tick = 0
        self.box_ticks: dict[str, int] = {}
        self.row_ticks: dict[int, int] = {}
        self.streams = 0
        self.closing = False

    def position(self, event_id: int, tick: int | None = None) -> str:
        """The id of a page that shows everything up to `tick` (now), and events up to `event_id`."""
        return f"{event_id}-{self.tick if tick is None else tick}-{self._process}"

    def parse(self, text: str) -> Position:
        """What an id says; of another process the events alone. Raises ValueError for what cannot be an id of ours."""
        event_id, _, rest = text.partition("-")
        tick, _, process = rest.partition("-")
        return Position(int(event_id), int(tick) if process == self._process else 0)

    async def recent(self) -> Snapshot:
        """A snapshot that is at most as old as the last update of a live page may be. Raises one of `UNAVAILABLE`."""
        if self.snapshot is not None and time.monotonic() - self._looked_s < self._settings.update_interval_s:
            return self.snapshot
        return await self.look(whole=False)

    async def look(self, *, whole: bool = True) -> Snapshot:
        """A snapshot as of now; what differs from the last one gets the next tick. Unless `whole`, the boxes are read
        again only when it is their time. Raises one of `UNAVAILABLE`."""
        async with self._looking:
            began = time.monotonic()
            known = self.snapshot if not whole and began < self._boxes_due_s else None
            async with self._read() as connection:
                snapshot = _kept(await take(connection, self._today, known=known), self.snapshot)
                snapshot = self._timed(snapshot, datetime.now(UTC))
                changed = await self._latecomers.find(connection, snapshot.last_id)
            self._looked_s = time.monotonic()
            if known is None:
                cost_s = self._looked_s - began
                self._boxes_due_s = self._looked_s + max(self._settings.boxes_interval_s, COST_FACTOR * cost_s)
            if self._compare(snapshot, changed):
                self._wake()
        return snapshot

    def _timed(self, snapshot: Snapshot, now: datetime) -> Snapshot:
        """With what time alone brings: it has no event, and often no box tells of it."""
        silent = machines_of(snapshot.boxes, ()).silent_since(now) is not None
        return replace(snapshot, lasting=self._absences.lasting(snapshot.boxes, now), silent=silent)

    def _compare(self, new: Snapshot, changed_rows: set[int]) -> bool:
        """Whether anything is different; notes at which tick."""
        old, tick = self.snapshot, self.tick + 1
        boxes = _changed(new, old)
        summary = old is None or old.summary != new.summary
        trouble = old is None or old.trouble != new.trouble
        timed = old is None or (old.lasting, old.silent) != (new.lasting, new.silent)
        rows = old is None or (old.last_id, old.last_entry) != (new.last_id, new.last_entry)
        self.snapshot = new
        if not (boxes or summary or trouble or timed or rows or changed_rows):
            return False
        self.tick = tick
        self.box_ticks.update(dict.fromkeys(boxes, tick))
        self.row_ticks.update(dict.fromkeys(changed_rows, tick))
        while len(self.row_ticks) > 2000:
            del self.row_ticks[next(iter(self.row_ticks))]
        self.summary_tick = tick if summary else self.summary_tick
        self.trouble_tick = tick if trouble else self.trouble_tick
        return True

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While at least one browser is inside, the hub is looked at."""
        self.streams += 1
        self._wanted.set()
        try:
            yield
        finally:
            self.streams -= 1
            if not self.streams:
                self._wanted.clear()

    async def wait(self, tick: int, timeout_s: float) -> bool:
        """Until there is something after `tick`; False when `timeout_s` passed, or at the end."""
        if self.tick <= tick and not self.closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._moved.wait()
        return self.tick > tick and not self.closing

    async def close(self) -> None:
        """Ends every stream, so that the server can stop."""
        self.closing = True
        self._wake()

    def _wake(self) -> None:
        """Everybody who waits now, at once: who comes to wait afterwards waits for the next."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def run(self) -> None:
        """Looks as often as needed, for as long as it is not cancelled."""
        async with asyncio.TaskGroup() as tasks:
            if self._feed is not None:
                tasks.create_task(self._listen(self._feed))
            tasks.create_task(self._look_on())

    async def _listen(self, feed: Feed) -> None:
        async for _ in feed.listen():
            self._sign.set()

    async def _look_on(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                await self._until_news()
                await self.look(whole=False)
            except UNAVAILABLE as error:
                # The browsers keep what they have and are told nothing new; the next look may succeed.
                log.warning("console cannot read the database: %s", error)
            await asyncio.sleep(self._settings.update_interval_s)

    async def _until_news(self) -> None:
        """Returns at a sign of the feed, at a new event, or when the boxes are due: they change without an event."""
        rounds = max(1, round(self._settings.boxes_interval_s / self._settings.poll_interval_s))
        for _ in range(rounds):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_interval_s):
                    await self._sign.wait()
            async with self._read() as connection:
                news = self.snapshot is None or await _lasts(connection) != (
                    self.snapshot.last_id,
                    self.snapshot.last_entry,
                )
            if self._sign.is_set() or news:
                break
        self._sign.clear()


def _kept(new: Snapshot, old: Snapshot | None) -> Snapshot:
    """Boxes that are as they were stay the same objects, and so do all of them together: they know their sums, and
    pages are made of them faster."""
    if old is None or new.boxes is old.boxes:
        return new
    if new.boxes == old.boxes:
        return replace(new, boxes=old.boxes)
    known = {box.id: box for box in old.boxes}
    return replace(new, boxes=tuple(known[box.id] if known.get(box.id) == box else box for box in new.boxes))


def _changed(new: Snapshot, old: Snapshot | None) -> list[str]:
    """The boxes that are not as they were; those of `new` are `_kept`."""
    if old is not None and new.boxes is old.boxes:
        return []
    known = {box.id: box for box in old.boxes} if old else {}
    return [box.id for box in new.boxes if known.get(box.id) is not box]


async def _lasts(connection: AsyncConnection) -> tuple[int, int]:
    """The newest event, and the newest line of the timelines."""
    columns = (t.event.c.id, case_entry.c.id)
    event, entry = [(await connection.execute(select(func.max(each)))).scalar_one_or_none() or 0 for each in columns]
    return int(event), int(entry)
