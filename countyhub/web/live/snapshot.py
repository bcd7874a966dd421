"""One look at the hub, for the head of the page, the boxes, the attention strip, and the machines that ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from countyhub.overview import attention, boxviews
from countyhub.store import tables as t
from countyhub.store.casetables import case_entry
from countyhub.web.live.absences import Machine
from countyhub.web.live.today import Counts, Place, Today

Read = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
ENDED_SHOWN = timedelta(days=7)
"""An ended stream is shown so long: nobody can do more about it than ask."""


class Readable(Protocol):
    """What `countyhub.store.engine.Store` offers: connections that only read."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


def reader(database: AsyncEngine | Readable) -> Read:
    """How to get a connection from a plain engine or from the hub's store."""
    return database.connect if isinstance(database, AsyncEngine) else database.read


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The numbers of the page's head. `dead_letters` None: those belong to no place, and are for who sees all."""

    boxes: int
    online: int
    offline: int
    lost: int
    unknown: int
    today: Counts
    missing: int
    dead_letters: int | None
    cameras: int
    cameras_online: int
    cameras_intact: int
    cameras_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything on the page but the events; `last_id` is the newest event that it knows of, `last_entry` the newest
    line of the cases' timelines. `today`: what happened, by place. `lasting`: what has been away for long enough that a
    person is told; `silent`: that no box has been heard of for so long."""

    last_id: int
    summary: Summary
    trouble: attention.Trouble
    boxes: tuple[boxviews.BoxView, ...]
    last_entry: int = 0
    today: Mapping[Place, Counts] = field(default_factory=dict)
    lasting: frozenset[Machine] = frozenset()
    silent: bool = False


async def take(
    connection: AsyncConnection, today: Today, now: datetime | None = None, known: Snapshot | None = None
) -> Snapshot:
    """A snapshot as of now, in one consistent read. Of `known` the boxes are taken as they were: they are the greater
    part of the work, and change without an event."""
    moment = now or datetime.now(UTC)
    last_id = (await connection.execute(select(func.coalesce(func.max(t.event.c.id), 0)))).scalar_one()
    last_entry = (await connection.execute(select(func.coalesce(func.max(case_entry.c.id), 0)))).scalar_one()
    counts = await today.update(connection, moment)
    if known is not None:
        summary = replace(known.summary, today=counts)
        return replace(
            known, last_id=int(last_id), last_entry=int(last_entry), summary=summary, today=dict(today.places)
        )
    boxes = await boxviews.boxes(connection)
    trouble = await attention.trouble(connection, moment - ENDED_SHOWN)
    return Snapshot(
        last_id=int(last_id),
        last_entry=int(last_entry),
        summary=summary_of(boxes, trouble.dead_letters, counts),
        trouble=attention.with_machines(trouble, boxes),
        boxes=tuple(boxes),
        today=dict(today.places),
    )


def summary_of(boxes: Sequence[boxviews.BoxView], dead_letters: int | None, counts: Counts) -> Summary:
    links = [box.link for box in boxes]
    online, offline, lost = (links.count(link) for link in ("online", "offline", "lost"))
    return Summary(
        boxes=len(boxes),
        online=online,
        offline=offline,
        lost=lost,
        unknown=len(boxes) - online - offline - lost,
        today=counts,
        missing=sum(box.missing for box in boxes),
        dead_letters=dead_letters,
        cameras=sum(len(box.cameras) for box in boxes),
        cameras_online=sum(box.cameras_online for box in boxes),
        cameras_intact=sum(box.cameras_intact for box in boxes),
        cameras_unknown=sum(len(box.cameras) for box in boxes if box.link != "online"),
    )


def zone_of(name: str) -> ZoneInfo:
    """The time zone; raises `ZoneInfoNotFoundError` at start-up rather than at the first page."""
    return ZoneInfo(name)
