"""Events as boxes sent them, in the order in which they were stored, and their pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import ColumnElement, Row, Select, and_, func, select

from countyhub.accounts import masking
from countyhub.api.call import Call
from countyhub.api.problems import NotFound, ReasonNeeded
from countyhub.api.route import Blob, Route
from countyhub.api.shapes import BoxId, Cursor, DeviceId, Input, Limit, Output, RowId, Time, Ulid
from countyhub.ingest.truetime import true_time
from countyhub.overview import arrivals
from countyhub.sight import reach
from countyhub.store import tables as t
from gridwire.events import KIND_OF, EventKind, kind_of

SPAN = 20_000
"""So many events are looked through for one answer: who wants few of many gets an early end and `more`."""


class PictureView(Output, frozen=True, kw_only=True):
    """A picture that an event names."""

    path: Annotated[str, Meta(description="where it can be fetched, below the server's address")]
    stored: Annotated[bool, Meta(description="whether its bytes have come")]


class EventView(Output, frozen=True, kw_only=True):
    """An event, and what the hub knows of it."""

    id: Annotated[RowId, Meta(description="place in the order of storing: rises without ever going back")]
    box: str
    type: EventKind
    device: Annotated[str, Meta(description="device id, or `box`")]
    happened: Annotated[datetime, Meta(description="when it happened: see `time_known`")]
    time_known: Annotated[
        bool, Meta(description="false: the box's clock was wrong, and `happened` is what that clock said")
    ]
    received: Annotated[datetime, Meta(description="when it reached the hub")]
    drill: Annotated[bool, Meta(description="an exercise")]
    event: Annotated[
        msgspec.Raw,
        Meta(
            description="the event as the box sent it: a CloudEvent; docs/schema has each type's schema. To a session "
            "names are short, and what residents wrote is `…` until it has said why"
        ),
    ]


class OneEvent(Output, frozen=True, kw_only=True):
    """An event with its pictures."""

    event: EventView
    pictures: tuple[PictureView, ...]


class EventPage(Output, frozen=True, kw_only=True):
    """Events in the order of storing."""

    items: tuple[EventView, ...]
    next: Annotated[
        int, Meta(ge=0, description="give it as `after`, now or later: nothing is told twice and nothing is left out")
    ]
    more: Annotated[
        bool, Meta(description="ask again at once: there are later events, though maybe none of those that are wanted")
    ]


class EventQuery(Input, frozen=True, kw_only=True):
    after: Cursor = 0
    limit: Limit = 100
    box: Annotated[BoxId | UnsetType, Meta(description="of this box alone")] = UNSET
    device: Annotated[DeviceId | UnsetType, Meta(description="of this device id alone")] = UNSET
    type: Annotated[tuple[EventKind, ...], Meta(description="of these types alone; several may be named")] = ()
    since: Annotated[Time | UnsetType, Meta(description="received at this time or later")] = UNSET
    until: Annotated[Time | UnsetType, Meta(description="received before this time")] = UNSET


class EventPath(Input, frozen=True, kw_only=True):
    event: Annotated[RowId, Meta(description="`id` of the event")]


class PicturePath(Input, frozen=True, kw_only=True):
    box: BoxId
    stream: Ulid
    seq: RowId


async def find(call: Call, *, query: EventQuery) -> EventPage:
    """Events in the order in which the hub stored them. Who follows them keeps `next` and asks again with it: an event
    that came late has a later number, so that nothing is missed. `GET /summary` says the newest number there is.
    """
    async with call.store.read() as connection:
        e = t.event.c.id
        found = await connection.execute(select(func.min(e), func.max(e)).where(e > query.after))
        first, last = found.one()
        if last is None:
            return EventPage(items=(), next=query.after, more=False)
        through = min(last, first + SPAN - 1)
        wanted = (e >= first, e <= through, *_conditions(call, query))
        rows = (await connection.execute(_select().where(*wanted).order_by(e).limit(query.limit))).all()
    reached = rows[-1].id if len(rows) == query.limit else through
    items = tuple(_view(row, full=call.viewer is None) for row in rows)
    return EventPage(items=items, next=reached, more=reached < last)


async def one(call: Call, *, path: EventPath) -> OneEvent:
    """One event, with the pictures that it names itself or that later events named as its own."""
    async with call.store.read() as connection:
        row = (await connection.execute(_select().where(t.event.c.id == path.event, _seen(call)))).first()
        if row is None:
            raise NotFound(what="event 事件")
        views = await arrivals.by_id(connection, [path.event])
        full = await call.is_revealed(connection, f"event/{path.event}")
    pictures = [
        PictureView(path=f"/api/1/pictures/{each.box}/{each.stream}/{each.seq}", stored=each.stored)
        for view in views
        for each in view.pictures
    ]
    return OneEvent(event=_view(row, full=full), pictures=tuple(pictures))


async def picture(call: Call, *, path: PicturePath) -> Blob:
    """A picture as JPEG, as the box sent it. Its SHA-256 is its ETag. Each look is in the audit; a session must have
    given its reason for this picture first, at `/look`.
    """
    m = t.media.c
    where = and_(m.box == path.box, m.stream == path.stream, m.seq == path.seq)
    async with call.store.read() as connection:
        query = select(m.sha256, m.jpeg).where(where, reach.of_box(call.scope, m.box, m.received))
        row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound(what="picture 图片")
    await call.note_look("picture.looked", f"picture/{path.box}/{path.stream}/{path.seq}")
    return Blob(row.jpeg, "image/jpeg", etag=row.sha256)


def _select() -> Select[Any]:
    e, s = t.event, t.stream.c
    joined = e.outerjoin(t.stream, (e.c.box == s.box) & (e.c.stream == s.stream))
    return select(*e.c, s.booted).select_from(joined)


def _conditions(call: Call, query: EventQuery) -> list[ColumnElement[bool]]:
    e = t.event.c
    found = [_seen(call)]
    if query.box is not UNSET:
        found.append(e.box == query.box)
    if query.device is not UNSET:
        found.append(e.subject == query.device)
    if query.type:
        found.append(e.type.in_([name for name, kind in KIND_OF.items() if kind in query.type]))
    if query.since is not UNSET:
        found.append(e.received >= query.since)
    if query.until is not UNSET:
        found.append(e.received < query.until)
    return found


def _seen(call: Call) -> ColumnElement[bool]:
    e = t.event.c
    return reach.of_event(call.scope, e.box, e.grid, e.received)


def _masked(type_name: str, raw: bytes) -> bytes:
    """Of what cannot be read, nothing: nobody knows what stands in it."""
    body, data = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]), arrivals.decode(type_name, raw)
    if data is not None and not masking.is_hidden(data):
        return raw
    hidden = masking.event(data)
    return msgspec.json.encode({**body, "data": {} if hidden is None else hidden})


def _view(row: Row[tuple[object, ...]], *, full: bool) -> EventView:
    known = true_time(row.time, row.recorded, clock=row.clock, monotonic_ms=row.monotonic_ms, booted=row.booted)
    return EventView(
        id=row.id,
        box=row.box,
        type=kind_of(row.type),
        device=row.subject,
        happened=known or row.time,
        time_known=known is not None,
        received=row.received,
        drill=row.drill,
        event=msgspec.Raw(row.raw if full else _masked(row.type, row.raw)),
    )


ROUTES = (
    Route(method="GET", path="/events", call=find, scope="events:read", tag="events",
          zh="按序读取事件", en="Events in order"),
    Route(method="GET", path="/events/{event}", call=one, scope="events:read", tag="events",
          zh="查看事件", en="One event"),
    Route(method="GET", path="/pictures/{box}/{stream}/{seq}", call=picture, scope="pictures:read", tag="events",
          media=("image/jpeg",), problems=(ReasonNeeded,), zh="查看图片", en="A picture"),
)  # fmt: skip
