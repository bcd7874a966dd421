"""What a list of cases is asked for: the parameters of its address, and the `Filter` that answers it.

Promise: an address names everything that the list shows, so that it can be kept and sent on. A text is looked for
among open cases, or those of one month: never among all that there ever were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, cast

from msgspec.structs import replace
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException

from countyhub.cases import listing
from countyhub.cases.listing import Filter
from countyhub.lifecycle.number import as_typed
from countyhub.lifecycle.state import OPEN, STAGES, Office
from countyhub.registry.forms import Area, Category, Department, Grid
from countyhub.store.casetables import cases
from countyhub.web.desk import Visit
from countyhub.worktime.deadlines import GRAVEST

FOUND_MAX: Final = 500
SEARCHED: Final = timedelta(days=31)
STATES: Final = ("open", "closed", "all")
LIGHTS: Final = (*GRAVEST, "none")
UNCLASSIFIED: Final = "none"
NOBODY: Final = Office("county", "-")
Order = Literal["newest", "due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parameters as the form shows them. `area`: the place that counts, of `township` and `village`."""

    state: str
    lights: frozenset[str]
    stages: frozenset[str]
    township: str
    village: str
    area: str
    category: str
    owner: str
    text: str
    box: str
    urgent: bool
    supervised: bool
    drill: bool
    mine: bool
    since: date | None
    until: date | None
    order: Order
    after: str

    @property
    def narrow(self) -> bool:
        """Whether it leaves anything out of what is open."""
        chosen = (self.lights, self.stages, self.township, self.village, self.area, self.since, self.until)
        return any(chosen) or any(self.query.values()) or self.state != "open"

    @property
    def query(self) -> dict[str, str]:
        """For the form, and for the addresses of an export."""
        flags = {name: "yes" for name in ("urgent", "supervised", "drill", "mine") if getattr(self, name)}
        return flags | {"q": self.text, "category": self.category, "owner": self.owner, "box": self.box}


def asked(visit: Visit) -> Asked:
    """Raises 400 for what no list can be asked for."""
    params = visit.request.query_params
    lights = frozenset(each for each in params.getlist("light") if each)
    stages = frozenset(each for each in params.getlist("stage") if each)
    state = visit.said("state") or "open"
    order = visit.said("order") or "due"
    if not (lights <= set(LIGHTS) and stages <= set(STAGES) and state in STATES and order in ("newest", "due")):
        raise HTTPException(400, detail="light, stage, state, order")
    if stages and not stages <= OPEN:
        state = "all"  # who asks for closed ones means them
    township, village, area = _place(visit)
    return Asked(
        state=state,
        lights=lights,
        stages=stages,
        township=township,
        village=village,
        area=area,
        category=visit.said("category"),
        owner=visit.said("owner"),
        text=visit.said("q"),
        box=visit.said("box"),
        urgent=visit.said("urgent") == "yes",
        supervised=visit.said("supervised") == "yes",
        drill=visit.said("drill") == "yes",
        mine=visit.said("mine") == "yes",
        since=_day(visit, "since"),
        until=_day(visit, "until"),
        order=cast(Order, order) if state == "open" else "newest",
        after=visit.said("after"),
    )


def _place(visit: Visit) -> tuple[str, str, str]:
    """Township, village, and the place that counts. A village of another township than the chosen one is forgotten."""
    township, village, area = visit.said("township"), visit.said("village"), visit.said("area")
    closest = area or village or township
    if village and township and township not in visit.registry.ancestors(village, visit.now):
        village, closest = "", area or township
    if not closest:
        return "", "", ""
    path = visit.registry.ancestors(closest, visit.now)
    if not path:
        raise HTTPException(400, detail=closest)
    rows = {row.level: row.code for code in path if isinstance(row := visit.registry.area(code, visit.now), Area)}
    closest = path[0] if len(path) > 1 else ""
    return rows.get("township", ""), rows.get("village", ""), closest


