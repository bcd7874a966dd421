"""What is to be sent on, page by page in the order of commit: events of the inbox, steps of cases."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import Config
from countyhub.feeds import envelope, topics
from countyhub.feeds.envelope import CaseStep, HubCase, HubEvent
from countyhub.registry.snapshot import Registry
from countyhub.registry.within import Belonging
from countyhub.store import aside
from countyhub.store import tables as t
from countyhub.store.casetables import case_entry, cases
from gridwire.events import KIND_OF, kind_of
from gridwire.instants import microseconds
from gridwire.topics import base

log = logging.getLogger(__name__)

_UNREADABLE = (msgspec.MsgspecError, LookupError, TypeError, ValueError)

CASE = "case"


class Item(NamedTuple):
    """One thing to be sent. `path`: the areas that it lay in then, the smallest first; `what`: the kind of an alarm."""

    row_id: int
    kind: str
    what: str
    box: str
    path: tuple[str, ...]
    event: HubEvent[Any] | HubCase

    def topic(self, county: str) -> str:
        if self.kind == CASE:
            return topics.case_topic(county, self.event.township, self.event.subject)
        return topics.event_topic(county, self.event.township, self.box, self.kind)


@dataclass(frozen=True)
class Page:
    """Items in order. `through`: every row up to this one was looked at. `unreadable`: row -> why it is left out."""

    items: Sequence[Item]
    through: int
    unreadable: Mapping[int, str] = field(default_factory=dict)


async def put_aside(connection: AsyncConnection, feed: str, unreadable: Mapping[int, str]) -> None:
    """Events that a feed leaves out for good; in the transaction that moves the cursor over them."""
    for event_id, why in unreadable.items():
        await aside.put(connection, feed, f"event {event_id}", why, datetime.now(UTC), row=event_id)


class Source(Protocol):
    """A table that only grows. `name` is short and lasts: cursors and deliveries are kept under it."""

    name: str

    async def last_id(self, connection: AsyncConnection) -> int: ...

    async def page(
        self, connection: AsyncConnection, registry: Registry, after: int, kinds: Collection[str], limit: int
    ) -> Page: ...


class EventSource:
    """The inbox."""

    name = "event"

    def __init__(self, county: str, public_url: str) -> None:
        self._county = county
        self._public_url = public_url

    async def last_id(self, connection: AsyncConnection) -> int:
        """The highest number given to an event, also to one that was pruned since."""
        query = select(t.counter.c.value).where(t.counter.c.name == "event")
        return int((await connection.execute(query)).scalar_one())

    async def page(
        self, connection: AsyncConnection, registry: Registry, after: int, kinds: Collection[str], limit: int
    ) -> Page:
        """At most `limit` events of these kinds (none named: all) with higher ids."""
        wanted = [name for name, kind in KIND_OF.items() if not kinds or kind in kinds]
        if not wanted:
            return Page((), await self.last_id(connection))
        last_id = await self.last_id(connection)  # first: what is committed after it comes with the next page
        e, s = t.event.c, t.stream.c
        joined = t.event.outerjoin(t.stream, (e.box == s.box) & (e.stream == s.stream))
        query = select(*t.event.c, s.booted).select_from(joined).where(e.id > after, e.id <= last_id)
        if len(wanted) < len(KIND_OF):
            query = query.where(e.type.in_(wanted))
        rows = (await connection.execute(query.order_by(e.id).limit(limit))).mappings().all()
        items, unreadable = [], {}
        for row in rows:
            try:
                items.append(self._item(row, registry))
            except _UNREADABLE as error:  # stored by another release: it must not hold up what comes after it
                log.error("event %d of %s is not sent on, it cannot be read: %s", row["id"], row["box"], error)
                unreadable[row["id"]] = f"{row['box']}: {type(error).__name__}: {error}"
        return Page(items, rows[-1]["id"] if len(rows) == limit else max(after, last_id), unreadable)

    def _item(self, row: Any, registry: Registry) -> Item:
        time, quality = envelope.happened(row)
        at = row["received"] if quality == "unknown" else time
        path = registry.box_path(row["box"], at)
        kind = kind_of(row["type"])
        grid = row["grid"] or registry.grid_of(row["box"], row["subject"], at) or ""
        event: HubEvent[Any] = HubEvent(
            specversion="1.0",
            id=row["event_id"],
            source=base(self._county, row["box"]),
            type=row["type"],
            subject=row["subject"],
            time=time,
            datacontenttype="application/json",
            sequence=envelope.sequence(row["id"]),
            recordedtime=row["recorded"],
            received=row["received"],
            timequality=quality,
            stream=row["stream"],
            lane=row["lane"],
            seq=row["seq"],
            grid=grid,
            drill=row["drill"],
            data=envelope.data_of(row, self._public_url),
            **_origin(registry.belonging(path, at)),
        )
        within = (*registry.ancestors(grid, at)[:1], *path) if grid else path
        return Item(row["id"], kind, _what(event.data) if kind == "alarm" else "", row["box"], within, event)


class CaseSource:
    """The timelines of all cases."""

    name = CASE

    def __init__(self, county: str) -> None:
        self._source = topics.base(county)

    async def last_id(self, connection: AsyncConnection) -> int:
        return int((await connection.execute(select(func.coalesce(func.max(case_entry.c.id), 0)))).scalar_one())

    async def page(
        self, connection: AsyncConnection, registry: Registry, after: int, kinds: Collection[str], limit: int
    ) -> Page:
        """At most `limit` steps with higher ids; none when `kinds` names others only."""
        if kinds and CASE not in kinds:
            return Page((), max(after, await self.last_id(connection)))
        entry, case = case_entry.c, cases.c
        of_case = [column for column in cases.columns if column.name not in case_entry.columns]
        joined = case_entry.join(cases, entry.number == case.number)
        query = select(*case_entry.columns, *of_case).select_from(joined).where(entry.id > after)
        rows = (await connection.execute(query.order_by(entry.id).limit(limit))).mappings().all()
        items = [self._item(row, registry) for row in rows]
        return Page(items, items[-1].row_id if items else after)

    def _item(self, row: Any, registry: Registry) -> Item:
        place = row["grid"] or row["village"] or row["township"]
        path = registry.ancestors(place, row["arrived"]) if place else ()
        where = registry.belonging(path, row["arrived"])
        step = HubCase(
            specversion="1.0",
            id=f"{row['id']}-{microseconds(row['at'])}",
            source=self._source,
            type="cn.gridwire.case.v1",
            subject=row["number"],
            time=row["at"],
            datacontenttype="application/json",
            sequence=envelope.sequence(row["id"]),
            grid=row["grid"],
            drill=row["drill"],
            data=CaseStep(**{name: row[name] for name in CaseStep.__struct_fields__}),
            **_origin(where),
        )
        return Item(row["id"], CASE, "", row["box"], path or (place,), step)


def sources(config: Config) -> list[Source]:
    """All there are."""
    return [EventSource(config.county, config.feeds.public_url), CaseSource(config.county)]


class _Alarm(msgspec.Struct):
    kind: str = ""


_alarm = msgspec.json.Decoder(_Alarm)


def _what(data: Any) -> str:
    return str(data.get("kind", "")) if isinstance(data, dict) else _alarm.decode(data).kind


def _origin(where: Belonging) -> dict[str, str]:
    return {
        "village": where.village,
        "villagename": where.village_name,
        "township": where.township,
        "townshipname": where.township_name,
    }
