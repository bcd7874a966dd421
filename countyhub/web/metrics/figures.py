"""What the metrics say beside the console's snapshot, found out in one consistent read of the database.

Every question is answered by an index or by few rows, so that a county with years behind it is asked as fast as a new
one. Drills are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import Config
from countyhub.store import aside
from countyhub.store import tables as t
from countyhub.store.casetables import cases
from countyhub.store.hooktables import webhook, webhook_delivery
from countyhub.store.identitytables import box_identity, certificate
from countyhub.store.mattertables import suppressed
from countyhub.store.notifytables import alert, parcel
from countyhub.store.worktables import lease
from countyhub.web.metrics import lags
from countyhub.web.metrics.lags import Behind

RECENT_PARCELS: Final = 5_000
"""Among so many of the newest those that failed are counted: some days of a county, and always fast."""

_BEGINNING: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Open cases: by light and stage, overdue by level, moved up by the hub by level; `step_due`: when the oldest
    change was due that the hub has not made yet."""

    standing: Mapping[tuple[str, str], int]
    overdue: Mapping[str, int]
    escalated: Mapping[str, int]
    guessed: int
    step_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls for help that nobody has answered: how many, since when the first, how often everybody was woken."""

    count: int
    since: datetime | None
    laps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Webhooks by state (one that is active and not taken is `failing`), deliveries by state, the oldest that waits."""

    states: Mapping[str, int]
    deliveries: Mapping[str, int]
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything, as of `at`. Certificates: box -> when the newest one in use ends."""

    at: datetime
    cases: Cases
    calls: Calls
    parcels: Mapping[str, int]
    hooks: Hooks
    behind: Mapping[str, Behind]
    leases: Mapping[str, bool]
    suppressed: Mapping[str, int]
    last_event: datetime | None
    last_message: datetime | None
    reused: int
    aside: Mapping[str, int]
    certificates: Mapping[str, datetime]


async def gather(connection: AsyncConnection, config: Config, day: date, now: datetime) -> Figures:
    """`day`: the county's, of `now`. Raises one of `store.engine.UNAVAILABLE`."""
    last = select(t.event.c.received).order_by(t.event.c.id.desc()).limit(1)
    return Figures(
        at=now,
        cases=await _cases(connection, now),
        calls=await _calls(connection),
        parcels=await _parcels(connection),
        hooks=await _hooks(connection),
        behind=await lags.behind(connection, lags.working(config)),
        leases={row.name: row.until > now for row in await connection.execute(select(lease))},
        suppressed=await _suppressed(connection, day),
        last_event=(await connection.execute(last)).scalar(),
        last_message=(await connection.execute(select(func.max(t.box.c.last_seen)))).scalar(),
        reused=int(await _count(connection, t.number_reused.c.id, t.number_reused.c.handled.is_(None))),
        aside=await aside.counts(connection),
        certificates=await _certificates(connection),
    )


async def _count(connection: AsyncConnection, what: object, *where: object) -> int:
    return int((await connection.execute(select(func.count(what)).where(*where))).scalar_one())  # type: ignore[arg-type]


async def _cases(connection: AsyncConnection, now: datetime) -> Cases:
    c = cases.c
    columns = (c.light, c.stage, c.level, c.guessed)
    moved, over = func.sum(c.escalated), func.sum((c.due < now).cast(c.escalated.type))
    query = select(*columns, func.count(), moved, over).where(c.open, ~c.drill).group_by(*columns)
    standing: Counter[tuple[str, str]] = Counter()
    overdue: Counter[str] = Counter()
    escalated: Counter[str] = Counter()
    guessed = 0
    for light, stage, level, is_guessed, number, times, late in await connection.execute(query):
        standing[light, stage] += number
        escalated[level] += int(times or 0)
        overdue[level] += int(late or 0)
        guessed += number if is_guessed else 0
    due = (await connection.execute(select(func.min(c.next_instant)).where(c.next_instant <= now))).scalar()
    return Cases(standing=standing, overdue=overdue, escalated=escalated, guessed=guessed, step_due=due)


async def _calls(connection: AsyncConnection) -> Calls:
    a = alert.c
    query = select(func.count(), func.min(a.opened), func.max(a.lap)).where(a.due.is_not(None), ~a.drill)
    count, since, laps = (await connection.execute(query)).one()
    return Calls(count=count, since=since, laps=laps or 0)


async def _parcels(connection: AsyncConnection) -> dict[str, int]:
    """What is under way by its index; what failed among the newest."""
    p = parcel.c
    newest = (await connection.execute(select(func.max(p.id)))).scalar() or 0
    found: dict[str, int] = {}
    for where, states in (
        (p.due > _BEGINNING, ("waiting", "sending")),  # `IS NOT NULL` does not use the index in SQLite
        (p.id > newest - RECENT_PARCELS, ("unknown", "failed")),
    ):
        query = select(p.state, func.count()).where(where, p.state.in_(states)).group_by(p.state)
        found |= {row[0]: row[1] for row in await connection.execute(query)}
    return found


async def _hooks(connection: AsyncConnection) -> Hooks:
    w, d = webhook.c, webhook_delivery.c
    states: Counter[str] = Counter()
    deliveries: Counter[str] = Counter()
    waiting: list[datetime] = []
    for row in (await connection.execute(select(w.id, w.state, w.failing_since))).all():
        states["failing" if row.state == "active" and row.failing_since else row.state] += 1
        for state in ("waiting", "dead"):
            mine = (d.webhook == row.id, d.state == state)
            deliveries[state] += await _count(connection, d.id, *mine)
        first = select(d.created).where(d.webhook == row.id, d.state == "waiting").order_by(d.id).limit(1)
        waiting += (await connection.execute(first)).scalars()
    return Hooks(states=states, deliveries=deliveries, waiting_since=min(waiting, default=None))


async def _suppressed(connection: AsyncConnection, day: date) -> dict[str, int]:
    """Of this day; all windows count as one, since their names are without end."""
    counts: Counter[str] = Counter()
    query = select(suppressed.c.reason, suppressed.c["count"]).where(suppressed.c.day == day)
    for reason, count in await connection.execute(query):
        counts[reason.partition("/")[0]] += count
    return counts


async def _certificates(connection: AsyncConnection) -> dict[str, datetime]:
    c, i = certificate.c, box_identity.c
    query = (
        select(c.box, func.max(c.expires))
        .join(box_identity, i.box == c.box)
        .where(c.revoked.is_(None), i.state.in_(("active", "leaving")))
        .group_by(c.box)
    )
    return {row.box: row[1] for row in await connection.execute(query)}
