"""What happens on the outbox's thread: plain functions over a sqlite3 connection, each one transaction or one read."""

from __future__ import annotations

import sqlite3
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from edgeagent.outbox.connection import transaction
from edgeagent.outbox.mark import Mark
from edgeagent.outbox.numbers import Book, LaneBook, Stream
from edgeagent.outbox.pictures import PictureFile
from gridwire.events import LANES, Lane
from gridwire.identifiers import new_ulid
from gridwire.ranges import RangeSet


class Group(NamedTuple):
    """What one commit writes: rows by lane as (n, body), values to remember, settled and gone rows of changed lanes."""

    rows: Mapping[Lane, Sequence[tuple[int, bytes]]]
    remember: Mapping[str, bytes | None]
    settled: Mapping[Lane, tuple[str, str]]


class Loaded(NamedTuple):
    """The file's whole state, without the rows."""

    book: Book
    memory: dict[str, bytes]
    hour: int
    pictures: dict[int, PictureFile]
    vanished: dict[Lane, list[tuple[int, int]]]
    """Rows that were given a number and that the file knows nothing of, as far as the hub may lack them."""


class Unsound(sqlite3.DatabaseError):
    """What SQLite could read makes no sense: the file is as damaged as one that it cannot read."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def crc(n: int, body: bytes) -> int:
    """Checksum over the row number and the bytes, so that a row that moved is noticed too."""
    return zlib.crc32(body, zlib.crc32(n.to_bytes(8, "big")))


def load(boot: str, machine: str, mark: Mark | None = None) -> Callable[[sqlite3.Connection], Loaded]:
    """Read the state and begin a new stream: whatever happened to the file, no number is ever given twice."""

    def work(connection: sqlite3.Connection) -> Loaded:
        streams, lanes = read_book(connection)
        vanished: dict[Lane, list[tuple[int, int]]] = {}
        newer = mark is not None and mark.knows([stream.id for stream in streams])
        if mark is not None and newer and (unknown := mark.raise_to(lanes)):
            vanished = _put_vanished(connection, lanes, unknown)
            put_streams(connection, mark.streams)
            streams = list(mark.streams)
        streams.append(begin_stream(connection, streams, lanes, boot, machine))
        if len(streams) > 1 and streams[-2].bases == streams[-1].bases:  # an agent that stored nothing
            forget_streams(connection, [streams.pop(-2).no])
        memory = dict(connection.execute("SELECT key, value FROM memory"))
        hour = connection.execute("SELECT coalesce(max(hour), 0) FROM mark").fetchone()[0]
        return Loaded(Book(streams, lanes), memory, hour, pictures(connection), vanished)

    def sound(connection: sqlite3.Connection) -> Loaded:
        try:
            return transaction(work)(connection)
        except (LookupError, TypeError, ValueError, sqlite3.OperationalError, sqlite3.IntegrityError) as error:
            if isinstance(error, sqlite3.OperationalError) and "decode" not in str(error):
                raise
            raise Unsound(f"what it holds makes no sense: {error!r}") from error

    return sound


def _put_vanished(
    connection: sqlite3.Connection, lanes: Mapping[Lane, LaneBook], unknown: Mapping[Lane, tuple[int, int]]
) -> dict[Lane, list[tuple[int, int]]]:
    """Write down that these rows are gone; gives those of them that the hub may lack."""
    for lane, run in unknown.items():
        lanes[lane].gone.add_range(*run)
        write(connection, Group({}, {}, {lane: dump(lanes[lane].settled, lanes[lane].gone)}))
    return {lane: list(lanes[lane].settled.missing_between(*run).runs()) for lane, run in unknown.items()}


def put_streams(connection: sqlite3.Connection, streams: Sequence[Stream]) -> None:
    """These and no others. Call inside a transaction."""
    connection.execute("DELETE FROM stream")
    connection.execute("DELETE FROM part")
    connection.executemany("INSERT INTO stream VALUES (?, ?, ?, ?)", [stream[:4] for stream in streams])
    parts = [(stream.no, lane, base) for stream in streams for lane, base in stream.bases.items()]
    connection.executemany("INSERT INTO part VALUES (?, ?, ?)", parts)


def begin_stream(
    connection: sqlite3.Connection, streams: Sequence[Stream], lanes: Mapping[Lane, LaneBook], boot: str, machine: str
) -> Stream:
    """Insert a new stream above every row that exists. Call inside a transaction."""
    bases: dict[Lane, int] = {lane: book.next - 1 for lane, book in lanes.items()}
    stream = Stream(streams[-1].no + 1 if streams else 1, new_ulid(), boot, machine, bases)
    connection.execute("INSERT INTO stream VALUES (?, ?, ?, ?)", (stream.no, stream.id, boot, machine))
    connection.executemany(
        "INSERT INTO part VALUES (?, ?, ?)", [(stream.no, lane, base) for lane, base in bases.items()]
    )
    return stream


def forget_streams(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Delete streams of which nothing is kept. Call inside a transaction."""
    connection.executemany("DELETE FROM stream WHERE no = ?", [(no,) for no in numbers])
    connection.executemany("DELETE FROM part WHERE stream = ?", [(no,) for no in numbers])


