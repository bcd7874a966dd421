"""The county's registry as it holds on a day: areas, grids with their outlines, kinds of matters, services, staff."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from countyhub.api.call import Call
from countyhub.api.problems import NotFound
from countyhub.api.route import Blob, Route
from countyhub.api.shapes import Input, Output, Page, Place
from countyhub.registry.forms import Area, Category, Deadline, Department, Grid, Person

GEOJSON = "application/geo+json"


class AreaView(Output, frozen=True, kw_only=True):
    """The county, a township or a village."""

    code: str
    name: str
    level: Annotated[str, Meta(description="county, township or village")]
    parent: Annotated[str, Meta(description="what it belongs to; empty: of the county")]


class OneArea(Output, frozen=True, kw_only=True):
    """An area or grid, and what lies in it."""

    code: Annotated[str, Meta(description="itself, or what it was merged into by that day")]
    name: str
    path: Annotated[tuple[str, ...], Meta(description="itself, then what it belongs to, up to the county")]
    formerly: Annotated[tuple[str, ...], Meta(description="all that was merged into it, directly or not")]
    areas: tuple[str, ...]
    grids: tuple[str, ...]
    boxes: tuple[str, ...]


class DeadlineView(Output, frozen=True, kw_only=True):
    """How long a kind of matter may take at a level."""

    level: str
    name: str
    amount: int
    unit: Annotated[str, Meta(description="minutes, calendar_hours, working_hours or working_days")]
    until: Annotated[str, Meta(description="what ends it: close, feedback, begin, pass_on, met or classify")]


class CategoryView(Output, frozen=True, kw_only=True):
    """A kind of matter; two digits are a group."""

    code: str
    name: str
    ledger: str
    handling: Annotated[str, Meta(description="at_once, within_limit or pass_upward; empty: of a group")]
    owner: Annotated[str, Meta(description="code of the department")]
    deadlines: tuple[DeadlineView, ...]


class ServiceView(Output, frozen=True, kw_only=True):
    """A service that residents can ask for."""

    code: str
    name: str
    mode: Annotated[str, Meta(description="direct, proxy or authorised")]
    category: str
    owner: str


class DepartmentView(Output, frozen=True, kw_only=True):
    """A department of the county, or a queue of a township."""

    code: str
    name: str
    kind: Annotated[str, Meta(description="centre, department, grid, services or stability")]
    area: str


class DutyView(Output, frozen=True, kw_only=True):
    """What a person does where."""

    role: str
    place: str


class PersonView(Output, frozen=True, kw_only=True):
    """Somebody of the staff."""

    code: Annotated[str, Meta(description="staff number")]
    name: str
    duties: tuple[DutyView, ...]
    phone: Annotated[str | None, Meta(description="null: the token lacks people:phone")]


class DayQuery(Input, frozen=True, kw_only=True):
    at: Annotated[dt.date | UnsetType, Meta(description="as it was on this day; default: today")] = UNSET


class PlaceQuery(Input, frozen=True, kw_only=True):
    at: Annotated[dt.date | UnsetType, Meta(description="as it was on this day; default: today")] = UNSET
    within: Annotated[Place | UnsetType, Meta(description="in this area alone")] = UNSET


class PlacePath(Input, frozen=True, kw_only=True):
    place: Place


async def areas(call: Call, *, query: PlaceQuery) -> Page[AreaView]:
    """County, townships and villages, in one page. Who sees an area alone gets what lies in it."""
    day = _day(call, query.at)
    inside = _inside(call, query, day)
    rows = [row for row in call.registry.in_force(Area, day) if inside is None or row.code in inside]
    return Page(items=tuple(AreaView(code=r.code, name=r.name, level=r.level, parent=r.parent) for r in rows))


async def one_area(call: Call, *, path: PlacePath, query: DayQuery) -> OneArea:
    """What a code means on a day: mergers are followed."""
    registry, day = call.registry, _day(call, query.at)
    above = registry.ancestors(path.place, day)
    visible = _visible(call, day)
    if not above or (visible is not None and above[0] not in visible):
        raise NotFound(what="area 区划")
    within = registry.scope(above[0], day)
    return OneArea(
        code=above[0],
        name=registry.name(above[0], day),
        path=above,
        formerly=tuple(sorted(registry.lineage.lives.predecessors(above[0]) - {above[0]})),
        areas=tuple(sorted(within.areas)),
        grids=tuple(sorted(within.grids)),
        boxes=tuple(sorted(within.boxes)),
    )


async def grids(call: Call, *, query: PlaceQuery) -> Blob:
    """Grids as GeoJSON (RFC 7946): a feature each, `geometry` null where no outline is known. WGS 84 or CGCS2000."""
    registry, day = call.registry, _day(call, query.at)
    inside = _inside(call, query, day)
    features = []
    for row in registry.in_force(Grid, day):
        if inside is not None and row.code not in inside:
            continue
        outline = registry.polygon(row.code, day)
        told = {"code": row.code, "name": row.name, "village": row.village, "kind": row.kind,
                "households": row.households, "people": row.people}  # fmt: skip
        geometry = json.loads(outline.geometry) if outline else None
        features.append({"type": "Feature", "id": row.code, "properties": told, "geometry": geometry})
    found = {"type": "FeatureCollection", "features": features}
    return Blob(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), GEOJSON)


async def categories(call: Call, *, query: DayQuery) -> Page[CategoryView]:
    """Kinds of matters with their deadlines, in one page."""
    day = _day(call, query.at)
    limits: dict[str, list[DeadlineView]] = {}
    for row in call.registry.in_force(Deadline, day):
        each = DeadlineView(level=row.level, name=row.name, amount=row.amount, unit=row.unit, until=row.until)
        limits.setdefault(row.category, []).append(each)
    rows = call.registry.in_force(Category, day)
    return Page(
        items=tuple(
            CategoryView(
                code=row.code,
                name=row.name,
                ledger=row.ledger,
                handling=row.handling,
                owner=row.owner,
                deadlines=tuple(limits.get(row.code, ())),
            )
            for row in rows
        )
    )


async def services(call: Call, *, query: DayQuery) -> Page[ServiceView]:
    """Services that residents can ask for at the terminals, in one page."""
    rows = call.registry.services(_day(call, query.at))
    return Page(
        items=tuple(
            ServiceView(code=row.code, name=row.name, mode=row.mode, category=row.category, owner=row.owner)
            for row in rows
        )
    )


async def departments(call: Call, *, query: DayQuery) -> Page[DepartmentView]:
    """Departments of the county and queues of the townships, in one page: cases are assigned to them."""
    rows = call.registry.in_force(Department, _day(call, query.at))
    return Page(items=tuple(DepartmentView(code=r.code, name=r.name, kind=r.kind, area=r.area) for r in rows))


async def people(call: Call, *, query: PlaceQuery) -> Page[PersonView]:
    """Staff with a duty on that day, in one page. Who sees an area alone gets who works in it."""
    registry, day = call.registry, _day(call, query.at)
    inside = _inside(call, query, day)
    found = []
    for person in registry.in_force(Person, day):
        duties = tuple(DutyView(role=duty.role, place=duty.place) for duty in registry.duties(person.code, day))
        if inside is None or any(_lies(call, duty.place, day) in inside for duty in duties):
            phone = person.phone if call.allows("people:phone") else None
            found.append(PersonView(code=person.code, name=person.name, duties=duties, phone=phone))
    return Page(items=tuple(found))


def _day(call: Call, given: dt.date | UnsetType) -> dt.date:
    return call.registry.day(call.now) if given is UNSET else given


def _inside(call: Call, query: PlaceQuery, day: dt.date) -> frozenset[str] | None:
    """Codes of areas and grids that are wanted and may be seen; None: all."""
    visible = _visible(call, day)
    if query.within is UNSET:
        return visible
    within = call.registry.scope(query.within, day)
    wanted = within.areas | within.grids
    return wanted if visible is None else wanted & visible


def _visible(call: Call, day: dt.date) -> frozenset[str] | None:
    """Areas and grids that lie within what the token sees; None: all."""
    scope = call.scope
    if scope.whole:
        return None
    found: set[str] = set()
    for code in scope.townships | scope.villages | scope.grids:
        within = call.registry.scope(code, day)
        found |= within.areas | within.grids
    return frozenset(found)


def _lies(call: Call, place: str, day: dt.date) -> str:
    """The area of a department, else the place itself."""
    department = call.registry.department(place, day)
    return department.area if department else place


ROUTES = (
    Route(method="GET", path="/areas", call=areas, scope="registry:read", tag="registry", zh="区划", en="Areas"),
    Route(method="GET", path="/areas/{place}", call=one_area, scope="registry:read", tag="registry",
          zh="查看区划或网格", en="One area or grid"),
    Route(method="GET", path="/grids", call=grids, scope="registry:read", tag="registry", media=(GEOJSON,),
          zh="网格（GeoJSON）", en="Grids as GeoJSON"),
    Route(method="GET", path="/categories", call=categories, scope="registry:read", tag="registry",
          zh="事项分类", en="Kinds of matters"),
    Route(method="GET", path="/services", call=services, scope="registry:read", tag="registry",
          zh="服务事项", en="Services"),
    Route(method="GET", path="/departments", call=departments, scope="registry:read", tag="registry",
          zh="部门", en="Departments"),
    Route(method="GET", path="/people", call=people, scope="people:read", tag="registry", zh="工作人员", en="Staff"),
)  # fmt: skip
