"""Sends parcels, from several processes, through crashes. What is promised (docs/decisions/0028):

A parcel is marked `sending` and committed before it is handed over, and its end is committed after. Whoever dies
between leaves it `sending`; when the claim is over it goes again under the same id if it is a call for help or the
channel knows the id; otherwise it is `unknown`: shown to people, and never sent again by itself.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.notify import people
from countyhub.notify.channel import Failed, Outcome, Parcel, Retry, Sent, Unclear
from countyhub.notify.telling import World
from countyhub.registry.forms import Person
from countyhub.store import aside
from countyhub.store.notifytables import alert, message, parcel

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=180)
"""Longer than any channel takes with its time limits at their highest."""
MINUTE = timedelta(seconds=60)
PAUSES_S = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""After the first try, the second …; half as much again by chance."""
URGENT_PAUSE_MAX_S = 20.0
URGENT_GIVE_UP = timedelta(hours=1)
"""Others: `notify.give_up_h`."""
ORDINARY_SHARE = 0.75
"""Of a lane's messages a minute: the rest is kept for calls for help."""
_LOOK_AT = 100


class Claim(NamedTuple):
    """A parcel that this process alone may send now."""

    id: int
    channel: str
    parcel: Parcel
    tries: int
    made: datetime
    taken: float
    """By the monotonic clock: one that stood still for long must not send any more."""


async def claim(connection: AsyncConnection, world: World, holder: str, limit: int, *, urgent: bool) -> list[Claim]:
    """Within a transaction that writes: marks parcels as being sent. `urgent`: only those."""
    p = parcel.c
    ready: list[ColumnElement[bool]] = [p.state == "waiting", p.due <= world.now]
    query = select(parcel).where(*ready, *([p.urgent] if urgent else []))
    rows = (await connection.execute(query.order_by(p.urgent.desc(), p.due, p.id).limit(_LOOK_AT))).all()
    rooms: dict[tuple[str, bool], int] = {}
    taken: list[Claim] = []
    for row in rows:
        if len(taken) == limit:
            break
        key = (row.lane, row.urgent)
        if key not in rooms:
            rooms[key] = await _room(connection, world, row)
        if rooms[key] <= 0:
            continue
        address = await _address(connection, world, row)
        if not address:
            await _end(connection, row.id, "failed", world.now, "no-address")
            continue
        rooms[key] -= 1
        taken.append(await _mark(connection, world, holder, row, address))
    return taken


async def _mark(connection: AsyncConnection, world: World, holder: str, row: Row[Any], address: str) -> Claim:
    marked = update(parcel).where(parcel.c.id == row.id, parcel.c.state == "waiting")
    tries = row.tries + 1
    values = {"state": "sending", "holder": holder, "due": world.now + CLAIM, "started": world.now, "tries": tries}
    await connection.execute(marked.values(**values))
    numbers = select(message.c.number).where(message.c.parcel == row.id).order_by(message.c.id)
    cases = tuple(dict.fromkeys((await connection.execute(numbers)).scalars()))
    letter = Parcel(row.sid, address, row.subject, row.text, row.urgent, cases)
    return Claim(row.id, row.channel, letter, tries, row.made, monotonic())


def is_stale(claimed: Claim) -> bool:
    """Whether so much of the claim has gone by that another process may decide before the channel answers."""
    return monotonic() - claimed.taken > CLAIM.total_seconds() / 4


async def finish(connection: AsyncConnection, world: World, holder: str, done: Claim, outcome: Outcome) -> None:
    """What became of it. If the claim ran out meanwhile, only that it was sent still counts."""
    p = parcel.c
    if isinstance(outcome, Sent):
        mine = or_(p.holder == holder, p.state == "waiting")
        sent = update(parcel).where(p.id == done.id, mine, p.state.in_(("sending", "unknown", "waiting")))
        await connection.execute(sent.values(state="sent", due=None, ended=world.now, problem=""))
        return
    held = select(p.id).where(p.id == done.id, p.holder == holder, p.state == "sending")
    if (await connection.execute(held)).first() is None:
        return
    problem = aside.storable(f"{outcome.why}: {outcome.detail}".removesuffix(": "), 500)  # the other side said it
    log.warning("message %s by %s: %s", done.parcel.id, done.channel, problem)
    if isinstance(outcome, Failed):
        await _end(connection, done.id, "failed", world.now, problem)
    elif isinstance(outcome, Unclear) and not _may_repeat(world, done.channel, done.parcel):
        await _end(connection, done.id, "unknown", world.now, problem)
    else:
        await _again(connection, world, done, outcome, problem)


