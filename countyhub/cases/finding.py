"""Finds cases: lists in pages, one case whole, timelines, counts. Only reads; every list is answered by an index.

A list is put together from streams, each in the order of the list by an index (all of one village, all that one office
had …): so long a page takes as its rows, however many cases there are. Pages go on where the last one ended.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import BigInteger, Select, and_, desc, func, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import listing
from countyhub.cases.attaching import INFO, AttachmentInfo
from countyhub.cases.listing import NEVER_US, Filter
from countyhub.lifecycle.state import Case
from countyhub.sight.scope import WHOLE, Scope
from countyhub.store.casetables import attachment, case_entry, case_evidence, cases
from gridwire.problem import Problem

MAX_PAGE: Final = 500
_AFTER: Final = re.compile(r"(-?[0-9]{1,19})\.([0-9-]{1,24})", re.ASCII)
_state = msgspec.json.Decoder(Case)


class _Limit(msgspec.Struct, frozen=True):
    """Of a clock, what tells it apart."""

    name: str
    first_due: datetime


class _Rest(msgspec.Struct, frozen=True):
    """All that a list needs of a case's state."""

    five_steps: tuple[date, ...] = ()
    clocks: tuple[_Limit, ...] = ()


_rest = msgspec.json.Decoder(_Rest)


class BadPage(Problem):
    code = "case.bad-page"
    en = "“{after}” is no place in a list: take what the last page said"
    zh = "“{after}”不是有效的翻页位置：请使用上一页给出的值"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list: copies of its columns, see store.casetables; and the steps of its ledger, out of its state."""

    number: str
    key: str
    open: bool
    version: int
    stage: str
    origin: str
    light: str
    handling: str
    mode: str
    level: str
    owner: str
    first_level: str
    first_owner: str
    category: str
    drill: bool
    history: bool
    urgent: bool
    guessed: bool
    grid: str
    village: str
    township: str
    box: str
    device: str
    receipt: str
    title: str
    happened: datetime | None
    arrived: datetime
    registered: datetime | None
    closed: datetime | None
    first_due: datetime | None
    due: datetime | None
    supervised: int
    returned: int
    reworked: int
    escalated: int
    parent: str
    score: int | None
    changed: datetime
    five_steps: tuple[date, ...] = ()
    first_limit: str = ""
    """Name of the limit that `first_due` is the deadline of."""


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a timeline, see store.casetables."""

    id: int
    number: str
    version: int
    act: str
    at: datetime
    actor: str
    role: str
    before: str
    after: str
    level_before: str
    owner_before: str
    level: str
    owner: str
    text: str


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """All about one case but its timeline. `events`: rows of the inbox; those of years ago may be pruned by now."""

    listed: Listed
    text: str
    case: Case
    events: tuple[int, ...]
    attachments: tuple[AttachmentInfo, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`after`: for the next page; empty when this is the last one."""

    cases: tuple[Listed, ...]
    after: str = ""


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Open cases in numbers, without drills; those merged into others stand in `stages` only.

    `guessed`: cases with a deadline that was reckoned without the calendar of its year.
    """

    open: int
    lights: dict[str, int]
    stages: dict[str, int]
    levels: dict[str, int]
    drills: int
    guessed: int


_OWN: Final = tuple(name for name in Listed.__struct_fields__ if name not in ("five_steps", "first_limit"))
_COLUMNS: Final = (*(cases.c[name] for name in _OWN), cases.c.state)
_ENTRY: Final = tuple(case_entry.c[name] for name in TimelineEntry.__struct_fields__)


async def find(
    connection: AsyncConnection,
    wanted: Filter | None = None,
    scope: Scope = WHOLE,
    after: str = "",
    limit: int = 50,
    order: Literal["newest", "due"] = "newest",
) -> Page:
    """A page of the cases in sight. `order` "due": open ones only, what is over or soonest due first.

    Raises `BadPage` for an `after` that no page gave.
    """
    wanted = wanted or Filter()
    limit = max(1, min(limit, MAX_PAGE))
    if order == "due":
        query = _by_due(wanted, scope, _place(after), limit)
    else:
        query = _by_age(wanted, scope, _place(after), limit)
    places = [(row[0], row[1]) for row in await connection.execute(query)]
    found = await _listed(connection, [number for _, number in places[:limit]])
    more = f"{places[limit - 1][0]}.{places[limit - 1][1]}" if len(places) > limit else ""
    return Page(cases=tuple(found), after=more)


async def count(connection: AsyncConnection, wanted: Filter, scope: Scope, most: int) -> int:
    """How many cases are in a list, counted up to `most` and one more: nothing reads all that there ever were."""
    few = _by_age(wanted, scope, None, most).subquery()
    return (await connection.execute(select(func.count()).select_from(few))).scalar_one()


async def one(connection: AsyncConnection, number: str, scope: Scope = WHOLE) -> Whole | None:
    """A case whole; None when there is none, or not in sight."""
    query = select(*_COLUMNS, cases.c.text).where(cases.c.number == number, *listing.seen(scope))
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    events = select(case_evidence.c.event_id).where(case_evidence.c.number == number).order_by(case_evidence.c.event_id)
    files = select(*INFO).where(attachment.c.number == number).order_by(attachment.c.id)
    return Whole(
        listed=_as_listed(row),
        text=row.text,
        case=_state.decode(row.state),
        events=tuple((await connection.execute(events)).scalars()),
        attachments=tuple(AttachmentInfo(*each) for each in await connection.execute(files)),
    )


async def timeline(
    connection: AsyncConnection, number: str, after_id: int = 0, limit: int = 1000
) -> tuple[TimelineEntry, ...]:
    """What happened to a case, the oldest first."""
    query = select(*_ENTRY).where(case_entry.c.number == number, case_entry.c.id > after_id)
    return _entries(await connection.execute(query.order_by(case_entry.c.id).limit(limit)))


async def entries_since(connection: AsyncConnection, last_id: int, limit: int = 500) -> tuple[TimelineEntry, ...]:
    """What happened to all cases after that line, in the order of commits: for followers with a cursor."""
    query = select(*_ENTRY).where(case_entry.c.id > last_id).order_by(case_entry.c.id).limit(limit)
    return _entries(await connection.execute(query))


async def numbers_of_event(connection: AsyncConnection, event_id: int) -> tuple[str, ...]:
    """The cases that stand on an event."""
    query = select(case_evidence.c.number).where(case_evidence.c.event_id == event_id)
    return tuple((await connection.execute(query.order_by(case_evidence.c.number))).scalars())


async def board(connection: AsyncConnection, scope: Scope = WHOLE) -> Board:
    """How things stand in sight."""
    columns = (cases.c.level, cases.c.stage, cases.c.light, cases.c.drill, cases.c.guessed)
    query = select(*columns, func.count()).where(cases.c.open, *listing.seen(scope)).group_by(*columns)
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("light", "stage", "level", "other")}
    for level, stage, light, drill, guessed, number in await connection.execute(query):
        if drill:
            counts["other"]["drills"] += number
            continue
        counts["stage"][stage] += number
        counts["other"]["guessed"] += number if guessed else 0
        if stage != "merged":
            counts["light"][light] += number
            counts["level"][level] += number
    return Board(
        open=counts["light"].total(),
        lights=dict(counts["light"]),
        stages=dict(counts["stage"]),
        levels=dict(counts["level"]),
        drills=counts["other"]["drills"],
        guessed=counts["other"]["guessed"],
    )


