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
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from edgeagent.clock import Stamp
from edgeagent.outbox import transactions
from edgeagent.outbox.ballast import FILE_NAME as BALLAST
from edgeagent.outbox.file import FILE_NAME
from edgeagent.outbox.numbers import Book, Stream
from edgeagent.outbox.pictures import FOLDER as PICTURES
from edgeagent.outbox.pictures import PictureFile
from edgeagent.outbox.schema import check
from edgeagent.outbox.since import PART_ROWS, Since, recorded
from gridwire.events import LANES, Lane
from gridwire.messages import StreamNumbers
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


class LaneSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """One lane, all streams together."""

    kept: Annotated[int, Meta(description="events in the file")]
    unsettled: Annotated[int, Meta(description="of those, how many the hub has not acknowledged")]
    next: Annotated[int, Meta(description="number that the next event of the current stream will get")]
    oldest_age_s: Annotated[float | None, Meta(description="age of the oldest unsettled event; null: there is none")]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the folder. Bytes; `damaged`: files that a rescue has put aside."""

    path: str
    format: int
    streams: tuple[StreamNumbers, ...]
    lanes: dict[Lane, LaneSurvey]
    used_bytes: Annotated[int, Meta(description="bytes in use, free pages left out")]
    file_bytes: Annotated[int, Meta(description="the file and its log on the disk")]
    pictures: int
    pictures_bytes: int
    ballast_bytes: Annotated[int, Meta(description="0: thrown overboard on a full disk")]
    damaged: dict[str, int]


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
        at_rest = not _beside(path, "-shm").exists()
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(contextlib.closing(_connect(path, stack)))
            if snapshot:
                connection.execute("BEGIN")
            version = check(connection, str(path))
            book = Book(*transactions.read_book(connection)) if version else None
            if book is None or not book.streams:
                raise OutboxUnreadable(path=path, reason="empty")
            yield Content(folder, connection, version, book)
        if at_rest and _beside(path, "-shm").exists():
            raise OutboxChanged(path=path)
    except (sqlite3.Error, OSError, msgspec.MsgspecError, KeyError) as error:  # KeyError: a stream without its parts
        raise OutboxUnreadable(path=path, reason=error) from error


def _connect(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    """With the log's index there, share it, read-only. Without it nobody has the file open.

    A log without index (files that were copied from somewhere) is read from a copy: SQLite would make an index.
    """
    if _beside(path, "-shm").exists():
        return _open(path, "readonly_shm=1")
    log = _beside(path, "-wal")
    if log.exists() and log.stat().st_size:
        copies = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeagent-outbox-")))
        for file in (path, log):
            shutil.copy(file, copies / file.name)
        return _open(copies / path.name)
    return _open(path, "immutable=1")


def _open(path: Path, *options: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{'&'.join(('mode=ro', *options))}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


# -- what is in it -------------------------------------------------------------------------------------------------


def survey(content: Content, boot: str, now: Stamp) -> Survey:
    """`boot`: the machine's present one; ages within it do not depend on the wall clock."""
    path = content.folder / FILE_NAME
    pictures = transactions.pictures(content.connection)
    used, _, page_bytes = transactions.pages(content.connection)
    return Survey(
        path=str(path),
        format=content.format,
        streams=tuple(content.book.numbers()),
        lanes={lane: _lane(content, lane, boot, now) for lane in LANES},
        used_bytes=used * page_bytes,
        file_bytes=_size(path) + _size(_beside(path, "-wal")),
        pictures=len(pictures),
        pictures_bytes=sum(picture.bytes for picture in pictures.values()),
        ballast_bytes=_size(content.folder / BALLAST),
        damaged={file.name: _size(file) for file in sorted(content.folder.glob(f"{FILE_NAME}.damaged-*"))},
    )


def _lane(content: Content, lane: Lane, boot: str, now: Stamp) -> LaneSurvey:
    book = content.book.lanes[lane]
    unsettled = book.unsettled()
    return LaneSurvey(
        kept=content.kept(lane).count(),
        unsettled=book.waiting(),
        next=book.next - content.book.current.bases[lane],
        oldest_age_s=_age_s(content, lane, unsettled[0][0], boot, now) if unsettled else None,
    )


def _age_s(content: Content, lane: Lane, n: int, boot: str, now: Stamp) -> float | None:
    """None when the row is damaged, or its picture gone."""
    ((_, body), *_) = content.read(lane, n, n) or [(n, None)]
    if body is None:
        return None
    if lane == "media":
        file = content.folder / PICTURES / msgspec.json.decode(body, type=PictureFile).name
        with contextlib.suppress(FileNotFoundError):
            return round(now.wall.timestamp() - file.stat().st_mtime, 1)
        return None
    event = recorded(body)
    if event is None:
        return None
    if boot and content.book.stream_of(lane, n).boot == boot:
        return round(now.boottime_s - float(event.monotonic), 1)
    return round((now.wall - event.recordedtime).total_seconds(), 1)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


# -- taking it out -------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One event, or what is known of a picture. `body` is None for a damaged row."""

    lane: Lane
    stream: str
    seq: int
    body: bytes | None


class PictureLine(msgspec.Struct, frozen=True):
    """A picture, as it is exported."""

    stream: str
    lane: Lane
    seq: int
    sha256: str
    bytes: int
    file: str


def select(
    content: Content, *, lane: Lane | None = None, stream: str | None = None, unsent: bool = False
) -> dict[Lane, RangeSet]:
    """Row numbers by lane; None: all of them. Raises `NoSuchStream`."""
    found: dict[Lane, RangeSet] = {}
    for each in LANES if lane is None else (lane,):
        rows = content.kept(each)
        if stream is not None:
            span = content.book.rows_of(content.stream(stream).id, each, 1, content.book.lanes[each].next)
            rows = common(rows, RangeSet([span] if span is not None else []))
        found[each] = common(rows, RangeSet(content.book.lanes[each].unsettled())) if unsent else rows
    return found


def gather(content: Content, since: Since) -> None:
    """Show every row that matters to `since`."""
    for lane in since.lanes:
        for first, last in since.windows(lane):
            since.take(lane, [(n, body) for n, body in content.read(lane, first, last) if body is not None])


def lines(content: Content, rows: dict[Lane, RangeSet]) -> Iterator[Line]:
    """The rows in order, events byte by byte as they are sent."""
    for lane, numbers in rows.items():
        for n, body in content.rows(lane, numbers):
            stream = content.book.stream_of(lane, n)
            seq = n - stream.bases[lane]
            if body is not None and lane == "media":
                yield Line(lane, stream.id, seq, _picture_line(content, stream.id, seq, body))
            else:
                yield Line(lane, stream.id, seq, body)


def _picture_line(content: Content, stream: str, seq: int, body: bytes) -> bytes:
    picture = msgspec.json.decode(body, type=PictureFile)
    file = str((content.folder / PICTURES / picture.name).absolute())
    return msgspec.json.encode(PictureLine(stream, "media", seq, picture.sha256, picture.bytes, file))


def common(one: RangeSet, other: RangeSet) -> RangeSet:
    """The numbers that are in both."""
    found = one.copy()
    for first, last in one.runs():
        for missing in other.missing_between(first, last).runs():
            found.remove_range(*missing)
    return found
