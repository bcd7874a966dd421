"""Looks into an outbox from outside, whether its agent runs or not: opened to read, never created, never changed.

Whoever looks may be root, the agent is not: a file that is made by the way (`-wal`, `-shm`) would lock the agent out.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent.outbox import transactions
from edgeagent.outbox.file import FILE_NAME
from edgeagent.outbox.numbers import Book, Stream
from edgeagent.outbox.schema import check
from edgeagent.outbox.since import PART_ROWS
from gridwire.events import Lane
from gridwire.problem import Problem
from gridwire.ranges import RangeSet

_BUSY_S = 5.0


class NoOutbox(Problem):
    code = "outbox.none"
    en = "there is no outbox at {path}: has the agent ever run, and is store.dir right?"
    zh = "{path} 处没有待发库：代理是否运行过？store.dir 是否正确？"


class OutboxUnreadable(Problem):
    code = "outbox.unreadable"
    en = "{path} cannot be read ({reason}). Try again with sudo; if it is damaged, a restart of the agent rescues it"
    zh = "无法读取 {path}（{reason}）。请用 sudo 重试；如已损坏，重启代理会自动抢救"


class OutboxChanged(Problem):
    code = "outbox.changed"
    en = "the agent was started while {path} was being read: ask again"
    zh = "读取 {path} 时代理刚好启动，请重新执行"


class NoSuchStream(Problem):
    code = "outbox.no-such-stream"
    en = "the outbox has no stream {stream}; it has: {known}"
    zh = "待发库中没有数据流 {stream}；现有：{known}"


class Content(NamedTuple):
    """An open outbox."""

    folder: Path
    connection: sqlite3.Connection
    format: int
    book: Book

    def stream(self, ulid: str) -> Stream:
        """Raises `NoSuchStream`."""
        found = self.book.by_id(ulid)
        if found is None:
            raise NoSuchStream(stream=ulid, known=", ".join(stream.id for stream in self.book.streams) or "-")
        return found

    def read(self, lane: Lane, first: int, last: int) -> list[tuple[int, bytes | None]]:
        """At most `PART_ROWS` rows of a run of row numbers; None for the bytes of a damaged one."""
        return transactions.read(lane, first, last, PART_ROWS)(self.connection)

    def rows(self, lane: Lane, numbers: RangeSet) -> Iterator[tuple[int, bytes | None]]:
        """These rows, as far as they are there; each part is a read of its own, so that the agent's log stays short."""
        for first, last in numbers.runs():
            begin = first
            while begin <= last and (found := self.read(lane, begin, last)):
                yield from found
                begin = found[-1][0] + 1

    def kept(self, lane: Lane) -> RangeSet:
        book = self.book.lanes[lane]
        return book.gone.missing_between(1, book.next - 1)


@contextlib.contextmanager
def opened(folder: Path, *, snapshot: bool = False) -> Iterator[Content]:
    """The outbox in a folder. `snapshot`: one state of the file for everything that is read.

    Raises `NoOutbox`, `OutboxUnreadable`, `OutboxNewer`, `NotAnOutbox`; at the end `OutboxChanged`.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            raise NoOutbox(path=path)
        at_rest = not beside(path, "-shm").exists()
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(contextlib.closing(_connect(path, stack)))
            if snapshot:
                connection.execute("BEGIN")
            version = check(connection, str(path))
            book = Book(*transactions.read_book(connection)) if version else None
            if book is None or not book.streams:
                raise OutboxUnreadable(path=path, reason="empty")
            yield Content(folder, connection, version, book)
        if at_rest and beside(path, "-shm").exists():
            raise OutboxChanged(path=path)
    except (sqlite3.Error, OSError, msgspec.MsgspecError, KeyError) as error:  # KeyError: a stream without its parts
        raise OutboxUnreadable(path=path, reason=error) from error


def _connect(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    """With the log's index there, share it, read-only. Without it nobody has the file open.

    A log without index (files that were copied from somewhere) is read from a copy: SQLite would make an index.
    """
    if beside(path, "-shm").exists():
        return _open(path, "readonly_shm=1")
    log = beside(path, "-wal")
    if log.exists() and log.stat().st_size:
        copies = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeagent-outbox-")))
        for file in (path, log):
            shutil.copy(file, copies / file.name)
        return _open(copies / path.name)
    return _open(path, "immutable=1")


def _open(path: Path, *options: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{'&'.join(('mode=ro', *options))}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