def _day(visit: Visit, name: str) -> date | None:
    said = visit.said(name)
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise HTTPException(400, detail=name) from error


async def wanted(connection: AsyncConnection, visit: Visit, given: Asked) -> Filter:
    """The filter that the list is answered by; of a text the cases that have it."""
    zone = visit.book.zone
    since = datetime.combine(given.since, time(), zone) if given.since else None
    until = datetime.combine(given.until + timedelta(days=1), time(), zone) if given.until else None
    office = visit.book.office(given.owner, visit.now) if given.owner else None
    if given.owner and office is None:
        raise HTTPException(400, detail=given.owner)
    found = Filter(
        open={"open": True, "closed": False, "all": None}[given.state],
        lights=given.lights,
        stages=given.stages,
        area=visit.book.scope_of(given.area, visit.now) if given.area else None,
        categories=_categories(visit, given.category),
        owners=_owners(visit, given, office),
        box=given.box,
        urgent=True if given.urgent else None,
        supervised=True if given.supervised else None,
        drill=True if given.drill else None,
        since=since,
        until=until,
    )
    return await _with_text(connection, visit, given.text, found) if given.text else found


async def _with_text(connection: AsyncConnection, visit: Visit, text: str, found: Filter) -> Filter:
    """A number or a receipt is looked up whatever else is asked for; words are looked for in title and text."""
    c = cases.c
    receipt = select(c.number).where(c.receipt == text, c.receipt != "").limit(FOUND_MAX)
    numbers = {*(await connection.execute(receipt)).scalars(), as_typed(text)} - {""}
    if numbers:
        return Filter(numbers=frozenset(numbers))
    until = found.until or datetime.now(UTC)
    since = max(found.since or until - SEARCHED, until - SEARCHED)
    among = c.open if found.only_open else (c.arrived >= since) & (c.arrived < until)
    says = or_(c.title.contains(text, autoescape=True), c.text.contains(text, autoescape=True))
    query = select(c.number).where(among, says, *listing.seen(visit.scope)).order_by(c.arrived.desc()).limit(FOUND_MAX)
    numbers = set((await connection.execute(query)).scalars())
    return replace(found, numbers=frozenset(numbers or {"-"}))


def _owners(visit: Visit, given: Asked, office: Office | None) -> frozenset[Office]:
    """Who only looks has nothing of his own."""
    if not given.mine:
        return frozenset({office}) if office else frozenset()
    return (visit.actor.offices if visit.actor else frozenset()) or frozenset({NOBODY})


def _categories(visit: Visit, code: str) -> frozenset[str]:
    """Itself, and of a group all kinds; those of no kind have an empty one."""
    if not code:
        return frozenset()
    if code == UNCLASSIFIED:
        return frozenset({""})
    if visit.registry.category(code, visit.now) is None:
        raise HTTPException(400, detail=code)
    return visit.registry.kinds_within(code, visit.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form offers: code and name."""

    townships: tuple[tuple[str, str], ...]
    villages: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...]
    owners: tuple[tuple[str, str], ...]


def choices(visit: Visit, given: Asked) -> Choices:
    """Villages of the chosen township alone: 406 in a list help nobody. Owners: the centre, departments, townships."""
    registry, now, words = visit.registry, visit.now, visit.words
    county = visit.book.county

    def named(codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        return tuple((code, words.place(code)) for code in codes if not isinstance(registry.area(code, now), Grid))

    townships = named(registry.children(county, now))
    departments = [
        (row.code, row.name)
        for row in registry.in_force(Department, now)
        if row.area == county and row.kind != "centre"
    ]
    here = (given.owner, words.place(given.owner))
    owners = ((county, words.level("county")), *departments, *townships)
    return Choices(
        townships=townships,
        villages=named(registry.children(given.township, now)) if given.township else (),
        categories=tuple((row.code, f"{row.code} {row.name}") for row in registry.in_force(Category, now)),
        owners=owners if not given.owner or here[0] in {code for code, _ in owners} else (*owners, here),
    )
