"""The streams of a box and where each lane stands, by the box's birth and health; what is missing follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest import identityfaults, keys
from countyhub.ingest.intake import Intake
from countyhub.ingest.keys import LaneKey
from countyhub.ingest.missing import Standing
from countyhub.ingest.sorting import Entry
from countyhub.store.tables import stream, stream_state
from countyhub.store.upsert import insert, update_with
from gridwire import messages


async def report(connection: AsyncConnection, intake: Intake, listed: Sequence[messages.StreamNumbers]) -> None:
    """Take over what the box says of its streams and lanes; what is missing follows from it."""
    if not listed:
        return
    rows = [
        {
            "box": intake.box,
            "stream": numbers.stream,
            "boot": numbers.boot,
            "current": numbers.current,
            "booted": numbers.booted,
            "first_seen": intake.received,
            "listed": intake.received,
            "ended": None,
            "tail": None,
        }
        for numbers in listed
    ]
    said = ("boot", "current", "booted", "listed", "ended", "tail")
    await connection.execute(update_with(insert(connection, stream), ("box", "stream"), said), rows)
    told = {LaneKey(intake.box, numbers.stream, lane): at for numbers in listed for lane, at in numbers.lanes.items()}
    standings = await keys.load(connection, told)
    finished = {numbers.stream for numbers in listed if not numbers.current}
    back = {lane.stream for lane, at in told.items()
            if lane.stream in finished and standings.get(lane, Standing()).known >= at.next}  # fmt: skip
    await identityfaults.note_rolled_back(connection, intake.box, sorted(back), intake.received)
    await keys.save(
        connection,
        {
            lane: replace(
                standings.get(lane, Standing()),
                oldest_kept=at.oldest_kept,
                oldest_unacked=at.oldest_unacked,
                next=at.next,
            )
            for lane, at in told.items()
        },
    )


async def note_new(connection: AsyncConnection, new: Sequence[Entry], standings: Mapping[LaneKey, Standing]) -> None:
    """Streams that show first by an event of theirs, before any birth that lists them."""
    rows = {
        entry.lane[:2]: {"box": entry.key.box, "stream": entry.key.stream, "first_seen": entry.intake.received}
        for entry in new
        if entry.lane not in standings
    }
    if rows:
        await connection.execute(insert(connection, stream).on_conflict_do_nothing(), list(rows.values()))


async def end_unlisted(connection: AsyncConnection, intake: Intake, listed: set[str]) -> None:
    """Close what the box no longer keeps. Was all of it settled here by its last words, then its end is known."""
    c = stream.c
    query = select(c.stream, c.current).where(c.box == intake.box, c.ended.is_(None), c.stream.not_in(listed))
    for gone, was_current in list(await connection.execute(query)):
        complete = not was_current and await _all_settled(connection, intake.box, gone)
        await connection.execute(
            update(stream)
            .where(c.box == intake.box, c.stream == gone)
            .values(ended=intake.received, tail="complete" if complete else "unknown", current=False)
        )
        await _nothing_left(connection, intake.box, gone)


async def _lanes_of(connection: AsyncConnection, name: str, gone: str) -> dict[LaneKey, Standing]:
    c = stream_state.c
    lanes = (await connection.execute(select(c.lane).where(c.box == name, c.stream == gone))).scalars()
    return await keys.load(connection, [LaneKey(name, gone, lane) for lane in lanes])


async def _all_settled(connection: AsyncConnection, name: str, gone: str) -> bool:
    standings = await _lanes_of(connection, name, gone)
    return bool(standings) and all(standing.complete for standing in standings.values())


async def _nothing_left(connection: AsyncConnection, name: str, gone: str) -> None:
    """The box keeps nothing of it: every number up to the highest known that is not here is lost."""
    standings = await _lanes_of(connection, name, gone)
    await keys.save(connection, {lane: standing.ended for lane, standing in standings.items()})
