"""Takes what can be read out of a damaged file into a fresh one, row numbers and streams unchanged. Blocking.

Rows are believed by their checksum. A destroyed first page is replaced by that of a fresh file: the tables of one
format version always stand on the same pages. What cannot be read is told by row number, to be declared as a gap.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent.outbox.connection import open_at, transaction
from edgeagent.outbox.mark import Mark
from edgeagent.outbox.numbers import LaneBook
from edgeagent.outbox.pictures import PictureFile
from edgeagent.outbox.schema import APPLICATION_ID, prepare
from edgeagent.outbox.transactions import crc, dump, parse, put_streams
from gridwire.events import EVENT_LANES, LANES, Lane, PictureRef
from gridwire.identifiers import new_ulid
from gridwire.ranges import RangeSet

PAGE_BYTES = 4096
_FAR = 2**40
"""No outbox ever holds so many rows: the search for the next readable one ends here."""
_NEAR = 1000
"""Rows of some tens of damaged pages in a row."""
_PART_ROWS = 500


class Salvaged(NamedTuple):
    """`rows`: how many were saved in each lane. `lost`: row numbers that the hub may lack and nobody has any more."""

    rows: dict[Lane, int]
    lost: dict[Lane, list[tuple[int, int]]]


class _Identity(msgspec.Struct):
    """Of an event what says where it belongs."""

    stream: str
    seq: int
    data: _Pictures


class _Pictures(msgspec.Struct):
    pictures: tuple[PictureRef, ...] = ()


def salvage(
    damaged: Path,
    fresh: Path,
    max_pages: int,
    known: Mapping[Lane, LaneBook] | None = None,
    mark: Mark | None = None,
) -> Salvaged:
    """Fill a fresh file from a damaged one. `known`: the numbers as a process remembers them that used the file.

    A stream without rows is begun above them all, so that the numbers of lost rows are never given to others.

    Raises sqlite3.Error and OSError if the fresh file cannot be written; whatever the damaged one does is no error.
    """
    into = open_at(fresh)
    try:
        prepare(into, str(fresh), max_pages)
        into.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # its first page may be needed, as it stands in the file
        source = _open_damaged(damaged, fresh) or sqlite3.connect(":memory:")
        try:
            return transaction(lambda db: _copy(source, db, known, mark))(into)
        finally:
            with contextlib.suppress(sqlite3.Error):
                source.close()
    finally:
        into.close()


def _open_damaged(damaged: Path, fresh: Path) -> sqlite3.Connection | None:
    """Open it as it is; if its first page is no good, with a fresh one. None when it is no database by any means."""
    for attempt in ("as it is", "with another first page"):
        if attempt != "as it is" and not _graft(damaged, fresh):
            return None
        with contextlib.suppress(sqlite3.Error):
            source = sqlite3.connect(damaged, isolation_level=None)
            try:
                named = {name for (name,) in source.execute("SELECT name FROM sqlite_master")}
                if source.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID and named >= set(LANES):
                    return source
            except sqlite3.Error:
                source.close()
                raise
            source.close()
    return None


def _graft(damaged: Path, fresh: Path) -> bool:
    """Give the file the first page of a fresh one; the old page stays beside it. SQLite file format, 1.3."""
    pages = damaged.stat().st_size // PAGE_BYTES
    if pages < 2:
        return False
    page = bytearray(fresh.read_bytes()[:PAGE_BYTES])
    page[28:32] = pages.to_bytes(4, "big")
    page[32:40] = bytes(8)  # no list of free pages
    page[92:96] = page[24:28]  # the page count is valid for this change counter
    with damaged.open("r+b") as file:
        damaged.with_name(damaged.name + ".page1").write_bytes(file.read(PAGE_BYTES))
        file.seek(0)
        file.write(page)
    damaged.with_name(damaged.name + "-shm").unlink(missing_ok=True)
    return True


def _copy(
    source: sqlite3.Connection, into: sqlite3.Connection, known: Mapping[Lane, LaneBook] | None, mark: Mark | None
) -> Salvaged:
    kept: dict[Lane, RangeSet] = {lane: RangeSet() for lane in LANES}
    bases: dict[tuple[str, Lane], int] = {}
    refs: dict[str, PictureRef] = {}
    for lane in (*EVENT_LANES, "media"):
        for n, body in _readable(source, lane):
            into.execute(f"INSERT INTO {lane}(n, crc, body) VALUES (?, ?, ?)", (n, crc(n, body), body))
            kept[lane].add(n)
            _identify(lane, n, body, bases, refs)
    _copy_streams(source, into, bases)
    _copy_table(source, into, "memory", 2)
    _copy_table(source, into, "mark", 1 + len(LANES))
    books = _books(source, kept, known)
    if mark is not None and mark.knows([it for (it,) in into.execute("SELECT id FROM stream")]):
        put_streams(into, mark.streams)
        mark.raise_to(books)
    for lane, book in books.items():
        settled = book.settled.copy()
        settled.merge(book.gone)
        into.execute("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", (lane, *dump(settled, book.gone)))
    _begin_above(into, books)
    rows: dict[Lane, int] = {lane: numbers.count() for lane, numbers in kept.items()}
    return Salvaged(rows, _lost(books, kept))


def _readable(source: sqlite3.Connection, lane: Lane) -> Iterator[tuple[int, bytes]]:
    """All rows whose page can be read and whose checksum is right."""
    n: int | None = 0
    while n is not None:
        try:
            found = source.execute(f"SELECT n, crc, body FROM {lane} WHERE n > ? ORDER BY n LIMIT ?", (n, _PART_ROWS))
            rows = found.fetchall()
        except sqlite3.Error:
            row = _next_one(source, lane, n)
            rows, n = ([row], row[0]) if row is not None else ([], None)
        else:
            n = rows[-1][0] if rows else None
        for number, check, body in rows:
            if isinstance(body, bytes) and crc(number, body) == check:
                yield number, body


def _next_one(source: sqlite3.Connection, lane: Lane, after: int) -> tuple[int, int, bytes] | None:
    """The next single row that can be read behind a damaged page: one by one, so that no good page between two bad ones
    is passed over; in the end farther and farther, then back by halves."""
    before, step = 0, 1
    while (found := _probe(source, lane, after + step)) is None and step < _FAR:
        before, step = step, step + 1 if step < _NEAR else step * 2
    while found is not None and step - before > 1:
        middle = (before + step) // 2
        if (nearer := _probe(source, lane, after + middle)) is None:
            before = middle
        else:
            step, found = middle, nearer
    return found[0] if found else None


def _probe(source: sqlite3.Connection, lane: Lane, n: int) -> list[tuple[int, int, bytes]] | None:
    """The first row from a number on, empty behind the last one; None where the file cannot be read."""
    with contextlib.suppress(sqlite3.Error):
        return source.execute(f"SELECT n, crc, body FROM {lane} WHERE n >= ? ORDER BY n LIMIT 1", (n,)).fetchall()
    return None


def _identify(lane: Lane, n: int, body: bytes, bases: dict[tuple[str, Lane], int], refs: dict[str, PictureRef]) -> None:
    """Learn from a row where its stream begins; pictures are known by those who name them."""
    with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
        if lane == "media":
            ref = refs.get(msgspec.json.decode(body, type=PictureFile).sha256)
            if ref is not None:
                bases.setdefault((ref.stream, lane), n - ref.seq)
            return
        event = msgspec.json.decode(body, type=_Identity)
        bases.setdefault((event.stream, lane), n - event.seq)
        refs |= {ref.sha256: ref for ref in event.data.pictures}


def _copy_streams(source: sqlite3.Connection, into: sqlite3.Connection, bases: dict[tuple[str, Lane], int]) -> None:
    """The streams as the file says; if it cannot, as their events say."""
    try:
        streams = source.execute("SELECT no, id, boot, machine FROM stream ORDER BY no").fetchall()
        parts = source.execute("SELECT stream, lane, base FROM part").fetchall()
        if {part[:2] for part in parts} != {(stream[0], lane) for stream in streams for lane in LANES}:
            raise sqlite3.DatabaseError("streams and parts do not fit")
    except sqlite3.Error:
        streams, parts = _streams_of(bases)
    into.executemany("INSERT INTO stream VALUES (?, ?, ?, ?)", streams)
    into.executemany("INSERT INTO part VALUES (?, ?, ?)", parts)


def _streams_of(bases: dict[tuple[str, Lane], int]) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Streams and parts from what events say. A lane that a stream never used gets the base of the next one."""
    ids = sorted({stream for stream, _ in bases}, key=lambda it: [bases.get((it, lane), -1) for lane in LANES])
    ids.sort()  # ULIDs rise with time
    streams: list[tuple[object, ...]] = [(no, ulid, "", "") for no, ulid in enumerate(ids, 1)]
    parts: list[tuple[object, ...]] = []
    for lane in LANES:
        base = max((base for (_, used), base in bases.items() if used == lane), default=0)
        for no, ulid in reversed(list(enumerate(ids, 1))):
            base = bases.get((ulid, lane), base)
            parts.append((no, lane, base))
    return streams, parts