def write(connection: sqlite3.Connection, group: Group) -> None:
    """Insert a group. Call inside a transaction. Raises sqlite3.Error, code SQLITE_FULL when the quota is reached."""
    for lane, rows in group.rows.items():
        connection.executemany(
            f"INSERT INTO {lane}(n, crc, body) VALUES (?, ?, ?)", [(n, crc(n, body), body) for n, body in rows]
        )
    for key, value in group.remember.items():
        if value is None:
            connection.execute("DELETE FROM memory WHERE key = ?", (key,))
        else:
            connection.execute("INSERT OR REPLACE INTO memory(key, value) VALUES (?, ?)", (key, value))
    for lane, (settled, gone) in group.settled.items():
        connection.execute("INSERT OR REPLACE INTO settled(lane, ranges, gone) VALUES (?, ?, ?)", (lane, settled, gone))


def delete(connection: sqlite3.Connection, lane: Lane, first: int, last: int) -> list[PictureFile]:
    """Delete a run of rows; gives the files of deleted pictures, to be removed after the commit."""
    pictures: list[PictureFile] = []
    if lane == "media":
        found = connection.execute("SELECT n, crc, body FROM media WHERE n BETWEEN ? AND ?", (first, last))
        pictures = [msgspec.json.decode(body, type=PictureFile) for n, check, body in found if crc(n, body) == check]
    connection.execute(f"DELETE FROM {lane} WHERE n BETWEEN ? AND ?", (first, last))
    return pictures


def read(
    lane: Lane, first: int, last: int, limit: int, max_bytes: int = sys.maxsize
) -> Callable[[sqlite3.Connection], list[tuple[int, bytes | None]]]:
    """Up to `limit` rows as (n, body), no more once `max_bytes` are full; body None when the row is damaged."""

    def work(connection: sqlite3.Connection) -> list[tuple[int, bytes | None]]:
        found = connection.execute(
            f"SELECT n, crc, body FROM {lane} WHERE n BETWEEN ? AND ? ORDER BY n LIMIT ?", (first, last, limit)
        )
        rows: list[tuple[int, bytes | None]] = []
        room = max_bytes
        for n, check, body in found:
            rows.append((n, body if crc(n, body) == check else None))
            room -= len(body)
            if room <= 0:
                break
        return rows

    return work


def pictures(connection: sqlite3.Connection) -> dict[int, PictureFile]:
    """All pictures by row number."""
    found = connection.execute("SELECT n, crc, body FROM media")
    return {n: msgspec.json.decode(body, type=PictureFile) for n, check, body in found if crc(n, body) == check}


def pages(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Pages in use, pages allowed, bytes of a page."""
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    allowed = connection.execute("PRAGMA max_page_count").fetchone()[0]
    return count - free, allowed, connection.execute("PRAGMA page_size").fetchone()[0]


def checkpoint(connection: sqlite3.Connection) -> None:
    """Write the log into the file as far as possible, and give its room back."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def mark_hour(connection: sqlite3.Connection, hour: int, lanes: Mapping[Lane, int], keep_hours: int) -> dict[Lane, int]:
    """Note where each lane stands at a running hour; gives the row numbers below which settled rows are too old.

    Running hours, not wall clock: a clock that jumps from 1970 to today must not expire anything.
    """
    connection.execute(
        "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?)", (hour, *(lanes[lane] for lane in LANES))
    )
    row = connection.execute(
        f"SELECT {', '.join(LANES)} FROM mark WHERE hour <= ? ORDER BY hour DESC LIMIT 1", (hour - keep_hours,)
    ).fetchone()
    connection.execute("DELETE FROM mark WHERE hour < ?", (hour - keep_hours,))
    return dict(zip(LANES, row, strict=True)) if row else {}


def read_book(connection: sqlite3.Connection) -> tuple[list[Stream], dict[Lane, LaneBook]]:
    """The streams and lanes as the file says. Changes nothing; raises sqlite3.Error."""
    streams = _streams(connection)
    lanes = {lane: _lane(connection, lane) for lane in LANES}
    for lane in LANES:
        floor = streams[-1].bases[lane] if streams else 0
        lanes[lane].next = max(lanes[lane].next, floor + 1)
    return streams, lanes


def _lane(connection: sqlite3.Connection, lane: Lane) -> LaneBook:
    newest = connection.execute(f"SELECT coalesce(max(n), 0) FROM {lane}").fetchone()[0]
    row = connection.execute("SELECT ranges, gone FROM settled WHERE lane = ?", (lane,)).fetchone()
    settled, gone = (parse(row[0]), parse(row[1])) if row else (RangeSet(), RangeSet())
    return LaneBook(newest + 1, settled, gone)


def _streams(connection: sqlite3.Connection) -> list[Stream]:
    bases: dict[int, dict[Lane, int]] = {}
    for no, lane, base in connection.execute("SELECT stream, lane, base FROM part"):
        bases.setdefault(no, {})[lane] = base
    found = connection.execute("SELECT no, id, boot, machine FROM stream ORDER BY no")
    return [Stream(no, ulid, boot, machine, bases[no]) for no, ulid, boot, machine in found]


def dump(settled: RangeSet, gone: RangeSet) -> tuple[str, str]:
    """Both sets as they stand in the table. Call on the loop: the sets change there."""
    return msgspec.json.encode(settled.to_pairs()).decode(), msgspec.json.encode(gone.to_pairs()).decode()


def parse(text: str) -> RangeSet:
    return RangeSet.from_pairs(msgspec.json.decode(text, type=list[tuple[int, int]]))
