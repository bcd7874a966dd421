"""What needs a person now, on every page: calls for help, red lights, and a hub that hears nothing. Only reads.

Each question is answered by an index of open cases; nothing here counts what is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import masking
from countyhub.board import BoxView
from countyhub.cases import streams
from countyhub.cases.scope import Scope
from countyhub.store.casetables import cases

SHOWN = 3
SILENT = timedelta(minutes=10)
"""A box says how it is every five minutes: if none has for so long, it is the hub that does not hear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An open call for help."""

    number: str
    title: str
    grid: str
    village: str
    township: str
    happened: datetime | None
    arrived: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`silent_since`: when the hub last heard anything at all, if that is too long ago."""

    calls: tuple[Call, ...] = ()
    more_calls: int = 0
    red: int = 0
    lost: int = 0
    silent_since: datetime | None = None

    @property
    def nothing(self) -> bool:
        return not (self.calls or self.red or self.silent_since)


async def needs(connection: AsyncConnection, scope: Scope, boxes: Iterable[BoxView], now: datetime) -> Needs:
    """As of now, of what is in sight."""
    c = cases.c
    living = (c.open, ~c.drill, c.stage != "merged", *streams.seen(scope))
    columns = (c.number, c.title, c.grid, c.village, c.township, c.happened, c.arrived)
    urgent = select(*columns).where(c.urgent, *living).order_by(c.arrived.desc(), c.number.desc()).limit(100)
    rows = (await connection.execute(urgent)).mappings().all()
    red = select(func.count()).where(c.light == "red", *living)
    known = list(boxes)
    return Needs(
        calls=tuple(Call(**{**row, "title": masking.text(row["title"])}) for row in rows[:SHOWN]),
        more_calls=max(len(rows) - SHOWN, 0),
        red=int((await connection.execute(red)).scalar_one()),
        lost=sum(box.link == "lost" for box in known),
        silent_since=silent_since(known, now),
    )


def silent_since(boxes: Iterable[BoxView], now: datetime) -> datetime | None:
    """None while one box at least was heard of late, or while there is none yet."""
    heard = max((box.last_seen for box in boxes if box.last_seen is not None), default=None)
    return heard if heard is not None and now - heard > SILENT else None
