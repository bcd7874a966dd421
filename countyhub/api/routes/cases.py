"""Cases to look at: lists, one whole, its timeline, how many there are of each sort."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from countyhub.api.call import Call
from countyhub.api.problems import ApiProblem
from countyhub.api.route import Route
from countyhub.api.routes.caseviews import NUMBER_PATTERN, CasePath, CaseView, Number, OneCase, listed, look
from countyhub.api.shapes import BoxId, CategoryCode, Cursor, DeviceId, Input, Limit, Output, Page, Place, Time
from countyhub.cases import finding
from countyhub.cases.listing import Filter
from countyhub.lifecycle.state import Level, Office, Stage
from gridwire.identifiers import END, GRID_PATTERN

Light = Literal["green", "yellow", "red", "grey", "none"]
_NEVER: Final = 1 << 62
_AFTER: Final = rf"^([0-9]{{1,18}}|{_NEVER})\.{NUMBER_PATTERN.removeprefix('^')}"
"""As `finding.Page.after` is."""


class UnknownPlace(ApiProblem):
    status = 422
    code = "api.unknown-place"
    en = "the registry knows no {place} today"
    zh = "今日登记表中没有 {place}"


class CaseQuery(Input, frozen=True, kw_only=True):
    after: Annotated[
        Annotated[str, Meta(pattern=_AFTER)] | UnsetType, Meta(description="`next` of the page before")
    ] = UNSET
    limit: Limit = 50
    order: Annotated[
        Literal["newest", "due"], Meta(description="due: open ones only, what is over or soonest due first")
    ] = "newest"
    open: Annotated[bool | UnsetType, Meta(description="neither closed nor archived nor void")] = UNSET
    stage: tuple[Stage, ...] = ()
    light: tuple[Light, ...] = ()
    level: Annotated[tuple[Level, ...], Meta(description="of the office that has it now")] = ()
    owner: Annotated[Place | UnsetType, Meta(description="code of the office that has it now")] = UNSET
    had: Annotated[Place | UnsetType, Meta(description="code of an office that has it or had it")] = UNSET
    area: Annotated[
        Place | UnsetType, Meta(description="arose within this area, by today's tree, mergers followed")
    ] = UNSET
    grid: Annotated[Annotated[str, Meta(pattern=GRID_PATTERN)] | UnsetType, Meta(description="code of a grid")] = UNSET
    category: Annotated[CategoryCode | UnsetType, Meta(description="a kind, or by two digits its group")] = UNSET
    box: BoxId | UnsetType = UNSET
    device: DeviceId | UnsetType = UNSET
    receipt: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Z._-]{1,32}" + END)] | UnsetType, Meta(description="number on a receipt")
    ] = UNSET
    parent: Annotated[Number | UnsetType, Meta(description="merged into this case")] = UNSET
    origin: Literal["machine", "person"] | UnsetType = UNSET
    urgent: Annotated[bool | UnsetType, Meta(description="calls for help")] = UNSET
    supervised: bool | UnsetType = UNSET
    drill: bool | UnsetType = UNSET
    since: Annotated[Time | UnsetType, Meta(description="arrived at this time or later")] = UNSET
    until: Annotated[Time | UnsetType, Meta(description="arrived before this time")] = UNSET


class LineQuery(Input, frozen=True, kw_only=True):
    after: Cursor = 0
    limit: Limit = 200


class LineView(Output, frozen=True, kw_only=True):
    """A line of a timeline."""

    id: int
    act: Annotated[
        str,
        Meta(
            description="of docs/reference/lifecycle.md; or opened, joined, rated, attached, turned_yellow, turned_red"
        ),
    ]
    version: Annotated[int, Meta(description="of the case after it")]
    at: datetime
    actor: Annotated[str, Meta(description="staff number, `hub`, or `resident`")]
    role: str
    before: Annotated[str, Meta(description="stage before it")]
    after: Annotated[str, Meta(description="stage after it")]
    level: Annotated[str, Meta(description="of the office that has it after it")]
    owner: str
    text: str


class Counts(Output, frozen=True, kw_only=True):
    """Open cases in numbers, without drills; those merged into others stand in `stages` only."""

    open: int
    lights: dict[str, int]
    stages: dict[str, int]
    levels: dict[str, int]
    drills: int
    guessed: Annotated[int, Meta(description="with a deadline reckoned without the calendar of its year")]


async def find(call: Call, *, query: CaseQuery) -> Page[CaseView]:
    """Cases in sight, the newest first. All that is named must hold; `stage`, `light` and `level` may be named several
    times. Pages go on where the last one ended, also when cases come in meanwhile.
    """
    wanted = _filter(call, query)
    after = "" if query.after is UNSET else query.after
    async with call.store.read() as connection:
        page = await finding.find(connection, wanted, call.scope, after, query.limit, query.order)
    shown = (replace(row, title=call.shown(row.title)) for row in page.cases)
    return Page(items=tuple(map(listed, shown)), next=page.after)


async def one(call: Call, *, path: CasePath) -> OneCase:
    """A case whole. Its version is its ETag: send it as `If-Match` with an act."""
    async with call.store.read() as connection:
        return await look(call, connection, path.number)


async def timeline(call: Call, *, path: CasePath, query: LineQuery) -> Page[LineView]:
    """What happened to a case, the oldest first."""
    async with call.store.read() as connection:
        await look(call, connection, path.number)
        lines = await finding.timeline(connection, path.number, query.after, query.limit)
    call.headers.pop("etag", None)
    shown = (replace(each, text=call.shown(each.text)) for each in lines)
    items = tuple(LineView(**{name: getattr(each, name) for name in LineView.__struct_fields__}) for each in shown)
    return Page(items=items, next=str(lines[-1].id) if len(lines) == query.limit else "")


async def counts(call: Call) -> Counts:
    """How many open cases there are in sight, by light, stage and level."""
    async with call.store.read() as connection:
        found = await finding.board(connection, call.scope)
    return msgspec.convert(found, Counts, from_attributes=True)


def _filter(call: Call, query: CaseQuery) -> Filter:
    """Raises `UnknownPlace`."""
    plain = ("open", "box", "device", "grid", "receipt", "parent", "origin", "urgent", "supervised", "drill",
             "since", "until")  # fmt: skip
    given: dict[str, Any] = {name: value for name in plain if (value := getattr(query, name)) is not UNSET}
    given |= {name + "s": frozenset(getattr(query, name)) for name in ("stage", "light", "level")}
    if query.owner is not UNSET:
        given["owners"] = _office(call, query.owner)
    if query.had is not UNSET:
        given["had"] = _office(call, query.had)
    if query.area is not UNSET:
        _office(call, query.area)
        given["area"] = call.book.scope_of(query.area, call.now)
    if query.category is not UNSET:
        given["categories"] = call.registry.kinds_within(query.category, call.now)
    return Filter(**given)


def _office(call: Call, code: str) -> frozenset[Office]:
    found = call.book.office(code, call.now)
    if found is None:
        raise UnknownPlace(place=code)
    return frozenset({found})


ROUTES = (
    Route(method="GET", path="/cases", call=find, scope="cases:read", tag="cases", problems=(UnknownPlace,),
          zh="案件列表", en="Cases"),
    Route(method="GET", path="/counts", call=counts, scope="cases:read", tag="cases",
          zh="在办案件统计", en="Open cases in numbers"),
    Route(method="GET", path="/cases/{number}", call=one, scope="cases:read", tag="cases", versioned=True,
          zh="查看案件", en="One case"),
    Route(method="GET", path="/cases/{number}/timeline", call=timeline, scope="cases:read", tag="cases",
          zh="案件时间线", en="Its timeline"),
)  # fmt: skip
