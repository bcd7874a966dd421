"""What is in an outbox that was opened from outside: streams, lanes, ages, bytes, and what a rescue has put aside."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edgeagent.clock import Stamp
from edgeagent.outbox import transactions
from edgeagent.outbox.ballast import FILE_NAME as BALLAST
from edgeagent.outbox.file import FILE_NAME
from edgeagent.outbox.inspect import Content, beside
from edgeagent.outbox.pictures import FOLDER as PICTURES
from edgeagent.outbox.pictures import PictureFile
from edgeagent.outbox.since import recorded
from gridwire.events import LANES, Lane
from gridwire.messages import StreamNumbers


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
        file_bytes=_size(path) + _size(beside(path, "-wal")),
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