async def recover(connection: AsyncConnection, world: World) -> int:
    """Within a transaction that writes: what somebody was sending who has not come back. How many there were."""
    p = parcel.c
    query = select(parcel).where(p.state == "sending", p.due <= world.now).limit(_LOOK_AT)
    left = (await connection.execute(query)).all()
    for row in left:
        letter = Parcel(row.sid, await _address(connection, world, row), "", "", row.urgent)
        log.error("message %s by %s: its process was gone while sending", row.sid, row.channel)
        if row.urgent and not await _still_calls(connection, row.id):
            await _end(connection, row.id, "dropped", world.now, "answered")
        elif _may_repeat(world, row.channel, letter):
            again = update(parcel).where(p.id == row.id)
            await connection.execute(again.values(state="waiting", due=world.now, problem="interrupted"))
        else:
            await _end(connection, row.id, "unknown", world.now, "interrupted")
    return len(left)


def _may_repeat(world: World, channel: str, letter: Parcel) -> bool:
    """Whether a second copy is better than none, or is known as the same."""
    way = world.channels.get(channel)
    return letter.urgent or (way is not None and way.repeats_safely(letter.address))


async def _again(
    connection: AsyncConnection, world: World, done: Claim, outcome: Retry | Unclear, problem: str
) -> None:
    urgent = done.parcel.urgent
    if urgent and not await _still_calls(connection, done.id):
        await _end(connection, done.id, "dropped", world.now, "answered")
        return
    give_up = URGENT_GIVE_UP if urgent else timedelta(hours=world.config.notify.give_up_h)
    if world.now - done.made > give_up:
        await _end(connection, done.id, "failed", world.now, f"expired: {problem}")
        return
    asked_s = outcome.after_s if isinstance(outcome, Retry) else None
    pause_s = PAUSES_S[min(done.tries, len(PAUSES_S)) - 1] * random.uniform(1, 1.5)
    pause_s = min(pause_s, URGENT_PAUSE_MAX_S) if urgent else pause_s
    due = world.now + timedelta(seconds=max(pause_s, asked_s or 0.0))
    waits = update(parcel).where(parcel.c.id == done.id)
    await connection.execute(waits.values(state="waiting", due=due, problem=problem[:500]))


async def _still_calls(connection: AsyncConnection, number: int) -> bool:
    """Whether the call for help that a parcel is about waits for an answer still."""
    about = select(message.c.number).where(message.c.parcel == number)
    query = select(alert.c.number).where(alert.c.number.in_(about), alert.c.ended.is_(None)).limit(1)
    return (await connection.execute(query)).first() is not None


async def _end(connection: AsyncConnection, number: int, state: str, now: datetime, problem: str) -> None:
    ended = update(parcel).where(parcel.c.id == number)
    await connection.execute(ended.values(state=state, due=None, ended=now, problem=problem[:500]))


async def _room(connection: AsyncConnection, world: World, row: Row[Any]) -> int:
    """How many more may go by this lane now. Without room, all that wait there wait until the minute is over."""
    channel, p = world.channels.get(row.channel), parcel.c
    if channel is None or channel.per_minute == 0:
        return _LOOK_AT
    most = channel.per_minute if row.urgent else max(1, int(channel.per_minute * ORDINARY_SHARE))
    recent = (p.lane == row.lane, p.started > world.now - MINUTE)
    count, oldest = (await connection.execute(select(func.count(), func.min(p.started)).where(*recent))).one()
    if count >= most:
        waits = update(parcel).where(p.lane == row.lane, p.urgent == row.urgent, p.state == "waiting",
                                     p.due <= world.now)  # fmt: skip
        await connection.execute(waits.values(due=oldest + MINUTE))
    return int(most - count)


async def _address(connection: AsyncConnection, world: World, row: Row[Any]) -> str:
    """As it is now: a wrong one may have been put right since."""
    person = world.registry.person(row.person, world.now) or Person(code=row.person, name="")
    ways = await people.ways(connection, [person], world.channels, world.config.language)
    addresses: Mapping[str, str] = ways[person.code].addresses
    return addresses.get(row.channel, "")
