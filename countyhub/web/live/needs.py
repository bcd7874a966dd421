"""What needs a person now, on every page: calls for help, red lights, cameras and boxes that stay away, and a hub that
hears nothing. Only reads.

Each question is answered by an index of open cases; nothing here counts what is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import masking
from countyhub.cases import listing
from countyhub.overview.boxviews import BoxView
from countyhub.sight.scope import Scope
from countyhub.store.casetables import cases
from countyhub.web.live.absences import Machine

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
class Trouble:
    """Machines of one sort that stay away. `name`, `path` and `since`: of the one that is away for longest."""

    count: int
    name: str
    path: str
    since: datetime | None
    lost: bool = False
    """Whether one of them went without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """`overdue_since`: when the first of the red ones was due. `silent_since`: when the hub last heard anything at all,
    if that is too long ago."""

    calls: tuple[Call, ...] = ()
    more_calls: int = 0
    red: int = 0
    overdue_since: datetime | None = None
    dark: Trouble | None = None
    away: Trouble | None = None
    silent_since: datetime | None = None

    @property
    def nothing(self) -> bool:
        return not (self.calls or self.red or self.dark or self.away or self.silent_since)


async def cases_of(connection: AsyncConnection, scope: Scope) -> Needs:
    """What cases need, of those in sight."""
    c = cases.c
    living = (c.open, ~c.drill, c.stage != "merged", *listing.seen(scope))
    columns = (c.number, c.title, c.grid, c.village, c.township, c.happened, c.arrived)
    urgent = select(*columns).where(c.urgent, *living).order_by(c.arrived.desc(), c.number.desc()).limit(100)
    rows = (await connection.execute(urgent)).mappings().all()
    overdue = select(func.count(), func.min(c.due)).where(c.light == "red", *living)
    red, overdue_since = (await connection.execute(overdue)).one()
    return Needs(
        calls=tuple(Call(**{**row, "title": masking.text(row["title"])}) for row in rows[:SHOWN]),
        more_calls=max(len(rows) - SHOWN, 0),
        red=int(red),
        overdue_since=overdue_since,
    )


@dataclass(frozen=True, slots=True)
class Machines:
    """What boxes and cameras need. `heard`: when any of them was heard of last."""

    dark: Trouble | None
    away: Trouble | None
    heard: datetime | None

    def silent_since(self, now: datetime) -> datetime | None:
        """None while one box at least was heard of late, or while there is none yet."""
        return self.heard if self.heard is not None and now - self.heard > SILENT else None


def machines_of(boxes: Iterable[BoxView], lasting: Collection[Machine]) -> Machines:
    """Of those in sight. `lasting`: what has been away for long enough."""
    known = list(boxes)
    heard = max((box.last_seen for box in known if box.last_seen is not None), default=None)
    return Machines(dark(known, lasting), away(known, lasting), heard)


def dark(boxes: Iterable[BoxView], lasting: Collection[Machine]) -> Trouble | None:
    """Cameras that stay dark."""
    found = [
        (camera.since, box, camera) for box in boxes for camera in box.cameras_bad if (box.id, camera.id) in lasting
    ]
    if not found:
        return None
    since, box, camera = min(found, key=lambda each: _longest(each[0]))
    path = f"/cameras/{box.id}/{camera.id}"
    return Trouble(count=len(found), name=f"{box.label} · {camera.name or camera.id}", path=path, since=since)


def away(boxes: Iterable[BoxView], lasting: Collection[Machine]) -> Trouble | None:
    """Boxes that stay away."""
    found = [box for box in boxes if (box.id, "") in lasting]
    if not found:
        return None
    first = min(found, key=lambda box: _longest(box.since))
    return Trouble(count=len(found), name=first.label, path=f"/boxes/{first.id}", since=first.since,
                   lost=any(box.link == "lost" for box in found))  # fmt: skip


def _longest(since: datetime | None) -> tuple[bool, float]:
    """What nobody knows the beginning of comes last."""
    return since is None, since.timestamp() if since else 0.0