def _copy_table(source: sqlite3.Connection, into: sqlite3.Connection, table: str, columns: int) -> None:
    """As many rows as can be read."""
    marks = ", ".join("?" * columns)
    with contextlib.suppress(sqlite3.Error):
        for row in source.execute(f"SELECT * FROM {table}"):
            into.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)


def _books(
    source: sqlite3.Connection, kept: Mapping[Lane, RangeSet], known: Mapping[Lane, LaneBook] | None
) -> dict[Lane, LaneBook]:
    """The numbers: as the living process knows them, else as the file says."""
    if known is not None:
        return {lane: LaneBook(book.next, book.settled.copy(), book.gone.copy()) for lane, book in known.items()}
    books: dict[Lane, LaneBook] = {}
    saved: dict[str, tuple[str, str]] = {}
    with contextlib.suppress(sqlite3.Error):
        saved = {lane: (ranges, gone) for lane, ranges, gone in source.execute("SELECT * FROM settled")}
    for lane in LANES:
        settled, gone = RangeSet(), RangeSet()
        with contextlib.suppress(msgspec.MsgspecError, TypeError, ValueError):
            settled, gone = (parse(text) for text in saved.get(lane, ("[]", "[]")))
        last = max(kept[lane].last or 0, settled.last or 0)
        books[lane] = LaneBook(last + 1, settled, gone)
    return books


def _begin_above(into: sqlite3.Connection, books: Mapping[Lane, LaneBook]) -> None:
    no = into.execute("SELECT coalesce(max(no), 0) + 1 FROM stream").fetchone()[0]
    into.execute("INSERT INTO stream VALUES (?, ?, '', '')", (no, new_ulid()))
    into.executemany("INSERT INTO part VALUES (?, ?, ?)", [(no, lane, book.next - 1) for lane, book in books.items()])


def _lost(books: Mapping[Lane, LaneBook], kept: Mapping[Lane, RangeSet]) -> dict[Lane, list[tuple[int, int]]]:
    """Rows that should be there and are not. Those the hub has are marked as gone; the others are lost."""
    lost: dict[Lane, list[tuple[int, int]]] = {}
    for lane, book in books.items():
        there = kept[lane].copy() if lane in kept else RangeSet()
        there.merge(book.settled)
        there.merge(book.gone)
        lost[lane] = list(there.missing_between(1, book.next - 1).runs())
    return {lane: runs for lane, runs in lost.items() if runs}
