"""The events as the console lists them: newest first by arrival, each with its pictures, wherever those came from.

Arrival, because an event of a box with a wrong clock must be seen too; what came late is marked instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest.truetime import true_time
from countyhub.sight import reach
from countyhub.sight.scope import WHOLE, Scope
from countyhub.store import tables as t
from gridwire.events import (
    KIND_OF,
    TYPE_OF,
    TYPES,
    Alarm,
    Checkin,
    Data,
    DeviceState,
    Picture,
    PictureRef,
    Rating,
    Request,
    Sos,
)

LISTED: dict[str, str] = {
    TYPE_OF[data]: KIND_OF[TYPE_OF[data]] for data in (Alarm, Checkin, Sos, DeviceState, Request, Rating)
}
"""Type on the wire -> short name, of the types that the list shows. Readings and gaps would drown the rest."""
PICTURE_TYPE = TYPE_OF[Picture]
LATE = timedelta(minutes=1)
PICTURE_EVENTS_MAX = 2000
"""So many picture events after the oldest row are searched for its pictures; they follow within seconds at the box."""
PICTURE_EVENTS_BEFORE = 500
"""A picture event that was sent again may arrive so many rows before its owner."""

FEW_BOXES = 40
"""The events of so many boxes are found box by box; of more, most of what is read in order is wanted anyway."""

MediaKey = tuple[str, str, int]


class _Body(msgspec.Struct):
    data: msgspec.Raw


_BODY = msgspec.json.Decoder(_Body)
_DATA = {name: msgspec.json.Decoder(struct) for name, struct in TYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events are wanted; empty text means all. `scope`: of these places alone, as they were at the time."""

    box: str = ""
    type: str = ""
    scope: Scope = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture that an event names; `stored` says whether its bytes have come."""

    box: str
    stream: str
    seq: int
    stored: bool

    @property
    def path(self) -> str:
        return f"/picture/{self.box}/{self.stream}/{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event. `id` is its place in the order of arrival; `happened` is the true time where `time_known`, else what
    the box's wrong clock said; `recorded` is when the box stored it, by the box's clock, right or wrong."""

    id: int
    event_id: str
    box: str
    box_name: str
    type: str
    device: str
    device_name: str
    stream: str
    lane: str
    seq: int
    happened: datetime
    time_known: bool
    recorded: datetime
    received: datetime
    synced: bool
    grid: str
    drill: bool
    data: Data | None
    pictures: tuple[PictureView, ...]

    @property
    def apart(self) -> bool:
        """Whether it happened and was received more than a minute apart."""
        return abs(self.received - self.happened) > LATE

    @property
    def recorded_apart(self) -> bool:
        """Whether the box's own time is worth a line: it was corrected, or the event was stored long after."""
        return (self.time_known and not self.synced) or abs(self.recorded - self.happened) > LATE

    @property
    def late(self) -> bool:
        return self.time_known and self.received - self.happened > LATE


def decode(type_name: str, raw: bytes) -> Data | None:
    """The data of a stored event; None when this release cannot read it (stored by another one)."""
    try:
        return _DATA[type_name].decode(_BODY.decode(raw).data)
    except (msgspec.DecodeError, KeyError):
        return None


def happened(row: RowMapping) -> datetime | None:
    """The true time, None while it is unknown. `row` has `booted` beside the columns of `event`."""
    return true_time(
        row["time"], row["recorded"], clock=row["clock"], monotonic_ms=row["monotonic_ms"], booted=row["booted"]
    )


async def newest(
    connection: AsyncConnection, wanted: Filter, limit: int, *, before: int | None = None, after: int = 0
) -> list[EventView]:
    """The newest `limit` events with `after < id < before`, newest first."""
    e = t.event.c
    page = [e.id > after] if before is None else [e.id > after, e.id < before]
    query = _rows(wanted).where(*page)
    if boxes := await _few_boxes(connection, wanted):
        each = [_ids(wanted, box, page).limit(limit).subquery() for box in boxes]
        query = _rows(Filter()).where(e.id.in_(union_all(*(select(ids.c.id) for ids in each))))
    return await _views(connection, query.order_by(e.id.desc()).limit(limit))


async def by_id(connection: AsyncConnection, ids: Iterable[int], scope: Scope = WHOLE) -> list[EventView]:
    """These events, as far as they are in sight, newest first."""
    query = _rows(Filter(scope=scope)).where(t.event.c.id.in_(list(ids))).order_by(t.event.c.id.desc())
    return await _views(connection, query)


async def _few_boxes(connection: AsyncConnection, wanted: Filter) -> list[str]:
    """Those of which alone events are in sight, when they are few; else none."""
    if wanted.scope.whole or wanted.scope.grids or wanted.box:
        return []
    boxes = (await connection.execute(reach.boxes(wanted.scope).limit(FEW_BOXES + 1))).scalars().all()
    return list(boxes) if len(boxes) <= FEW_BOXES else []


