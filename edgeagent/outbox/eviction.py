"""Eviction, the one place where rows and pictures are deleted: what goes when a quota is reached, the disk is full or
rows are too old, and the gaps that declare what was lost.

Called by the outbox's `_write` when SQLite is full; when nothing may go, who wanted to store hears `OutboxFull`. Order:
acknowledged rows, readings; pictures by their own quota, and when the disk is full for them. To make room, an urgent,
alarm or record event that the hub lacks is never deleted. Without acknowledgement such a row goes only when it cannot
be sent at all, and is declared (`give_up`): the broker refuses it alone and for good (`uplink`), or it is damaged.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from edgeagent.driver import OutboxFull, OutboxUnwritable
from edgeagent.outbox import transactions
from edgeagent.outbox.ballast import Ballast
from edgeagent.outbox.connection import Connection, transaction
from edgeagent.outbox.draft import Draft
from edgeagent.outbox.file import is_damage
from edgeagent.outbox.numbers import Book
from edgeagent.outbox.pictures import PictureFile, PictureFolder
from edgeagent.outbox.use import disk, is_full
from gridwire.events import KEPT_LANES, LANES, Gap, GapReason, Lane
from gridwire.ranges import RangeSet

log = logging.getLogger(__name__)

T = TypeVar("T")

_STEP_ROWS = 500
"""Rows deleted at a time: some 200 KiB, a few milliseconds."""
_PICTURE_STEP = 8
_GAP_RUNS = 500
"""Runs that one gap event names at most: some 16 KiB."""
_MIB = 1024 * 1024
_GIVEN_UP = "given_up"


class Limits(NamedTuple):
    """Quotas. `linger_s`: how long readings may wait for company."""

    max_mb: int
    pictures_max_mb: int
    retain_days: float
    linger_s: float


class Room:
    """Deletes rows and files. Whoever changes numbers or rows holds `lock`."""

    def __init__(
        self,
        connection: Connection,
        book: Book,
        folder: PictureFolder,
        pictures: dict[int, PictureFile],
        limits: Limits,
        gap: Callable[[Gap], Draft],
        memory: Mapping[str, bytes],
    ) -> None:
        self.lock = asyncio.Lock()
        self.limits = limits
        self.evicted: dict[Lane, int] = dict.fromkeys(LANES, 0)
        self._db, self._book, self._folder, self._gap = connection, book, folder, gap
        self._pictures = pictures
        self._picture_bytes = sum(picture.bytes for picture in pictures.values())
        saved = memory.get(_GIVEN_UP)
        pairs = msgspec.json.decode(saved, type=dict[Lane, list[tuple[int, int]]]) if saved is not None else {}
        self._given_up = {lane: RangeSet(pairs.get(lane, ())) for lane in LANES}
        """Rows that are still kept although they were declared as lost: asked for again they are not declared again."""
        self._ballast = Ballast(folder.path.parent)
        self.announce: Callable[[list[tuple[int, bytes]]], None] = lambda rows: None

    def added(self, pictures: dict[int, PictureFile]) -> None:
        """These pictures' rows have been committed."""
        self._pictures |= pictures
        self._picture_bytes += sum(picture.bytes for picture in pictures.values())

    def picture_bytes(self) -> int:
        return self._picture_bytes

    async def make(self) -> bool:
        """Free pages of the file, one step; false when nothing more may be deleted. Call with the lock held."""
        dropped = False
        try:
            used, allowed, _ = await self._call(transactions.pages)
            if used < allowed - _STEP_ROWS:  # it is not the quota that was reached, but the end of the disk
                dropped = await asyncio.to_thread(self._ballast.drop)
                await self._call(transactions.checkpoint)  # what stands in the log makes room for what deletes need
            return await self._evict() or dropped
        except OutboxFull as problem:
            log.error("no row can be deleted: %s", problem.__cause__)
            return dropped

    async def _evict(self) -> bool:
        for lane in reversed(LANES):
            run = self._book.lanes[lane].oldest_settled(_STEP_ROWS)
            if run is not None:
                await self._delete(lane, *run)
                return True
        run = self._book.lanes["reading"].oldest_unsettled(_STEP_ROWS)
        if run is None:
            return False
        log.warning("outbox full: gave up %d readings to keep what matters", run[1] - run[0] + 1)
        await self._delete("reading", *run, gap="quota")
        return True

    async def take_ballast(self) -> None:
        """Have the ballast on board if the disk has room for it."""
        await asyncio.to_thread(self._ballast.take)

    async def make_for_pictures(self, size: int) -> None:
        """Delete old pictures until `size` bytes more fit the pictures' quota. Raises `OutboxFull`."""
        quota = self.limits.pictures_max_mb * _MIB
        async with self.lock:
            while self._picture_bytes + size > quota and await self._drop_pictures():
                pass

    async def free_pictures(self, size: int) -> bool:
        """The disk is full: delete old pictures of `size` bytes; false when there are none."""
        async with self.lock:
            goal = self._picture_bytes - size
            try:
                while self._picture_bytes > goal and await self._drop_pictures():
                    pass
            except OutboxFull as problem:
                log.error("no old picture can be deleted: %s", problem.__cause__)
            return self._picture_bytes <= goal

    async def _drop_pictures(self) -> bool:
        """The oldest that the hub has; if there are none, the oldest one, with a gap."""
        book = self._book.lanes["media"]
        run = book.oldest_settled(_PICTURE_STEP)
        gap: GapReason | None = None
        if run is None:
            run, gap = book.oldest_unsettled(1), "quota"
        if run is None:
            return False
        await self._delete("media", *run, gap=gap)
        return True

    def adopt(self, connection: Connection, book: Book, pictures: dict[int, PictureFile]) -> None:
        """Another file, after a rescue. Call with the lock held."""
        self._db, self._book, self._pictures = connection, book, pictures
        self._picture_bytes = sum(picture.bytes for picture in pictures.values())

    async def give_up(
        self, lane: Lane, runs: list[tuple[int, int]], reason: GapReason, *, vanished: bool = False
    ) -> None:
        """Settle rows that can never be sent, and declare them, once. The rows go with the next cleaning.

        `vanished`: they are no longer in the file. Raises `OutboxFull`: then they are neither settled nor declared.
        """
        async with self.lock:
            settled = self._book.lanes[lane].settled
            fresh = RangeSet(runs).without(settled if vanished else self._given_up[lane])
            if fresh:
                undeclared = list(fresh.runs())
                await self._with_room(lambda: self._declare(lane, undeclared, reason, gone=vanished))
            settled.merge(RangeSet(runs))

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction that room is made for. Call with the lock held. Raises `OutboxFull`."""
        return await self._with_room(lambda: self._transact(work))

    async def _with_room(self, write: Callable[[], Awaitable[T]]) -> T:
        """An outbox at its quota is usual: room is made for this as for an event that is put."""
        while True:
            try:
                return await write()
            except OutboxFull as problem:
                if isinstance(problem, OutboxUnwritable) or not await self.make():
                    raise

    async def expire(self, hour: int) -> None:
        """Note the running hour, delete settled rows older than `retain_days`, forget streams that are empty.

        Raises `OutboxFull`.
        """
        keep_hours = max(int(self.limits.retain_days * 24), 1)
        async with self.lock:
            standing: dict[Lane, int] = {lane: book.next for lane, book in self._book.lanes.items()}
            old = await self._transact(lambda db: transactions.mark_hour(db, hour, standing, keep_hours))
            for lane, below in old.items():
                while (run := self._book.lanes[lane].oldest_settled(_STEP_ROWS, below)) is not None:
                    await self._delete(lane, *run)
            await self._forget_streams()

    async def _forget_streams(self) -> None:
        named = {numbers.stream for numbers in self._book.numbers()}
        empty = [stream for stream in self._book.streams if stream.id not in named]
        if empty:
            await self._transact(lambda db: transactions.forget_streams(db, [it.no for it in empty]))
            for stream in empty:
                self._book.streams.remove(stream)

    async def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction. On a full disk once more, without the ballast. Raises `OutboxFull`."""
        try:
            return await self._call(transaction(work))
        except OutboxFull as problem:
            if isinstance(problem, OutboxUnwritable) or not await asyncio.to_thread(self._ballast.drop):
                raise
        return await self._call(transaction(work))

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Raises `OutboxFull`, for whoever can put it off; sqlite3.Error only for a file that is damaged."""
        try:
            return await self._db.call(work)
        except sqlite3.OperationalError as error:
            if is_damage(error):
                raise
            raise await self.refusal(error, "record") from error

    async def refusal(self, error: sqlite3.Error | OSError, lane: Lane) -> OutboxFull:
        """What is to be told of an event that was not stored because of this."""
        if not is_full(error):
            return OutboxUnwritable(lane=lane, why=error)
        try:
            used, _, page_bytes = await self._db.call(transactions.pages)
        except sqlite3.Error as unreadable:
            return OutboxUnwritable(lane=lane, why=unreadable)
        free_bytes, _ = await asyncio.to_thread(disk, self._folder.path.parent)
        used_mb, free_mb = used * page_bytes // _MIB, free_bytes // _MIB
        return OutboxFull(lane=lane, used_mb=used_mb, quota_mb=self.limits.max_mb, free_mb=free_mb)

    async def _delete(self, lane: Lane, first: int, last: int, gap: GapReason | None = None) -> None:
        """Delete rows of one lane, with a gap in the same transaction if they were not settled; then their files."""
        if gap is None:
            files = await self._drop(lane, first, last)
        else:
            files = await self._declare(lane, [(first, last)], gap, gone=True, delete=True)
        self.evicted[lane] += last - first + 1
        await asyncio.to_thread(self._folder.remove, files)
        for n in range(first, last + 1):
            if lane == "media" and (picture := self._pictures.pop(n, None)) is not None:
                self._picture_bytes -= picture.bytes

    async def _drop(self, lane: Lane, first: int, last: int) -> list[PictureFile]:
        """One transaction: settled rows leave the file."""
        book = self._book.lanes[lane]
        gone = book.gone.copy()
        gone.add_range(first, last)
        state = transactions.dump(book.settled, gone)

        def work(connection: sqlite3.Connection) -> list[PictureFile]:
            files = transactions.delete(connection, lane, first, last)
            transactions.write(connection, transactions.Group({}, {}, {lane: state}))
            return files

        files = await self._transact(work)
        book.gone = gone
        return files

    async def _declare(
        self, lane: Lane, runs: list[tuple[int, int]], reason: GapReason, *, gone: bool, delete: bool = False
    ) -> list[PictureFile]:
        """One transaction: gap events for the rows, the rows settled and, if asked, deleted or known to be gone."""
        assert not delete or lane not in KEPT_LANES
        book, rows = self._book.lanes[lane], self._gap_rows(lane, runs, reason)
        lost = RangeSet(runs)
        settled, vanished = book.settled.copy(), book.gone.copy()
        settled.merge(lost)
        if gone:
            vanished.merge(lost)
        given_up = self._given_up[lane].copy()
        if not gone:
            given_up.merge(lost)
        given_up = given_up.without(vanished)  # what is no longer kept cannot be asked for
        pairs = {each: ranges.to_pairs() for each, ranges in (self._given_up | {lane: given_up}).items() if ranges}
        remember = {_GIVEN_UP: msgspec.json.encode(pairs)}
        group = transactions.Group({"record": rows}, remember, {lane: transactions.dump(settled, vanished)})

        def work(connection: sqlite3.Connection) -> list[PictureFile]:
            files: list[PictureFile] = []
            for first, last in runs if delete else ():
                files += transactions.delete(connection, lane, first, last)
            transactions.write(connection, group)
            return files

        files = await self._transact(work)
        book.settled.merge(lost)  # others may have settled meanwhile: add, do not replace
        book.gone = vanished
        self._given_up[lane] = given_up
        self._book.lanes["record"].next += len(rows)
        self.announce(rows)
        return files

    def _gap_rows(self, lane: Lane, runs: list[tuple[int, int]], reason: GapReason) -> list[tuple[int, bytes]]:
        """The declaring events, as rows of lane `record`: one a stream and every so many runs."""
        spans: dict[str, list[tuple[int, int]]] = {}
        for first, last in runs:
            for stream, low, high in self._book.spans(lane, first, last):
                spans.setdefault(stream.id, []).append((low, high))
        current, record = self._book.current, self._book.lanes["record"]
        rows: list[tuple[int, bytes]] = []
        for stream_id, ranges in spans.items():
            for index in range(0, len(ranges), _GAP_RUNS):
                part = tuple(ranges[index : index + _GAP_RUNS])
                draft = self._gap(Gap(stream=stream_id, lane=lane, ranges=part, reason=reason))
                n = record.next + len(rows)
                rows.append((n, draft.build(current.id, n - current.bases["record"])))
        return rows
