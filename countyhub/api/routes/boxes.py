"""Boxes and their devices as they are now, the sums of them, and orders to boxes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.call import Call
from countyhub.api.problems import ApiProblem, NotFound
from countyhub.api.route import Route
from countyhub.api.shapes import BoxId, DeviceId, Input, Limit, Output, Page, Time, Ulid
from countyhub.downlink import commands
from countyhub.overview import attention, boxviews
from countyhub.sight import reach
from countyhub.store import tables as t
from gridwire.events import Lane
from gridwire.topics import MAX_SEQ

Link = Literal["online", "offline", "lost", "unknown"]
ENDED_SHOWN = timedelta(days=7)
ATTENTION_MAX = 100
_Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]


class BadOrder(ApiProblem):
    status = 422
    code = "api.bad-order"
    en = "a snapshot names a device; a replay says `since`, or `stream`, `lane` and `ranges`; a ping nothing"
    zh = "snapshot 须指明设备；replay 须给出 since，或同时给出 stream、lane 和 ranges；ping 不带参数"


class DeviceView(Output, frozen=True, kw_only=True):
    """A device as the box last said."""

    id: str
    name: str
    driver: str
    state: Annotated[str, Meta(description="starting, up, degraded, down or unknown")]
    reason: Annotated[str, Meta(description="why it is not up: a stable code")]
    detail: str
    since: datetime | None
    faults: Annotated[tuple[str, ...] | None, Meta(description="what is wrong with its picture; null: not judged")]


class BoxView(Output, frozen=True, kw_only=True):
    """A box as the hub knows it."""

    id: str
    name: str
    village: Annotated[str, Meta(description="code of its village today; empty: not in the registry")]
    township: Annotated[str, Meta(description="code of its township today")]
    link: Link
    reason: Annotated[str, Meta(description="why it is offline")]
    since: datetime | None
    version: str
    last_seen: datetime | None
    waiting: Annotated[int, Meta(description="events that it has not sent yet")]
    oldest_waiting_s: float
    clock: Annotated[str, Meta(description="synced or unsynced; empty: it has not said")]
    data_level: Annotated[int, Meta(description="how much it sends less to stay within its data budget, 0 to 3")]
    data_month_bytes: int
    missing: Annotated[int, Meta(description="events due that the box still keeps")]
    lost: Annotated[int, Meta(description="events due that nobody has any more")]
    devices: tuple[DeviceView, ...]


class AttentionView(Output, frozen=True, kw_only=True):
    """Something that a person has to look at."""

    kind: Annotated[str, Meta(description="twin, rolled_back, number_reused, dead, missing or ended")]
    box: str
    count: int
    code: Annotated[str, Meta(description="the stream, or the code of the problem")]
    since: datetime | None
    lanes: Annotated[tuple[tuple[str, str], ...], Meta(description="lanes with the numbers in question")]


class Summary(Output, frozen=True, kw_only=True):
    """The hub in numbers, as far as the token sees."""

    county: str
    last_id: Annotated[int, Meta(description="the newest event")]
    boxes: int
    online: int
    offline: int
    lost: int
    unknown: int
    cameras: int
    cameras_online: int
    cameras_intact: Annotated[int, Meta(description="online, and nothing is wrong with their pictures")]
    missing: Annotated[int, Meta(description="events due that boxes still keep")]
    dead_letters: Annotated[int | None, Meta(description="null: only who sees the whole county is told")]
    attention: tuple[AttentionView, ...]
    attention_more: Annotated[int, Meta(description="how many more there are")]


class OrderIn(Input, frozen=True, kw_only=True):
    """An order to a box."""

    op: Literal["ping", "replay", "snapshot"]
    device: Annotated[DeviceId | UnsetType, Meta(description="snapshot: of this device")] = UNSET
    since: Annotated[Time | UnsetType, Meta(description="replay: what was recorded from then on")] = UNSET
    stream: Annotated[Ulid | UnsetType, Meta(description="replay: of this stream")] = UNSET
    lane: Annotated[Lane | UnsetType, Meta(description="replay: of this lane")] = UNSET
    ranges: Annotated[
        tuple[tuple[_Seq, _Seq], ...], Meta(max_length=100, description="replay: these numbers, each from and to")
    ] = ()
    expires_s: Annotated[int, Meta(ge=10, le=604_800, description="the box refuses it after so many seconds")] = 600


class OrderView(Output, frozen=True, kw_only=True):
    """An order and what became of it."""

    id: str
    box: str
    op: str
    by: str
    created: datetime
    expires: datetime
    sent: Annotated[datetime | None, Meta(description="when the broker took it")]
    ok: Annotated[bool | None, Meta(description="null: no answer yet")]
    replied: datetime | None
    code: Annotated[str, Meta(description="of the answer: why it was refused")] = ""
    text: str = ""
    result: Annotated[dict[str, Any], Meta(description="of the answer")] = msgspec.field(default_factory=dict)


class BoxPath(Input, frozen=True, kw_only=True):
    box: BoxId


class OrderPath(Input, frozen=True, kw_only=True):
    box: BoxId
    order: Annotated[Ulid, Meta(description="id of the order")]


class BoxQuery(Input, frozen=True, kw_only=True):
    link: Annotated[tuple[Link, ...], Meta(description="with one of these states alone")] = ()


class OrderQuery(Input, frozen=True, kw_only=True):
    after: Annotated[Ulid | UnsetType, Meta(description="older than this one: `next` of the page before")] = UNSET
    limit: Limit = 50


async def summary(call: Call) -> Summary:
    """Boxes, cameras and what needs attention, in numbers."""
    async with call.store.read() as connection:
        boxes = await boxviews.boxes(connection, _seen(call))
        trouble = await attention.trouble(connection, call.now - ENDED_SHOWN, limit=10_000)
        last = (await connection.execute(select(func.max(t.event.c.id)))).scalar_one_or_none() or 0
    known = {box.id for box in boxes}
    links = [box.link for box in boxes]
    counts = {link: links.count(link) for link in ("online", "offline", "lost")}
    items = [item for item in trouble.items if call.scope.whole or item.box in known]
    return Summary(
        county=call.parts.config.county,
        last_id=last,
        boxes=len(boxes),
        **counts,
        unknown=len(boxes) - sum(counts.values()),
        cameras=sum(len(box.cameras) for box in boxes),
        cameras_online=sum(box.cameras_online for box in boxes),
        cameras_intact=sum(box.cameras_intact for box in boxes),
        missing=sum(box.missing for box in boxes),
        dead_letters=trouble.dead_letters if call.scope.whole else None,
        attention=tuple(msgspec.convert(item, AttentionView, from_attributes=True) for item in items[:ATTENTION_MAX]),
        attention_more=max(len(items) - ATTENTION_MAX, 0),
    )


async def find(call: Call, *, query: BoxQuery) -> Page[BoxView]:
    """All boxes with their devices, those with trouble first, in one page."""
    async with call.store.read() as connection:
        boxes = await boxviews.boxes(connection, _seen(call))
    return Page(items=tuple(_view(call, box) for box in boxes if not query.link or box.link in query.link))


async def one(call: Call, *, path: BoxPath) -> BoxView:
    """One box with its devices."""
    async with call.store.read() as connection:
        boxes = await boxviews.boxes(connection, _seen(call) & (t.box.c.box == path.box))
    if not boxes:
        raise NotFound(what="box 盒子")
    return _view(call, boxes[0])


async def order(call: Call, *, path: BoxPath, body: OrderIn) -> OrderView:
    """Gives an order. It is written down and sent as soon as the hub has a link; the box carries it out once and
    answers. `GET` of the order says what became of it. `replay` sends again what the box still keeps, `snapshot` takes
    a picture, `ping` only asks for an answer.
    """
    args = _arguments(body)
    async with call.store.write() as connection:
        await check_box(call, connection, path.box)
        made = await commands.record(
            connection, path.box, body.op, args, by=call.who, now=call.now, expires_s=body.expires_s
        )
        (view,) = await _orders(connection, t.command.c.id == made)
        if call.keep is not None:
            await call.keep(connection, view)
    call.parts.on_order()
    return view


async def orders(call: Call, *, path: BoxPath, query: OrderQuery) -> Page[OrderView]:
    """The orders to a box, the newest first, without the answers' results."""
    c = t.command.c
    where = c.box == path.box if query.after is UNSET else (c.box == path.box) & (c.id < query.after)
    async with call.store.read() as connection:
        await check_box(call, connection, path.box)
        rows = (await connection.execute(select(t.command).where(where).order_by(c.id.desc()).limit(query.limit))).all()
    return Page(items=tuple(map(_order_view, rows)), next=rows[-1].id if len(rows) == query.limit else "")