def _ids(wanted: Filter, box: str, page: Sequence[ColumnElement[bool]]) -> Select[int]:
    """Of one box, by its own index."""
    e = t.event.c
    return select(e.id).where(e.box == box, *_conditions(wanted), *page).order_by(e.id.desc())


async def stored_of(connection: AsyncConnection, keys: Sequence[MediaKey]) -> set[MediaKey]:
    """Those of the pictures whose bytes have come."""
    if not keys:
        return set()
    m = t.media.c
    rows = await connection.execute(
        select(m.box, m.stream, m.seq).where(tuple_(m.box, m.stream, m.seq).in_(list(keys)))
    )
    return {(box, stream, seq) for box, stream, seq in rows}


def _rows(wanted: Filter) -> Select[Any]:
    e, b, d, s = t.event.c, t.box.c, t.device_state.c, t.stream.c
    joined = (
        t.event.outerjoin(t.box, e.box == b.box)
        .outerjoin(t.device_state, (e.box == d.box) & (e.subject == d.device))
        .outerjoin(t.stream, (e.box == s.box) & (e.stream == s.stream))
    )
    query = select(*t.event.c, b.name.label("box_name"), d.name.label("device_name"), s.booted).select_from(joined)
    return query.where(*_conditions(wanted))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    e = t.event.c
    found: list[ColumnElement[bool]] = [
        e.type.in_([name for name, short in LISTED.items() if wanted.type in ("", short)])
    ]
    if not wanted.scope.whole:
        found.append(reach.of_event(wanted.scope, e.box, e.grid, e.received))
    return [*found, e.box == wanted.box] if wanted.box else found


async def _views(connection: AsyncConnection, query: Select[Any]) -> list[EventView]:
    rows = (await connection.execute(query)).mappings().all()
    data = {row["id"]: decode(row["type"], row["raw"]) for row in rows}
    refs = await _pictures(connection, rows, data)
    wanted = [(row["box"], ref.stream, ref.seq) for row in rows for ref in refs[row["event_id"]]]
    stored = await stored_of(connection, wanted)
    return [_view(row, data[row["id"]], refs[row["event_id"]], stored) for row in rows]


async def _pictures(
    connection: AsyncConnection, rows: Sequence[RowMapping], data: dict[int, Data | None]
) -> dict[str, list[PictureRef]]:
    """Event id -> its pictures: those that it names itself, and those of later picture events that name it as owner."""
    found: dict[str, list[PictureRef]] = defaultdict(list)
    for row in rows:
        found[row["event_id"]].extend(pictures_of(data[row["id"]]))
    if rows:
        first = min(row["id"] for row in rows) - PICTURE_EVENTS_BEFORE
        for _, picture in await picture_events(connection, first, {row["box"] for row in rows}):
            if picture.owner in found:
                found[picture.owner].extend(ref for ref in picture.pictures if ref not in found[picture.owner])
    return found


def pictures_of(data: Data | None) -> tuple[PictureRef, ...]:
    return data.pictures if isinstance(data, Alarm | Request) else ()


async def picture_events(
    connection: AsyncConnection, after: int, boxes: Iterable[str] | None = None
) -> list[tuple[str, Picture]]:
    """The first `PICTURE_EVENTS_MAX` picture events after row `after`, with their boxes."""
    e = t.event.c
    query = select(e.box, e.raw).where(e.type == PICTURE_TYPE, e.id > after).order_by(e.id).limit(PICTURE_EVENTS_MAX)
    if boxes is not None:
        query = query.where(e.box.in_(list(boxes)))
    found = []
    for box, raw in await connection.execute(query):
        picture = decode(PICTURE_TYPE, raw)
        if isinstance(picture, Picture):
            found.append((box, picture))
    return found


def _view(row: RowMapping, data: Data | None, refs: Sequence[PictureRef], stored: set[MediaKey]) -> EventView:
    box = row["box"]
    return EventView(
        id=row["id"],
        event_id=row["event_id"],
        box=box,
        box_name=row["box_name"] or box,
        type=LISTED[row["type"]],
        device=row["subject"],
        device_name=row["device_name"] or row["subject"],
        stream=row["stream"],
        lane=row["lane"],
        seq=row["seq"],
        happened=happened(row) or row["time"],
        time_known=happened(row) is not None,
        recorded=row["recorded"],
        received=row["received"],
        synced=row["clock"] == "synced",
        grid=row["grid"] or "",
        drill=row["drill"],
        data=data,
        pictures=tuple(
            PictureView(box=box, stream=ref.stream, seq=ref.seq, stored=(box, ref.stream, ref.seq) in stored)
            for ref in refs
        ),
    )
