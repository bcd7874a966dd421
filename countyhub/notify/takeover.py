"""Tells those whom a call for help has woken that somebody has taken it over, by the ways by which they were woken.

Worked out from what stands in the tables: who was told of the call and not yet of its end. So it needs no memory, and
a call that was still being sent when somebody answered is followed by this once it has gone out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.notify import alerts, people, texts
from countyhub.notify.telling import FACTS, World, facts
from countyhub.registry.formparts import ROLES
from countyhub.registry.forms import Person
from countyhub.store.casetables import cases
from countyhub.store.notifytables import alert, message, parcel
from countyhub.store.upsert import insert
from gridwire.problem import Language

KIND: Final = "taken"
NEWS: Final = timedelta(hours=1)
"""So long after the answer it is worth telling: a call goes out for no longer either."""
AT_ONCE: Final = 50
_LAP: Final = 0
"""Laps of calls begin with 1: one such message for each that was woken, however often that was."""


def waiting(world: World) -> Select[Any]:
    """Persons and channels that were told of a call which has ended, and not of its end; not those who ended it."""
    told = message.alias()
    same = (told.c.reason == message.c.reason, told.c.person == message.c.person, told.c.channel == message.c.channel)
    query = select(message.c.person, message.c.channel, alert.c.reason, alert.c.ended_by, alert.c.number, *FACTS)
    query = query.join(alert, alert.c.reason == message.c.reason).join(parcel, parcel.c.id == message.c.parcel)
    return query.join(cases, cases.c.number == alert.c.number).distinct().where(
        alert.c.ended > world.now - NEWS,
        ~alert.c.drill,
        message.c.kind == "sos",
        message.c.person != alert.c.ended_by,
        parcel.c.state.in_(("sent", "unknown")),
        ~exists().where(*same, told.c.lap == _LAP),
    )  # fmt: skip


async def is_waiting(connection: AsyncConnection, world: World) -> bool:
    """Whether there is anybody to be told."""
    return (await connection.execute(waiting(world).limit(1))).first() is not None


async def tell_woken(connection: AsyncConnection, world: World) -> int:
    """Within a transaction that writes: a message for each. How many."""
    rows = (await connection.execute(waiting(world).limit(AT_ONCE))).all()
    persons = [world.registry.person(row.person, world.now) or Person(code=row.person, name="") for row in rows]
    ways = await people.ways(connection, persons, world.channels, world.config.language) if persons else {}
    for row in rows:
        language = ways[row.person].language
        text = texts.taken(facts(world, row), world.zone, language, by=office(world, row.ended_by, language))
        new = insert(connection, message).values(
            reason=row.reason, lap=_LAP, person=row.person, channel=row.channel, number=row.number, kind=KIND,
            urgent=False, text=text, made=world.now, due=world.now, state="waiting", problem="",
        )  # fmt: skip
        await connection.execute(new.on_conflict_do_nothing())
    return len(rows)


def office(world: World, by: str, language: Language) -> str:
    """Who has answered, without a name (R-WAKE-07); empty: nobody, the case is over."""
    if by == alerts.CLOSED:
        return ""
    duty = next(iter(world.registry.duties(by, world.now)), None)
    if duty is None:
        return "工作人员" if language == "zh" else "the staff"
    role = ROLES[duty.role] if language == "zh" else duty.role.replace("_", " ")
    place = world.registry.name(duty.place, world.now)
    return f"{place}{role}" if language == "zh" else f"{place} {role}".strip()
