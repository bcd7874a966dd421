"""Rows of an outbox that was opened from outside: which are wanted, and each as it goes out, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from edgeagent.outbox.inspect import Content
from edgeagent.outbox.pictures import FOLDER as PICTURES
from edgeagent.outbox.pictures import PictureFile
from edgeagent.outbox.since import Since
from gridwire.events import LANES, Lane
from gridwire.ranges import RangeSet


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
            rows = rows.common(RangeSet([span] if span is not None else []))
        found[each] = rows.common(RangeSet(content.book.lanes[each].unsettled())) if unsent else rows
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
