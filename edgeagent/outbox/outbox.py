"""One file, one writer: puts, remembers, reads and settles; and goes on with what can be saved of a damaged file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from edgeagent.driver import OutboxFull, OutboxUnwritable, Stored
from edgeagent.outbox import transactions
from edgeagent.outbox.commitqueue import CommitQueue
from edgeagent.outbox.connection import Connection, connect, transaction
from edgeagent.outbox.draft import Draft
from edgeagent.outbox.eviction import Limits, Room
from edgeagent.outbox.file import FILE_NAME, Opened, OutboxFile, is_damage
from edgeagent.outbox.group import UNFIT, Pending, Plan, plan_group
from edgeagent.outbox.numbers import Row
from edgeagent.outbox.pictures import FOLDER as PICTURES
from edgeagent.outbox.pictures import PictureFile, PictureFolder
from edgeagent.outbox.use import StoreUse, bytes_in_use, disk, is_full
from gridwire.events import Gap, GapReason, Lane
from gridwire.messages import StreamNumbers
from gridwire.ranges import RangeSet

log = logging.getLogger(__name__)

Found = list[tuple[int, bytes | None]]
"""Rows as the file gives them; None where the checksum says that a row is damaged."""

_MIB = 2**20
MAX_RESCUES = 3
"""Of one process: flash that damages every file is past saving by software."""


class Outbox:
    """One file, one writer. Made by `Outbox.open`; `on_commit` is called on the loop with each commit's rows."""

    def __init__(self, file: OutboxFile, opened: Opened, reader: Connection, folder: PictureFolder, room: Room) -> None:
        self.book = opened.loaded.book
        self.room = room
        self.damaged = 0
        self.on_commit: Callable[[list[Row]], None] = lambda rows: None
        self.full = False
        self.unwritable = ""
        """Why the last event was refused when it was not for want of room."""
        self._lost: list[tuple[Lane, list[tuple[int, int]]]] = []
        """By a damaged file, and not declared yet: there was no room for the gap."""
        self.room.announce = lambda found: self.on_commit([self.book.row("record", n, body) for n, body in found])
        self._file, self._folder = file, folder
        self._db, self._reader = opened.connection, reader
        self._memory = opened.loaded.memory
        self._hour = opened.loaded.hour
        self._commits = CommitQueue(room.limits.linger_s)
        self._dirty: set[Lane] = set()
        self._rescues_left = MAX_RESCUES
        self._writer = asyncio.create_task(self._commits.run(self._write_or_split), name="outbox-writer")

    @classmethod
    async def open(
        cls, folder: Path, limits: Limits, *, boot: str, machine: str, gap: Callable[[Gap], Draft]
    ) -> Outbox:
        """Open or create the outbox in a folder. `gap` makes the event that declares lost numbers.

        What can be read of a damaged file goes into a fresh one. Raises `OutboxNewer`, `NotAnOutbox`, OSError.
        """
        file = OutboxFile(folder / FILE_NAME, limits.max_mb, boot, machine)
        opened = await file.open()
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(opened.connection.close)  # its thread would keep the process from ending
            outbox = await cls._make(file, opened, folder, limits, gap)
            undo.pop_all()
        await outbox.room.take_ballast()
        await outbox._declare_lost(opened)
        return outbox

    @classmethod
    async def _make(
        cls, file: OutboxFile, opened: Opened, folder: Path, limits: Limits, gap: Callable[[Gap], Draft]
    ) -> Outbox:
        pictures, known = PictureFolder(folder / PICTURES), opened.loaded.pictures
        swept = await asyncio.to_thread(pictures.sweep, known.values())
        if swept:
            log.info("removed %d picture files without a row, left by a crash", swept)
        room = Room(opened.connection, opened.loaded.book, pictures, known, limits, gap, opened.loaded.memory)
        return cls(file, opened, await connect(file.path), pictures, room)

    # -- writing ------------------------------------------------------------------------------------------------

    async def put(
        self, draft: Draft, *, remember: Mapping[str, bytes | None] | None = None, jpegs: Iterable[bytes] = ()
    ) -> Stored:
        """Store an event with its pictures; returns when it is on disk. Cancelling the caller does not stop it.

        Raises `OutboxFull` (nothing was stored) and `EventTooLarge` of the codec.
        """
        values, pictures = dict(remember or {}), tuple(jpegs)
        if pictures:
            return await asyncio.shield(asyncio.ensure_future(self._put_with_pictures(draft, values, pictures)))
        # Stored although the caller is cancelled: see `plan_group`.
        stored = await self._commits.want(draft, remember=values)
        assert stored is not None
        return stored

    async def _put_with_pictures(
        self, draft: Draft, remember: dict[str, bytes | None], jpegs: tuple[bytes, ...]
    ) -> Stored:
        try:
            files = await self._write_pictures(jpegs)
        except OSError as error:
            raise await self._refusal(error, draft.lane) from error
        try:
            stored = await self._commits.want(draft, files, remember)
        except (OutboxFull, *UNFIT):  # not a cancel: the commit may still happen, strays are swept at the next start
            await asyncio.to_thread(self._folder.remove, files)
            raise
        assert stored is not None
        return stored

    async def _write_pictures(self, jpegs: tuple[bytes, ...]) -> tuple[PictureFile, ...]:
        """Within their quota; on a full disk in the place of older ones. Raises OSError, `OutboxFull`."""
        size = sum(map(len, jpegs))
        await self.room.make_for_pictures(size)
        try:
            return await asyncio.to_thread(self._folder.write, jpegs)
        except OSError as error:
            if not is_full(error) or not await self.room.free_pictures(2 * size):
                raise
        return await asyncio.to_thread(self._folder.write, jpegs)

    async def remember(self, values: Mapping[str, bytes | None]) -> None:
        """Commit values without an event. Raises `OutboxFull`."""
        await asyncio.shield(self._commits.want(remember=dict(values)))

    def recall(self, key: str) -> bytes | None:
        return self._memory.get(key)

    async def give_up(self, lane: Lane, rows: list[tuple[int, int]], reason: GapReason) -> None:
        """Declare row numbers as lost, by gap events, and settle them: they will never be sent.

        Raises `OutboxFull`: they are still to be given up.
        """
        await self.room.give_up(lane, rows, reason)

    async def begin_stream(self) -> str:
        """Begin a new stream now (the hub found a number used twice); gives its id. Raises `OutboxFull`."""
        await self._commits.want()
        async with self.room.lock:
            book, current = self.book, self.book.current
            stream = await self.room.transact(
                lambda db: transactions.begin_stream(db, book.streams, book.lanes, current.boot, current.machine)
            )
            book.streams.append(stream)
            await asyncio.to_thread(self._file.mark.streams, book.streams, book.lanes)
        return self.book.current.id

    # -- reading and settling -----------------------------------------------------------------------------------

    async def read(self, lane: Lane, first: int, last: int, limit: int, max_bytes: int = sys.maxsize) -> list[Row]:
        """Rows of a run of row numbers, in order, at most `limit`, no more once `max_bytes` are full.

        Empty only when the run holds nothing readable: damaged rows are left out and given up, with a gap. Without
        room for that they stay unsettled, until they are next read; they hold up nothing that comes after them.
        """
        while first <= last:
            found = await self._read(transactions.read(lane, first, last, limit, max_bytes))
            damaged = RangeSet((n, n) for n, body in found if body is None)
            if damaged:
                await self._give_up_damaged(lane, damaged)
            rows = self.book.rows(lane, [(n, body) for n, body in found if body is not None])
            if rows or not found:
                return rows
            first = found[-1][0] + 1
        return []

    async def _give_up_damaged(self, lane: Lane, damaged: RangeSet) -> None:
        log.error("%d damaged rows in lane %s, to be declared as a gap", damaged.count(), lane)
        try:
            await self.give_up(lane, list(damaged.runs()), "corrupt")
        except OutboxFull as problem:
            log.error("not declared yet: %s", problem)

    async def _read(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        damaged = self.damaged
        try:
            return await self._reader.call(work)
        except sqlite3.Error as error:
            if not is_damage(error) or not await self._rescue(error, damaged):
                raise
            return await self._reader.call(work)

    async def jpeg(self, row: Row) -> bytes | None:
        """The picture of a media row; None when its file is gone or damaged."""
        return await asyncio.to_thread(self._folder.read, msgspec.json.decode(row.body, type=PictureFile))

    def settle(self, lane: Lane, first: int, last: int) -> None:
        """The hub has these rows durably. Written down with the next commit; lost by a crash it only means a resend."""
        self.book.lanes[lane].settled.add_range(first, last)
        self._dirty.add(lane)

    def numbers(self) -> tuple[StreamNumbers, ...]:
        return tuple(self.book.numbers())

    def waiting(self) -> dict[Lane, int]:
        """How many events of each lane the hub has not got yet."""
        return {lane: book.waiting() for lane, book in self.book.lanes.items()}

    async def use(self) -> StoreUse:
        """Raises sqlite3.Error when the file cannot be looked at."""
        limits = self.room.limits
        free, size = await asyncio.to_thread(disk, self._file.path.parent)
        return StoreUse(
            outbox_bytes=await asyncio.to_thread(bytes_in_use, self._file.path),
            outbox_max_bytes=limits.max_mb * _MIB,
            pictures_bytes=self.room.picture_bytes(),
            pictures_max_bytes=limits.pictures_max_mb * _MIB,
            full=self.full,
            unwritable=self.unwritable,
            disk_free_bytes=free,
            disk_size_bytes=size,
        )

    # -- life ---------------------------------------------------------------------------------------------------

    async def tick_hour(self) -> None:
        """Once in a running hour: expire what is older than `retain_days`, forget empty streams."""
        self._hour += 1
        await self.room.take_ballast()
        await self._commits.want()
        await self.room.expire(self._hour)

    async def sync(self) -> None:
        """Write down what was settled since the last commit, and what was lost. Raises `OutboxFull`."""
        if self._dirty:
            await self._commits.want()
        await self._declare_rest()

    async def answers(self) -> bool:
        """Whether the store works, once reader and writer have done what changes nothing. A full one does."""
        await self._read(transactions.read("alarm", 0, 0, 1, 1))
        try:
            await self._commits.want()
        except OutboxFull as problem:
            cause = problem.__cause__
            return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode == sqlite3.SQLITE_FULL
        return True

    async def watch(self) -> None:
        """Wait for ever; raises what ended the writer (a file damaged while it was in use)."""
        await asyncio.shield(self._writer)

    async def close(self) -> None:
        """Commit what waits, write down what is settled, close the file."""
        with contextlib.suppress(OutboxFull):
            await self.sync()
        self._commits.close()
        await self._writer
        await self._reader.close()
        await self._db.close()

    # -- the group commit ---------------------------------------------------------------------------------------

    async def _write_or_split(self, waiting: list[Pending]) -> None:
        """Commit a group; when it does not fit, each event for itself, so that what fits is stored."""
        damaged = self.damaged
        try:
            await self._write(waiting)
        except sqlite3.Error as error:
            if len(waiting) > 1 and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                for pending in waiting:
                    await self._write_or_split([pending])
            elif is_damage(error) and await self._rescue(error, damaged):
                await self._write_or_split(waiting)
            else:
                await self._refuse(waiting, error)

    async def _write(self, waiting: list[Pending]) -> None:
        """Commit a group, making room when the quota is reached. Raises sqlite3.Error."""
        async with self.room.lock:
            while True:
                dirty, self._dirty = self._dirty, set()
                plan = plan_group(self.book, waiting, dirty)
                try:
                    await self._db.call(transaction(partial(transactions.write, group=plan.group)))
                    break
                except sqlite3.Error as error:
                    self._dirty |= dirty
                    if error.sqlite_errorcode != sqlite3.SQLITE_FULL or not await self.room.make():
                        raise
            self._committed(plan)

    def _committed(self, plan: Plan) -> None:
        """The transaction is on disk: only now the numbers, the memory and the answers become true."""
        for lane, rows in plan.group.rows.items():
            self.book.lanes[lane].next = rows[-1][0] + 1
        for key, value in plan.group.remember.items():
            if value is None:
                self._memory.pop(key, None)
            else:
                self._memory[key] = value
        if any(plan.group):  # the watchdog's question writes nothing: a card wears out
            self.full, self.unwritable = False, ""
            self._file.mark.numbers(self.book.lanes)
        self.room.added(plan.pictures)
        for pending, stored in plan.answers:
            if not pending.done.done():
                pending.done.set_result(stored)
        committed = [self.book.row(lane, n, body) for lane, found in plan.group.rows.items() for n, body in found]
        if committed:
            self.on_commit(committed)

    # -- a damaged file -----------------------------------------------------------------------------------------

    async def _rescue(self, error: sqlite3.Error, damaged: int) -> bool:
        """The file went bad while in use: go on with a fresh one that holds whatever can be read of it.

        `damaged`: the count when the trouble was met; whoever comes second finds it done. False: it was once too often.
        """
        async with self.room.lock:
            if damaged != self.damaged:
                return True
            if not self._rescues_left:
                log.error("outbox damaged once more, after %d rescues: %s", MAX_RESCUES, error)
                return False
            log.error("outbox damaged while in use: %s", error)
            self._rescues_left -= 1
            for connection in (self._reader, self._db):
                with contextlib.suppress(sqlite3.Error):
                    await connection.close()
            opened = await self._file.rescue(self.book.lanes)
            self._db, self._reader, self.book = opened.connection, await connect(self._file.path), opened.loaded.book
            await self._db.call(
                transaction(partial(transactions.write, group=transactions.Group({}, dict(self._memory), {})))
            )
            self.room.adopt(self._db, self.book, await self._db.call(transactions.pictures))
            self._dirty.clear()
            self.damaged += 1
        await self._declare_lost(opened)
        return True

    async def _declare_lost(self, opened: Opened) -> None:
        """Rows that a damaged file no longer has, and that the hub may lack."""
        found = [opened.loaded.vanished, *([opened.salvaged.lost] if opened.salvaged is not None else [])]
        if opened.salvaged is not None or opened.loaded.vanished:
            self.damaged = max(self.damaged, 1)
        for lost in found:
            self._lost += [(lane, runs) for lane, runs in lost.items() if runs]
        try:
            await self._declare_rest()
        except OutboxFull as problem:
            log.error("what was lost is not declared yet: %s", problem)

    async def _declare_rest(self) -> None:
        """Raises `OutboxFull`: what is left is declared later."""
        while self._lost:
            lane, runs = self._lost.pop()  # whoever else comes meanwhile must not declare it too
            try:
                await self.room.give_up(lane, runs, "corrupt", vanished=True)
            except OutboxFull:
                self._lost.append((lane, runs))
                raise

    async def _refuse(self, waiting: list[Pending], error: sqlite3.Error) -> None:
        """Nothing of this group was stored, and everybody hears it."""
        log.error("outbox: %d events not stored: %s", len(waiting), error)
        for pending in waiting:
            problem = await self._refusal(error, pending.draft.lane if pending.draft else "record")
            if not pending.done.done():
                pending.done.set_exception(problem)

    async def _refusal(self, error: sqlite3.Error | OSError, lane: Lane) -> OutboxFull:
        problem = await self.room.refusal(error, lane)
        problem.__cause__ = error
        self.full = not isinstance(problem, OutboxUnwritable)
        self.unwritable = "" if self.full else str((isinstance(error, OSError) and error.strerror) or error)
        return problem
