"""The correlator with its place in the inbox: one page taken, told and written in one transaction.

Whatever fails or dies, a new `Round` begins with the last dump, reads again what came since, and puts right what the
tables say otherwise. It must not be used any further once `step` has raised.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases.book import Book
from countyhub.correlate.correlator import KEEP_US, Correlator
from countyhub.correlate.matter import DAY_US, NO_CHANGES, Changes, Limits, compare, together
from countyhub.correlate.outages import Site
from countyhub.correlate.windows import Windows
from countyhub.lease import Lease
from countyhub.matters import evidence, persons, reading, records
from countyhub.matters.casework import Casework
from countyhub.matters.reading import Page
from countyhub.matters.records import Remembered
from countyhub.registry.forms import Camera
from countyhub.registry.snapshot import Registry, When
from countyhub.store import aside
from countyhub.store.engine import Store
from gridwire.instants import instant, microseconds
from gridwire.problem import Language

log = logging.getLogger(__name__)

DUMP_EVENTS: Final = 20_000
DUMP_EVERY: Final = timedelta(minutes=5)
"""A dump is made when so much is new, or so old: what came since is read again after a crash."""
TICK: Final = timedelta(seconds=1)
FORGET_EVERY: Final = timedelta(hours=1)
RENEW_EVERY: Final = timedelta(seconds=5)


@dataclass(frozen=True)
class Desk:
    """What the work is done with."""

    store: Store
    book: Book
    lease: Lease
    language: Language = "zh"


@dataclass
class Times:
    """When something was last done."""

    ticked: datetime
    dumped: datetime
    forgot: datetime
    proved: datetime


class Round:
    """Made by `begin`. One at a time in the county: its lease says so in each transaction."""

    def __init__(self, desk: Desk, sites: Mapping[str, Site], windows: Windows, now: datetime) -> None:
        self.sites = sites
        self._desk = desk
        self._windows = windows
        self.correlator = self._fresh(now)
        self.read = 0
        """Rows of the last page."""
        self.suspects: list[int] = []
        self._event_id = self._link_id = 0
        self._new_events = 0
        self._some_wait = True
        self._suppressed: dict[str, int] = {}
        self._times = Times(now, now, now, now)

    def _fresh(self, now: datetime) -> Correlator:
        zone = self._desk.book.zone
        offset = now.astimezone(zone).utcoffset() or timedelta()
        limits = Limits(day_offset_us=offset // timedelta(microseconds=1))
        return Correlator(self.sites, self._windows, limits)

    # Beginning

    @classmethod
    async def begin(cls, desk: Desk, sites: Mapping[str, Site], windows: Windows, now: datetime) -> Round:
        """Takes up what was remembered, and puts the tables right. Raises `LeaseLost`, `store.engine.UNAVAILABLE`."""
        made = cls(desk, sites, windows, now)
        async with desk.store.read() as connection:
            place = await records.place(connection)
            await made._load(connection, now)
            made._suppressed = await records.suppressions(connection)
        await made._read_again(*place)
        made.correlator.advance(microseconds(now))
        made.correlator.forget()
        await made._put_right(now)
        return made

    async def anew(self, sites: Mapping[str, Site], windows: Windows, now: datetime) -> Round:
        """The same with other sites or windows: what was suppressed stays so, what lasts is seen as they say. This
        round is over then. Raises as `begin`."""
        made = Round(self._desk, sites, windows, now)
        made.correlator.load(self.correlator.dump())
        made._event_id, made._link_id, made._suppressed = self._event_id, self._link_id, self._suppressed
        made.correlator.advance(microseconds(now))
        await made._put_right(now, remembers=True)
        return made

    async def _load(self, connection: AsyncConnection, now: datetime) -> None:
        before = await records.remembered(connection)
        self._event_id, self._link_id = before.event_id, before.link_id
        if not before.dump:
            return
        try:
            self.correlator.load(before.dump)
        except msgspec.DecodeError as error:
            log.warning("what correlation remembered is of another version, days are read again: %s", error)
            self.correlator = self._fresh(now)
            since_us = await records.oldest(connection, microseconds(now) - KEEP_US)
            self._event_id, self._link_id = await records.before(connection, instant(since_us - DAY_US))

    async def _read_again(self, event_id: int, link_id: int) -> None:
        """Everything between the dump and the place, which is told already."""
        while self._event_id < event_id or self._link_id < link_id:
            async with self._desk.store.read() as connection:
                page = await reading.page(connection, self._event_id, self._link_id, upto=(event_id, link_id))
            self._take(page)
            self._new_events += page.count
            self._event_id, self._link_id = page.event_id, page.link_id
            if not page.full:
                break
        self._event_id, self._link_id = event_id, link_id
        async with self._desk.store.read() as connection:
            self._take(await reading.counted(connection))

    async def _put_right(self, now: datetime, *, remembers: bool = False) -> None:
        """Between the tables and the correlator: what time, a new registry or new windows have changed meanwhile."""
        since_us = microseconds(now) - DAY_US
        async with self._desk.store.write() as connection:
            await self._desk.lease.prove(connection)
            before = {handle: known.matter for handle, known in (await records.lasting(connection, since_us)).items()}
            after = {matter.handle: matter for matter in self.correlator.matters()}
            changes = compare(before, after)
            forgotten = await records.known(connection, {matter.handle for matter in changes.now} - before.keys())
            same = {handle for handle, known in forgotten.items() if known.matter == after[handle]}
            changes = Changes(tuple(each for each in changes.now if each.handle not in same), changes.gone)
            await self._write(connection, changes, {}, now)
            if remembers:
                dump = Remembered(self._event_id, self._link_id, self.correlator.dump())
                await records.remember(connection, dump, now)

    # Going on

    async def step(self, now: datetime, size: int = reading.PAGE) -> bool:
        """One page, and what time alone has changed; whether there is more to read at once.

        Raises `LeaseLost`, `cases.rows.Overtaken`, `store.engine.UNAVAILABLE`, `store.aside.REFUSED`: then this round
        is over, and `suspects` are the events that a refusal may be due to: with a `size` of 1 at most one, and nothing
        else was done with it.
        """
        ticks = now - self._times.ticked >= TICK
        async with self._desk.store.read() as connection:
            page = await reading.page(connection, self._event_id, self._link_id, size=size)
            ticks = ticks and (size > 1 or not page.count)
            if self._some_wait and ticks:
                page.add(await reading.waited(connection, now, size))
                self._some_wait = page.waits
        self.suspects = page.events
        ticks = ticks and (size > 1 or not self.suspects)
        changes = self._take(page)
        if ticks:
            changes = together([changes, self.correlator.advance(microseconds(now))])
            self._times.ticked = now
        if now - self._times.forgot >= FORGET_EVERY:
            self.correlator.forget()
            self._times.forgot = now
        moved = (page.event_id, page.link_id) != (self._event_id, self._link_id)
        moved |= bool(page.unreadable)
        if moved or changes != NO_CHANGES or page.dated or now - self._times.proved >= RENEW_EVERY:
            await self._commit(page, changes, now)
        self._some_wait |= page.waits
        self.read = page.count
        return page.full

    def _take(self, page: Page) -> Changes:
        told = [self.correlator.take(signal) for signal, _ in page.signals]
        changed = [changes for changes in told if changes is not NO_CHANGES]
        return together(changed) if changed else NO_CHANGES

    async def _commit(self, page: Page, changes: Changes, now: datetime) -> None:
        self._new_events += page.count
        dump = self._dump(page, now)
        async with self._desk.store.write() as connection:
            await self._desk.lease.prove(connection)
            await records.note_dated(connection, page.dated)
            await self._write(connection, changes, evidence.signs(page.signals, changes.now), now)
            await persons.take(connection, self._desk.book, page.said, now, self._desk.language)
            for event_id, why in page.unreadable.items():
                await aside.put(connection, reading.NAME, f"event {event_id}", why, now, row=event_id)
            await records.move(connection, page.event_id, page.link_id)
            if dump is not None:
                await records.remember(connection, dump, now)
        self._event_id, self._link_id = page.event_id, page.link_id
        self._times.proved = now
        if dump is not None:
            self._times.dumped, self._new_events = now, 0

    def _dump(self, page: Page, now: datetime) -> Remembered | None:
        """What is remembered with this page in it, when it is time."""
        is_old = self._new_events > 0 and now - self._times.dumped >= DUMP_EVERY
        if self._new_events < DUMP_EVENTS and not is_old:
            return None
        return Remembered(page.event_id, page.link_id, self.correlator.dump())

    async def _write(
        self,
        connection: AsyncConnection,
        changes: Changes,
        signs: Mapping[str, list[evidence.Sign]],
        now: datetime,
    ) -> None:
        if changes.now or changes.gone:
            await Casework(connection, self._desk.book, now, self._desk.language, signs).write(changes)
        counts = self.correlator.counts()
        more = {reason: count - self._suppressed.get(reason, 0) for reason, count in counts.items()}
        more = {reason: count for reason, count in more.items() if count > 0}
        await records.suppress(connection, self._desk.book.day(now), more)
        self._suppressed |= {reason: counts[reason] for reason in more}


def sites(registry: Registry, at: When) -> dict[str, Site]:
    """What correlation has to know of each box: its township, and its cameras."""
    found = {}
    for box in registry.boxes():
        cameras = frozenset(row.device for row in registry.devices(box, at) if isinstance(row, Camera))
        found[box] = Site(registry.belongs(box, at).township, cameras)
    return found