def _by_age(wanted: Filter, scope: Scope, after: tuple[int, str] | None, limit: int) -> Select[Any]:
    """The newest first. Each stream gives a page at most; what is in several counts once."""
    several: list[Select[Any]] = []
    for stream in listing.of(wanted, scope):
        query = select(stream.arrived.label("arrived"), stream.number.label("number")).where(*stream.where)
        if stream.joins_cases:
            query = query.join_from(stream.number.table, cases, stream.number == cases.c.number)
        if after is not None:
            arrived = _raw(stream.arrived)
            older = and_(arrived == after[0], stream.number < after[1])
            query = query.where(arrived <= after[0], (arrived < after[0]) | older)
        several.append(query.order_by(desc(stream.arrived), desc(stream.number)).limit(limit + 1))
    if len(several) == 1:
        found = several[0].subquery()
    else:
        found = union_all(*(select(each.subquery()) for each in several)).subquery()
    place = select(_raw(found.c.arrived).label("arrived"), found.c.number)
    return place.distinct().order_by(desc("arrived"), desc("number")).limit(limit + 1)


def _by_due(wanted: Filter, scope: Scope, after: tuple[int, str] | None, limit: int) -> Select[Any]:
    """What has no deadline that runs comes last. There are never so many open cases that sorting them takes long."""
    due = func.coalesce(_raw(cases.c.due), NEVER_US)
    query = select(due, cases.c.number).where(cases.c.open, *listing.rest(wanted), *listing.seen(scope))
    if after is not None:
        query = query.where((due > after[0]) | and_(due == after[0], cases.c.number > after[1]))
    return query.order_by(due, cases.c.number).limit(limit + 1)


def _raw(column: Any) -> Any:
    """An instant as the microseconds that are stored: they stand in `Page.after`."""
    return type_coerce(column, BigInteger)


def _place(after: str) -> tuple[int, str] | None:
    if not after:
        return None
    found = _AFTER.fullmatch(after)
    if found is None or int(found[1]) > NEVER_US:
        raise BadPage(after=after[:60])
    return int(found[1]), found[2]


async def _listed(connection: AsyncConnection, numbers: Sequence[str]) -> list[Listed]:
    """In the order of the numbers."""
    if not numbers:
        return []
    rows = await connection.execute(select(*_COLUMNS).where(cases.c.number.in_(numbers)))
    known = {row.number: _as_listed(row) for row in rows}
    return [known[number] for number in numbers]


def _as_listed(row: Any) -> Listed:
    own = {name: getattr(row, name) for name in _OWN}
    rest = _rest.decode(row.state)
    first = (limit.name for limit in rest.clocks if limit.first_due == row.first_due)
    return Listed(**own, five_steps=rest.five_steps, first_limit=next(first, ""))


def _entries(rows: Any) -> tuple[TimelineEntry, ...]:
    return tuple(TimelineEntry(**row._mapping) for row in rows)
