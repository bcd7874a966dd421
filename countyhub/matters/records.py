"""The tables of matters: rows as they stand, cursors, and what the correlator remembers. Reads and writes, decides
nothing; all within the caller's transaction.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.correlate.matter import Handle, Matter
from countyhub.store import cursors
from countyhub.store.casetables import case_evidence
from countyhub.store.mattertables import dated, link, matter, memory, suppressed
from countyhub.store.tables import event
from countyhub.store.upsert import among, given, insert, portions, update_with, write_all

EVENTS: Final = "correlate"
LINKS: Final = "correlate-link"
_KEY: Final = (matter.c.key, matter.c.begin_us)
_SET: Final = ("end_us", "open", "size", "history", "parent_key", "parent_begin_us", "raised_us", "number")


class Known(NamedTuple):
    """A matter as its row says, and its own case, if it has one."""

    matter: Matter
    number: str | None


class Remembered(NamedTuple):
    """What a correlator was, and up to which rows; `dump` is empty when there was none."""

    event_id: int
    link_id: int
    dump: bytes


async def known(connection: AsyncConnection, handles: Iterable[Handle]) -> dict[Handle, Known]:
    """Those of the matters that are written down."""
    found: dict[Handle, Known] = {}
    dialect = connection.dialect.name
    query = select(matter).where(among(dialect, _KEY))
    for some in portions(list(handles)):
        for row in await connection.execute(query, given(dialect, _KEY, some)):
            found[row.key, row.begin_us] = known_of(row)
    return found


async def lasting(connection: AsyncConnection, since_us: int) -> dict[Handle, Known]:
    """What is open, or ended since: all that a correlator may still remember."""
    query = select(matter).where(or_(matter.c.open, matter.c.end_us >= since_us))
    return {(row.key, row.begin_us): known_of(row) for row in await connection.execute(query)}


def known_of(row: Row[Any]) -> Known:
    """A row of the table as what it says."""
    parent = None if row.parent_key is None else (row.parent_key, row.parent_begin_us)
    found = Matter(row.key, row.begin_us, row.end_us, row.open, row.size, row.history, parent, row.raised_us)
    return Known(found, row.number)


async def write(connection: AsyncConnection, matters: Sequence[Matter], numbers: Mapping[Handle, str | None]) -> None:
    """Matters as they are now; `numbers`: their cases."""
    rows = [
        {
            "key": each.key,
            "begin_us": each.begin_us,
            "end_us": each.end_us,
            "open": each.open,
            "size": each.size,
            "history": each.history,
            "parent_key": each.parent[0] if each.parent else None,
            "parent_begin_us": each.parent[1] if each.parent else None,
            "raised_us": each.raised_us,
            "number": numbers.get(each.handle),
        }
        for each in matters
    ]
    if rows:
        await write_all(connection, matter, rows, key=("key", "begin_us"), update=_SET)


async def renumber(connection: AsyncConnection, handle: Handle, number: str) -> None:
    """Another case for a matter that is as it was."""
    await connection.execute(
        update(matter).where(matter.c.key == handle[0], matter.c.begin_us == handle[1]).values(number=number)
    )


async def remove(connection: AsyncConnection, handles: Sequence[Handle]) -> None:
    """What is a part of others now, and no matter any more."""
    for some in portions(handles):
        await connection.execute(delete(matter).where(tuple_(*_KEY).in_(some)))


async def is_named(connection: AsyncConnection, key: str, number: str) -> bool:
    """Whether a matter of this key has this case."""
    query = select(matter.c.number).where(matter.c.key == key, matter.c.number == number).limit(1)
    return (await connection.execute(query)).first() is not None


async def alone(connection: AsyncConnection, key: str, number: str) -> set[Handle]:
    """The matters of this key that have this case and no parent."""
    query = select(*_KEY).where(matter.c.key == key, matter.c.number == number, matter.c.parent_key.is_(None))
    return {(row.key, row.begin_us) for row in await connection.execute(query)}


async def prove(connection: AsyncConnection, proofs: Iterable[tuple[str, int]]) -> None:
    """Events on which cases stand: number of the case, and `event.id`."""
    rows = [{"number": number, "event_id": event_id} for number, event_id in proofs]
    if rows:
        await write_all(connection, case_evidence, rows, key=("number", "event_id"))


# Where we are


async def place(connection: AsyncConnection) -> tuple[int, int]:
    """The last event and the last row of `link` that are dealt with; by the memory where nothing was ever read."""
    event_id, link_id = [await cursors.position(connection, name) for name in (EVENTS, LINKS)]
    then = await remembered(connection)
    return then.event_id if event_id is None else event_id, then.link_id if link_id is None else link_id


async def move(connection: AsyncConnection, event_id: int, link_id: int) -> None:
    """Everything up to here is dealt with."""
    await cursors.move(connection, {EVENTS: event_id, LINKS: link_id})


async def remembered(connection: AsyncConnection) -> Remembered:
    """The last dump; nothing, from the beginning, where there is none."""
    row = (await connection.execute(select(memory).where(memory.c.name == EVENTS))).one_or_none()
    if row is None:
        return Remembered(0, 0, b"")
    return Remembered(row.event_id, row.link_id, zlib.decompress(row.state) if row.state else b"")


async def remember(connection: AsyncConnection, what: Remembered, at: datetime) -> None:
    """Keeps a dump; everything that was counted by now is in it."""
    values = {"at": at, "event_id": what.event_id, "link_id": what.link_id, "state": zlib.compress(what.dump, 1)}
    statement = insert(connection, memory).values(name=EVENTS, **values)
    await connection.execute(update_with(statement, ("name",), tuple(values)))
    in_it = (dated.c.at.is_not(None), dated.c.event_id <= what.event_id)
    await connection.execute(delete(dated).where(*in_it))


async def oldest(connection: AsyncConnection, since_us: int) -> int:
    """When the oldest matter began that is open, if that was before."""
    query = select(func.min(matter.c.begin_us)).where(matter.c.open)
    return min(since_us, (await connection.execute(query)).scalar() or since_us)


async def before(connection: AsyncConnection, moment: datetime) -> tuple[int, int]:
    """The last event and the last row of `link` from before a moment; ids rise with the time of receipt but for some
    letters, so that it is found by halves."""
    low, high = 0, int((await connection.execute(select(func.max(event.c.id)))).scalar() or 0)
    while low < high:
        middle = (low + high + 1) // 2
        query = select(event.c.received).where(event.c.id <= middle, event.c.id > low)
        received = (await connection.execute(query.order_by(event.c.id.desc()).limit(1))).scalar()
        low, high = (low, middle - 1) if received is not None and received >= moment else (middle, high)
    links = select(func.max(link.c.id)).where(link.c.at < moment)
    return low, int((await connection.execute(links)).scalar() or 0)


async def note_dated(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """When events of unsure clocks are counted."""
    if rows:
        await write_all(connection, dated, rows, key=("event_id",), update=("at",))


async def take_up(connection: AsyncConnection, events: Sequence[int]) -> None:
    """Events that were passed over are counted by whoever begins next, like those that have waited for a clock."""
    if events:
        await write_all(connection, dated, [{"event_id": each, "at": None} for each in events], key=("event_id",))


# What was suppressed


async def suppressions(connection: AsyncConnection) -> dict[str, int]:
    """How many of each reason, of all days."""
    query = select(suppressed.c.reason, func.sum(suppressed.c.count).label("total")).group_by(suppressed.c.reason)
    return {row.reason: int(row.total) for row in await connection.execute(query)}


async def suppress(connection: AsyncConnection, day: date, more: Mapping[str, int]) -> None:
    """Counts more of these reasons on a day."""
    for reason, count in more.items():
        statement = insert(connection, suppressed).values(day=day, reason=reason[:300], count=count)
        changed = {"count": suppressed.c.count + count}
        await connection.execute(statement.on_conflict_do_update(index_elements=["day", "reason"], set_=changed))
