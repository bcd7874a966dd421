"""Matters: what raw alarms mean together, which case each became, and how many signals made none."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import ColumnElement, Row, and_, or_, select

from countyhub.api.call import Call
from countyhub.api.route import Route
from countyhub.api.shapes import Input, Limit, Output, Page, Time
from countyhub.cases import listing
from countyhub.store.casetables import cases
from countyhub.store.mattertables import KEY_LENGTH, matter, suppressed
from gridwire.identifiers import END
from gridwire.instants import instant, microseconds

_AFTER: Final = rf"^[0-9]{{1,18}}~[^\x00]{{1,{KEY_LENGTH}}}{END}"


class MatterView(Output, frozen=True, kw_only=True):
    """One piece of trouble."""

    key: Annotated[str, Meta(description="what it is about: alarm/…, offline/…, unstable/…, site/…, township/…")]
    begin: dt.datetime
    end: Annotated[dt.datetime, Meta(description="its last sign so far")]
    open: Annotated[bool, Meta(description="it goes on")]
    size: Annotated[int, Meta(description="raw alarms, or outages, in it")]
    history: Annotated[bool, Meta(description="it was a day old when it arrived")]
    parent_key: Annotated[str | None, Meta(description="the matter that it is a part of")]
    number: Annotated[str | None, Meta(description="the case that was opened for it, or that it joined")]


class SuppressedView(Output, frozen=True, kw_only=True):
    """Signals of a day that made no matter of their own."""

    day: dt.date
    reason: Annotated[str, Meta(description="window/UID, offline-in-window, held-down or repeated")]
    count: int


class MatterQuery(Input, frozen=True, kw_only=True):
    after: Annotated[
        Annotated[str, Meta(pattern=_AFTER)] | UnsetType, Meta(description="`next` of the page before")
    ] = UNSET
    limit: Limit = 100
    open: bool | UnsetType = UNSET
    since: Annotated[Time | UnsetType, Meta(description="with a sign at this time or later")] = UNSET


class SuppressedQuery(Input, frozen=True, kw_only=True):
    since: Annotated[dt.date | UnsetType, Meta(description="first day; default: a week ago")] = UNSET
    until: Annotated[dt.date | UnsetType, Meta(description="last day; default: today")] = UNSET


async def find(call: Call, *, query: MatterQuery) -> Page[MatterView]:
    """Matters, those with the latest sign first. Who sees an area alone gets those that became cases there."""
    c = matter.c
    wanted: list[ColumnElement[bool]] = []
    if seen := listing.seen(call.scope):
        wanted.append(c.number.in_(select(cases.c.number).where(and_(*seen))))
    if query.open is not UNSET:
        wanted.append(c.open if query.open else ~c.open)
    if query.since is not UNSET:
        wanted.append(c.end_us >= microseconds(query.since))
    if query.after is not UNSET:
        end, _, key = query.after.partition("~")
        wanted.append(or_(c.end_us < int(end), and_(c.end_us == int(end), c.key > key)))
    found = select(matter).where(*wanted).order_by(c.end_us.desc(), c.key, c.begin_us.desc()).limit(query.limit)
    async with call.store.read() as connection:
        rows = (await connection.execute(found)).all()
    more = f"{rows[-1].end_us}~{rows[-1].key}" if len(rows) == query.limit else ""
    return Page(items=tuple(map(_view, rows)), next=more)


async def counts(call: Call, *, query: SuppressedQuery) -> Page[SuppressedView]:
    """How many signals were held back on which day, and why: nothing is left out in silence."""
    today = call.registry.day(call.now)
    first = today - dt.timedelta(days=7) if query.since is UNSET else query.since
    last = today if query.until is UNSET else query.until
    c = suppressed.c
    async with call.store.read() as connection:
        found = select(suppressed).where(c.day >= first, c.day <= last).order_by(c.day.desc(), c.reason).limit(5000)
        rows = (await connection.execute(found)).all()
    return Page(items=tuple(SuppressedView(**row._mapping) for row in rows))


def _view(row: Row[tuple[object, ...]]) -> MatterView:
    names = ("key", "open", "size", "history", "parent_key", "number")
    return MatterView(
        **{name: getattr(row, name) for name in names},
        begin=instant(row.begin_us),
        end=instant(row.end_us),
    )


ROUTES = (
    Route(method="GET", path="/matters", call=find, scope="matters:read", tag="matters",
          zh="告警归并", en="Matters"),
    Route(method="GET", path="/suppressed", call=counts, scope="matters:read", tag="matters", whole=True,
          zh="未立案信号", en="Held back"),
)  # fmt: skip
