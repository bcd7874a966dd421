"""Calls for help: whom to wake next, until somebody answers. In which order says `audience.line`, after how long
`pass_on_s` of `[notify]` (`countyhub.config.notify`, two minutes); in words for people: docs/notify.md.

A row of `notify_alert` has one instant, `due`, at which the next office in line is woken. An answer is anything that
one of the staff does with the case, or `acknowledge`; it ends the call when the timeline is followed, and is looked for
once more in the transaction that would wake the next.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.lifecycle.state import Case
from countyhub.notify import audience, people
from countyhub.notify.telling import FACTS, Reason, World, facts, tell
from countyhub.store import aside
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from countyhub.store.notifytables import alert, message, parcel
from countyhub.store.upsert import insert
from gridwire.problem import Problem

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
"""A button that is pressed again so long after the answer calls anew."""
TOO_OLD = timedelta(hours=24)
LAP_PAUSE = timedelta(minutes=10)
LAP_PAUSE_MAX = timedelta(hours=1)
"""When everybody was woken and nobody answered, it begins again: after 10 minutes, 20, 40, then every hour."""
AT_ONCE = 20
DRILL = "drill"
CLOSED = "closed"


class NoSuchCall(Problem):
    code = "notify.no-such-call"
    en = "no call for help of case {number} waits for an answer"
    zh = "案件 {number} 没有等待响应的紧急求助"


async def begin(connection: AsyncConnection, row: Row[Any], case: Case, now: datetime) -> None:
    """At a line of the timeline that calls. One that is a day old, or was answered a moment ago, wakes nobody."""
    if case.history or now - row.at > TOO_OLD:
        return
    fresh = {
        "reason": row.id, "lap": 1, "step": 0, "drill": case.drill, "opened": now, "due": now, "ended": None,
        "ended_by": "",
    }  # fmt: skip
    new = insert(connection, alert).values(number=row.number, **fresh).on_conflict_do_nothing()
    if (await connection.execute(new)).rowcount == 1 or row.act != "joined":
        return
    over = (alert.c.number == row.number, alert.c.ended < row.at - AGAIN_AFTER)
    await connection.execute(update(alert).where(*over).values(**fresh))


def answers(row: Row[Any]) -> bool:
    """Whether a line of the timeline is an answer: one of the staff has done something. It ends the call from then on,
    not from when the next would be woken: who presses again long after it is not held back by what was answered."""
    return row.role in audience.STAFF and row.act not in audience.CALLS


async def due(connection: AsyncConnection, world: World) -> Sequence[str]:
    """The calls whose next in line is to be woken."""
    query = select(alert.c.number).where(alert.c.due <= world.now).order_by(alert.c.due).limit(AT_ONCE)
    return (await connection.execute(query)).scalars().all()


async def put_aside(connection: AsyncConnection, world: World, number: str, error: BaseException) -> None:
    """Within a transaction that writes: this call alone is refused; it is tried again when the next would be woken."""
    log.error("call for help %s wakes nobody, tell them by other ways: %s", number, error)
    await aside.put(connection, "notify", f"case {number} sos", error, world.now)
    later = world.now + timedelta(seconds=world.config.notify.pass_on_s)
    await connection.execute(update(alert).where(alert.c.number == number).values(due=later))


async def wake(connection: AsyncConnection, world: World, numbers: Sequence[str]) -> int:
    """Within a transaction that writes: goes one step further with each of these that is due. How many they were."""
    for number in numbers:
        row = (await connection.execute(select(alert).where(alert.c.number == number))).one()
        if row.due is None or row.due > world.now:  # another process was first, or it ended with the one before
            continue
        answered = await _answered(connection, row)
        if answered is not None:
            await end(connection, row.number, answered, world.now)
        elif await _twins(connection, row.number, before=row.opened):
            later = world.now + timedelta(seconds=world.config.notify.pass_on_s)
            await connection.execute(update(alert).where(alert.c.number == row.number).values(due=later))
        else:
            await _next(connection, world, row)
    return len(numbers)


async def acknowledge(store: Store, number: str, by: str, now: datetime) -> None:
    """Somebody has answered. Raises `NoSuchCall`, `store.engine.UNAVAILABLE`."""
    async with store.write() as connection:
        if not await end(connection, number, by, now):
            raise NoSuchCall(number=number)


async def end(connection: AsyncConnection, number: str, by: str, now: datetime) -> bool:
    """Nobody else is woken, and what has not gone out yet does not go. False when it had ended before. Who answers has
    answered every call of the same button."""
    twins = await _twins(connection, number) if by != CLOSED else ()
    done = await _end_one(connection, number, by, now)
    for twin in twins:
        await _end_one(connection, twin, by, now)
    return done


async def _twins(connection: AsyncConnection, number: str, before: datetime | None = None) -> Sequence[str]:
    """Other calls of the same button without an answer; `before`: begun earlier. Somebody in need presses often."""
    mine = select(cases.c.box, cases.c.device, cases.c.drill).where(cases.c.number == number).subquery()
    same = (
        cases.c.box == mine.c.box,
        cases.c.device == mine.c.device,
        cases.c.drill == mine.c.drill,
        cases.c.device != "",
    )
    query = select(alert.c.number).join(cases, cases.c.number == alert.c.number).join(mine, and_(*same))
    query = query.where(alert.c.number != number, alert.c.ended.is_(None))
    if before is not None:
        query = query.where(or_(alert.c.opened < before, and_(alert.c.opened == before, alert.c.number < number)))
    return (await connection.execute(query)).scalars().all()


async def _end_one(connection: AsyncConnection, number: str, by: str, now: datetime) -> bool:
    ended = update(alert).where(alert.c.number == number, alert.c.ended.is_(None))
    if (await connection.execute(ended.values(due=None, ended=now, ended_by=by[:64]))).rowcount != 1:
        return False
    problem = "closed" if by == CLOSED else "answered"
    mine = (message.c.number == number, message.c.urgent)
    gone = {"state": "dropped", "problem": problem, "due": None}
    await connection.execute(update(message).where(*mine, message.c.state == "waiting").values(**gone))
    packed = select(message.c.parcel).where(*mine, message.c.parcel.is_not(None))
    stale = update(parcel).where(parcel.c.id.in_(packed), parcel.c.state == "waiting")
    await connection.execute(stale.values(**gone, ended=now))
    return True


async def _answered(connection: AsyncConnection, row: Row[Any]) -> str | None:
    """Who has; or `closed` when the case is over."""
    e = case_entry.c
    query = select(e.actor).where(
        e.number == row.number, e.id > row.reason, e.role.in_(audience.STAFF), e.act.not_in(audience.CALLS)
    )
    actor = (await connection.execute(query.order_by(e.id).limit(1))).scalar()
    if actor is not None:
        return str(actor)
    is_open = (await connection.execute(select(cases.c.open).where(cases.c.number == row.number))).scalar()
    return None if is_open else CLOSED


async def _next(connection: AsyncConnection, world: World, row: Row[Any]) -> None:
    """Wakes the next office in line at which somebody can be reached."""
    case = (await connection.execute(select(cases.c.number, *FACTS).where(cases.c.number == row.number))).one()
    places = {"grid": case.grid, "village": case.village, "township": case.township, "county": world.config.county}
    line = audience.line(**places)
    reason = Reason(row.reason, row.lap, row.number, "sos", urgent=not row.drill, drill=row.drill)
    for step in range(row.step, len(line)):
        woken = people.at_place(world.registry, *line[step], world.now)
        if await tell(connection, world, reason, woken, facts(world, case)):
            log.warning("call for help %s: woke %s", row.number, line[step][0])
            await _told(connection, world, row, step + 1)
            return
    if row.step == 0:
        log.error("call for help %s reaches nobody at all: see countyhub notify list", row.number)
    await _lap(connection, world, row)


async def _told(connection: AsyncConnection, world: World, row: Row[Any], step: int) -> None:
    if row.drill:  # shows that the button works; nobody else is troubled
        await connection.execute(
            update(alert).where(alert.c.number == row.number).values(due=None, ended=world.now, ended_by=DRILL)
        )
        return
    due = world.now + timedelta(seconds=world.config.notify.pass_on_s)
    await connection.execute(update(alert).where(alert.c.number == row.number).values(step=step, due=due))


async def _lap(connection: AsyncConnection, world: World, row: Row[Any]) -> None:
    """Everybody was woken: once more after a while."""
    pause = min(LAP_PAUSE * 2 ** min(row.lap - 1, 10), LAP_PAUSE_MAX)
    again = {"lap": row.lap + 1, "step": 0, "due": world.now + pause}
    log.error("call for help %s: nobody has answered, all were woken; again in %s", row.number, pause)
    await connection.execute(update(alert).where(alert.c.number == row.number).values(**again))