async def one_order(call: Call, *, path: OrderPath) -> OrderView:
    """An order with the box's answer."""
    async with call.store.read() as connection:
        await check_box(call, connection, path.box)
        found = await _orders(connection, (t.command.c.id == path.order) & (t.command.c.box == path.box))
    if not found:
        raise NotFound(what="order 指令")
    return found[0]


async def check_box(call: Call, connection: AsyncConnection, box: str) -> None:
    """Raises `NotFound` for a box that was never heard of, or that the token does not see."""
    query = select(t.box.c.box).where(t.box.c.box == box, _seen(call))
    if (await connection.execute(query)).first() is None:
        raise NotFound(what="box 盒子")


def _seen(call: Call) -> ColumnElement[bool]:
    """Boxes that stand within today."""
    return reach.of_box(call.scope, t.box.c.box, call.now)


def _view(call: Call, box: boxviews.BoxView) -> BoxView:
    belongs = call.registry.belongs(box.id, call.now)
    names = [field for field in BoxView.__struct_fields__ if field not in ("village", "township", "devices")]
    plain = (msgspec.convert(each, DeviceView, from_attributes=True) for each in box.devices)
    devices = tuple(msgspec.structs.replace(each, detail=call.shown(each.detail)) for each in plain)
    given: dict[str, Any] = {name: getattr(box, name) for name in names}
    return BoxView(**given, village=belongs.village, township=belongs.township, devices=devices)


