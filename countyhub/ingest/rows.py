"""Writes what is new: events, pictures, dead letters, declared gaps, and the keys that make each count once.

Within the transaction of `inbox`, which answers for it; what is a repeat has been sorted out before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest import deadletters
from countyhub.ingest.intake import Picture
from countyhub.ingest.keys import EventKey
from countyhub.ingest.sorting import Entry
from countyhub.store import partitions
from countyhub.store.tables import counter, device_state, event, event_key, gap, media, number_reused
from countyhub.store.upsert import insert, write_all
from gridwire.codec import Arrived
from gridwire.events import DeviceState, Event, Gap

log = logging.getLogger(__name__)


async def write_new(connection: AsyncConnection, new: Sequence[Entry]) -> tuple[int, int]:
    """Store them under their keys. Returns how many events they are, and the id of the last one (0: none)."""
    ids = await _write_items(connection, new)
    if new:
        keys = [_key_columns(entry, ids[entry.key]) for entry in new]
        await write_all(connection, event_key, keys)
    return _events_of(new, ids)


async def write_readable(connection: AsyncConnection, readable: Sequence[Entry], now: datetime) -> tuple[int, int]:
    """Store what was a dead letter so far. Returns as `write_new`."""
    ids = await _write_items(connection, readable)
    for entry in readable:
        columns = _key_columns(entry, ids[entry.key])
        same = [event_key.c[name] == value for name, value in entry.key._asdict().items()]
        await connection.execute(
            update(event_key).where(*same).values(event_id=columns["event_id"], state=columns["state"])
        )
    await deadletters.dig_up(connection, [entry.key for entry in readable], now)
    return _events_of(readable, ids)


def _events_of(entries: Sequence[Entry], ids: dict[EventKey, int]) -> tuple[int, int]:
    found = [ids[entry.key] for entry in entries if isinstance(entry.item, Arrived)]
    return len(found), max(found, default=0)


async def write_reused(connection: AsyncConnection, reused: Sequence[tuple[Entry, bytes]]) -> list[Entry]:
    """Keep what came under a taken number. Returns those that had not come before."""
    fresh: list[Entry] = []
    for entry, known_digest in reused:
        statement = insert(connection, number_reused).values(
            **entry.key._asdict(),
            known_digest=known_digest,
            digest=entry.digest,
            raw=entry.item.jpeg if isinstance(entry.item, Picture) else entry.item.raw,
            received=entry.intake.received,
        )
        added = await connection.execute(statement.on_conflict_do_nothing().returning(number_reused.c.id))
        if added.first() is not None:
            fresh.append(entry)
    return fresh


async def last_event_id(connection: AsyncConnection) -> int:
    """The id of the newest event there is; 0 when there is none."""
    return int((await connection.execute(select(func.coalesce(func.max(event.c.id), 0)))).scalar_one())


async def _take_ids(connection: AsyncConnection, count: int) -> int:
    """Take so many event ids; returns the one before the first.

    Nobody else gets any before this transaction has ended: ids become visible in their order, without holes, on either
    database and with any number of processes. They outlive pruning: an id never comes again.
    """
    taken = update(counter).where(counter.c.name == "event").values(value=counter.c.value + count)
    return int((await connection.execute(taken.returning(counter.c.value))).scalar_one()) - count


async def _write_items(connection: AsyncConnection, items: Sequence[Entry]) -> dict[EventKey, int]:
    """Write the rows; returns what `event_key.event_id` is to say of each."""
    ids: dict[EventKey, int] = {}
    events: list[dict[str, object]] = []
    pictures: list[dict[str, object]] = []
    arrived = sum(isinstance(entry.item, Arrived) for entry in items)
    last_id = await _take_ids(connection, arrived) if arrived else 0
    for entry in items:
        ids[entry.key] = 0
        if isinstance(entry.item, Arrived):
            last_id += 1
            ids[entry.key] = last_id
            events.append(_event_columns(entry, entry.item, last_id))
        elif isinstance(entry.item, Picture):
            pictures.append(_picture_columns(entry, entry.item))
        else:
            ids[entry.key] = await deadletters.bury(connection, entry.intake, entry.item)
    if events:
        await _make_room(connection, {entry.intake.received for entry in items})
        await write_all(connection, event, events)
        await _note_devices(connection, items)
    if pictures:
        await write_all(connection, media, pictures)
    return ids


async def _make_room(connection: AsyncConnection, moments: Iterable[datetime]) -> None:
    """The monthly parts of the inbox that these moments need. A part that cannot be made now, because somebody reads
    everything, is made later (`store.upkeep`): until then `event_default` takes its rows."""
    if connection.dialect.name != "postgresql":
        return
    known: set[partitions.Month] = connection.sync_connection.info.setdefault("months", set())  # type: ignore[union-attr]  # a connection that is open has one
    wanted = {partitions.month_of(moment) for moment in moments} - known
    if not wanted:
        return
    try:
        async with connection.begin_nested():
            await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            await connection.run_sync(partitions.make, wanted)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        log.warning("no part of the inbox for %s now: %s", sorted(wanted), error.orig)
    known |= wanted


def _key_columns(entry: Entry, event_id: int) -> dict[str, object]:
    return {**entry.key._asdict(), "event_id": event_id, "digest": entry.digest, "state": entry.state}


def _event_columns(entry: Entry, item: Arrived, row_id: int) -> dict[str, object]:
    found: Event = item.event
    return {
        **entry.key._asdict(),
        "id": row_id,
        "event_id": found.id,
        "type": found.type,
        "subject": found.subject,
        "time": found.time,
        "recorded": found.recordedtime,
        "received": entry.intake.received,
        "clock": found.clock,
        "monotonic_ms": int(found.monotonic.replace(".", "")),  # the pattern allows exactly three decimals
        "grid": found.grid,
        "drill": bool(getattr(found.data, "drill", False)),
        "raw": item.raw,
    }


def _picture_columns(entry: Entry, item: Picture) -> dict[str, object]:
    return {
        "box": entry.key.box,
        "stream": entry.key.stream,
        "seq": entry.key.seq,
        "sha256": item.sha256,
        "size": len(item.jpeg),
        "jpeg": item.jpeg,
        "received": entry.intake.received,
    }


_GAP = ("box", "stream", "lane", "first", "last", "reason")


async def write_gaps(connection: AsyncConnection, declared: Iterable[tuple[Entry, Gap]]) -> None:
    """Keep which numbers boxes have given up, for people to see."""
    rows = [
        {
            "box": entry.key.box,
            "stream": found.stream,
            "lane": found.lane,
            "first": min(run),
            "last": max(run),
            "reason": found.reason,
            "at": entry.intake.received,
        }
        for entry, found in declared
        for run in found.ranges
    ]
    if rows:
        await write_all(connection, gap, rows, key=_GAP)


async def _note_devices(connection: AsyncConnection, items: Sequence[Entry]) -> None:
    """A device's own event shows at once, before the next health; an old one that comes late changes nothing."""
    for entry in items:
        if not isinstance(entry.item, Arrived) or not isinstance(entry.item.event.data, DeviceState):
            continue
        data, subject = entry.item.event.data, entry.item.event.subject
        said = {"state": data.state, "reason": data.reason, "detail": data.detail, "since": entry.item.event.time}
        c = device_state.c
        await connection.execute(
            update(device_state)
            .where(c.box == entry.key.box, c.device == subject, (c.since.is_(None)) | (c.since <= said["since"]))
            .values(**said, updated=entry.intake.received)
        )
