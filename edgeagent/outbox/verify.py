"""Checks an outbox from outside: the file, each row's checksum, each picture, and that no number is missing unnoticed.

It reads one state of the file, from the first to the last row, also while the agent goes on writing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from edgeagent.outbox.file import FILE_NAME
from edgeagent.outbox.inspect import Content
from edgeagent.outbox.pictures import FOLDER as PICTURES
from edgeagent.outbox.pictures import PictureFile
from gridwire.events import LANES, Lane
from gridwire.ranges import RangeSet

What = Literal["file", "row", "hole", "surplus", "picture-missing", "picture-changed"]
_MAX_REPORTS = 20
"""Lines of SQLite's own report: more of them say nothing more."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something is wrong. `numbers`: first and last, in `stream` and `lane`.

    unsettled: whether the hub may lack something by it.
    """

    what: What
    file: str
    lane: Lane | None = None
    stream: str = ""
    numbers: tuple[int, int] | None = None
    unsettled: bool = False
    detail: str = ""


def verify(content: Content) -> Iterator[Finding]:
    """Everything that is wrong; open the content as a snapshot. Raises OSError when a picture cannot be read."""
    yield from _file(content)
    for lane in LANES:
        try:
            yield from _lane(content, lane)
        except sqlite3.DatabaseError as error:
            yield _unreadable(content, lane, error)
    try:
        yield from _lost_pictures(content)
    except sqlite3.DatabaseError as error:
        yield _unreadable(content, "media", error)


def _lost_pictures(content: Content) -> Iterator[Finding]:
    pictures = list(_pictures(content))
    if content.connection.in_transaction:
        content.connection.execute("ROLLBACK")
    # A picture whose row has gone by now was deleted in good order while we looked.
    yield from (finding for n, finding in pictures if content.read("media", n, n))


def _unreadable(content: Content, lane: Lane, error: sqlite3.Error) -> Finding:
    path = str(content.folder / FILE_NAME)
    return Finding(what="file", file=path, lane=lane, unsettled=True, detail=str(error))


def _file(content: Content) -> Iterator[Finding]:
    path = str(content.folder / FILE_NAME)
    try:
        found = content.connection.execute(f"PRAGMA integrity_check({_MAX_REPORTS})").fetchall()
    except sqlite3.DatabaseError as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        yield from (Finding(what="file", file=path, unsettled=True, detail=str(line)) for (line,) in found)


def _lane(content: Content, lane: Lane) -> Iterator[Finding]:
    book, kept = content.book.lanes[lane], content.kept(lane)
    unsettled = RangeSet(book.unsettled())
    seen, damaged = RangeSet(), RangeSet()
    for n, body in content.rows(lane, RangeSet([(1, book.next)])):
        seen.add(n)
        if body is None:
            damaged.add(n)
    yield from _runs(content, lane, "row", damaged, unsettled)
    # A row that the hub has may be missing after a rescue: only it cannot be replayed.
    yield from _runs(content, lane, "hole", unsettled.common(kept.without(seen)), unsettled)
    yield from _runs(content, lane, "surplus", seen.without(kept), unsettled)


def _pictures(content: Content) -> Iterator[tuple[int, Finding]]:
    """Findings by row number."""
    settled = content.book.lanes["media"].settled
    for n, body in content.rows("media", content.kept("media")):
        if body is None:
            continue
        picture = msgspec.json.decode(body, type=PictureFile)
        file = content.folder / PICTURES / picture.name
        digest = _digest(file)
        if digest == picture.sha256:
            continue
        what: What = "picture-missing" if digest is None else "picture-changed"
        stream = content.book.stream_of("media", n)
        seq = n - stream.bases["media"]
        yield (
            n,
            Finding(
                what=what,
                file=str(file),
                lane="media",
                stream=stream.id,
                numbers=(seq, seq),
                unsettled=n not in settled,
            ),
        )


def _digest(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _runs(content: Content, lane: Lane, what: What, rows: RangeSet, unsettled: RangeSet) -> Iterator[Finding]:
    """A finding for each run of row numbers in each stream."""
    path = str(content.folder / FILE_NAME)
    for first, last in rows.runs():
        for stream, low, high in content.book.spans(lane, first, last):
            base = stream.bases[lane]
            lacking = RangeSet([(base + low, base + high)]).common(unsettled)
            yield Finding(
                what=what, file=path, lane=lane, stream=stream.id, numbers=(low, high), unsettled=bool(lacking)
            )
