"""Puts messages into parcels: a call for help at once and alone, everything else when its person may be disturbed, and
all that waits for somebody together.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.notify import people, quiet, takeover, texts
from countyhub.notify.channel import Channel
from countyhub.notify.people import Ways
from countyhub.notify.telling import World
from countyhub.registry.forms import Person
from countyhub.store import aside
from countyhub.store.notifytables import message, parcel
from gridwire.identifiers import new_ulid

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Ingest waits for the writer meanwhile."""
MAX_TOGETHER = 200


async def pack(connection: AsyncConnection, world: World, at_once: int = AT_ONCE) -> int:
    """Within a transaction that writes. How many messages were due. `at_once` 1: the first alone, in its own parcel."""
    due = (await connection.execute(_due(world).limit(at_once))).all()
    groups: dict[tuple[object, ...], list[Row[Any]]] = defaultdict(list)
    for row in due:
        groups[(row.person, row.channel, row.id if _at_once(row) else 0)].append(row)
    persons = [_person(world, code) for code in {row.person for row in due}]
    ways = await people.ways(connection, persons, world.channels, world.config.language) if persons else {}
    for rows in groups.values():
        await _group(connection, world, rows, ways[rows[0].person], MAX_TOGETHER if at_once > 1 else 1)
    return len(due)


async def put_aside(connection: AsyncConnection, world: World, error: BaseException) -> None:
    """Within a transaction that writes: the first message alone is refused again and again."""
    row = (await connection.execute(_due(world).limit(1))).one()
    log.error("message %d to %s cannot be packed, it is put aside: %s", row.id, row.person, error)
    await aside.put(connection, "notify", f"message {row.id}", error, world.now)
    failed = update(message).where(message.c.id == row.id)
    await connection.execute(failed.values(state="failed", problem="refused", due=None))


def _due(world: World) -> Select[Any]:
    query = select(message).where(message.c.due <= world.now)
    return query.order_by(message.c.urgent.desc(), message.c.due, message.c.id)


def _at_once(row: Row[Any]) -> bool:
    """A call for help; and its end, for those whom it has woken: they are up, and may be on their way."""
    return bool(row.urgent) or row.kind == takeover.KIND


def _person(world: World, code: str) -> Person:
    """Also one who has left: what was made for him fails for want of an address, and says so."""
    return world.registry.person(code, world.now) or Person(code=code, name="")


async def _group(
    connection: AsyncConnection, world: World, rows: Sequence[Row[Any]], ways: Ways, together: int
) -> None:
    first = rows[0]
    channel = world.channels.get(first.channel)
    address = ways.addresses.get(first.channel, "")
    if channel is None or not address:
        problem = "no-channel" if channel is None else "no-address"
        ids = [row.id for row in rows]
        failed = update(message).where(message.c.id.in_(ids))
        await connection.execute(failed.values(state="failed", problem=problem, due=None))
        return
    if _at_once(first):
        await _parcel(connection, world, channel, address, rows, ways)
        return
    mine = (message.c.person == first.person, message.c.channel == first.channel, message.c.state == "waiting",
            ~message.c.urgent, message.c.kind != takeover.KIND)  # fmt: skip
    allowed = await _allowed(connection, world, first.person, first.channel, ways)
    if allowed > world.now:
        await connection.execute(update(message).where(*mine).values(due=allowed))
        return
    every: Sequence[Row[Any]] = rows
    if together > 1:
        query = select(message).where(*mine).order_by(message.c.id).limit(together)
        every = (await connection.execute(query)).all()
    await _parcel(connection, world, channel, address, every, ways)


async def _allowed(connection: AsyncConnection, world: World, person: str, channel: str, ways: Ways) -> datetime:
    """When this person may be told something, by quiet hours and budget."""
    settings, now, p = world.config.notify, world.now, parcel.c
    hours = quiet.hours(ways.quiet or settings.quiet)
    over = hours.end(now, world.zone) if hours else None
    if over is not None:
        return over
    query = select(p.made).where(p.person == person, p.channel == channel, p.made > now - quiet.DAY, ~p.urgent)
    sent = (await connection.execute(query.order_by(p.made.desc()).limit(settings.per_day))).scalars().all()
    return quiet.room(sent, settings.per_hour, settings.per_day, now)


async def _parcel(
    connection: AsyncConnection, world: World, channel: Channel, address: str, rows: Sequence[Row[Any]], ways: Ways
) -> None:
    lines = list(dict.fromkeys(row.text for row in rows))
    county = world.config.name or world.config.county
    urgent = bool(rows[0].urgent)
    new = insert(parcel).values(
        sid=new_ulid(), person=rows[0].person, channel=channel.name, lane=channel.lane(address), urgent=urgent,
        subject=texts.subject(county, lines, ways.language, urgent=urgent),
        text=texts.together(lines, channel.fits, ways.language),
        made=world.now, due=world.now, state="waiting", holder="", tries=0, problem="",
    )  # fmt: skip
    number = (await connection.execute(new.returning(parcel.c.id))).scalar_one()
    packed = update(message).where(message.c.id.in_([row.id for row in rows]))
    await connection.execute(packed.values(state="packed", parcel=number, due=None))