def _arguments(body: OrderIn) -> dict[str, object]:
    """Raises `BadOrder`."""
    named = {name: value for name in ("stream", "lane") if (value := getattr(body, name)) is not UNSET}
    only_device = body.device is not UNSET and not named and not body.ranges and body.since is UNSET
    if body.op == "snapshot" and only_device:
        return {"device": body.device}
    if body.op == "ping" and body.device is UNSET and not named and not body.ranges and body.since is UNSET:
        return {}
    if body.op == "replay" and body.device is UNSET:
        if body.since is not UNSET and not body.ranges:
            return {"since": body.since.isoformat(), **named}
        if body.since is UNSET and len(named) == 2 and body.ranges and all(a <= b for a, b in body.ranges):
            return {**named, "ranges": [list(each) for each in body.ranges]}
    raise BadOrder


async def _orders(connection: AsyncConnection, where: ColumnElement[bool]) -> list[OrderView]:
    """With the first part of the answer that says why not, or all results together."""
    found = []
    for row in (await connection.execute(select(t.command).where(where))).all():
        r = t.command_reply.c
        parts = (await connection.execute(select(t.command_reply).where(r.id == row.id).order_by(r.part))).all()
        result: dict[str, Any] = {}
        for part in parts:
            result |= msgspec.json.decode(part.result, type=dict[str, Any])
        told = next((part for part in parts if not part.ok), parts[0] if parts else None)
        code, text = (told.code, "".join(part.text for part in parts)) if told is not None else ("", "")
        found.append(msgspec.structs.replace(_order_view(row), code=code, text=text, result=result))
    return found


def _order_view(row: Row[tuple[object, ...]]) -> OrderView:
    names = ("id", "box", "op", "by", "created", "expires", "sent", "ok", "replied")
    return OrderView(**{name: getattr(row, name) for name in names})


ROUTES = (
    Route(method="GET", path="/summary", call=summary, scope="boxes:read", tag="boxes",
          zh="总览", en="The hub in numbers"),
    Route(method="GET", path="/boxes", call=find, scope="boxes:read", tag="boxes", zh="盒子清单", en="All boxes"),
    Route(method="GET", path="/boxes/{box}", call=one, scope="boxes:read", tag="boxes", zh="查看盒子", en="One box"),
    Route(method="POST", path="/boxes/{box}/orders", call=order, scope="boxes:order", tag="boxes", status=202,
          problems=(BadOrder,), zh="下达指令", en="Give an order to a box"),
    Route(method="GET", path="/boxes/{box}/orders", call=orders, scope="boxes:read", tag="boxes",
          zh="指令清单", en="Orders to a box"),
    Route(method="GET", path="/boxes/{box}/orders/{order}", call=one_order, scope="boxes:read", tag="boxes",
          zh="查看指令结果", en="What became of an order"),
)  # fmt: skip
