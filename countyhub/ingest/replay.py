"""Asks boxes for what is missing and what they still keep, a bounded piece at a time, until the holes are filled.

A hub restored from a backup heals itself by this. What no longer comes, however often it is asked for, is asked for
less and less often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import ReplaySettings
from countyhub.downlink import commands
from countyhub.ingest import keys
from countyhub.ingest.keys import LaneKey
from countyhub.ingest.missing import Standing
from countyhub.store.engine import Store
from countyhub.store.tables import box, stream, stream_state
from gridwire.ranges import RangeSet

MAX_RUNS = 100


class Asked(NamedTuple):
    """The last request for a lane: when (monotonic seconds), what, and how long to wait before the next."""

    at_s: float
    ranges: RangeSet
    pause_s: float


def next_request(last: Asked | None, missing: RangeSet, *, now_s: float, settings: ReplaySettings) -> Asked | None:
    """What to ask for now, if anything. Pure.

    Was the last piece filled, the next goes at once; did some of it come, it gets its time; did nothing come, the pause
    doubles.
    """
    piece = missing.lowest(runs=MAX_RUNS, numbers=settings.max_numbers)
    if not piece:
        return None
    if last is None:
        return Asked(now_s, piece, settings.pause_s)
    open_numbers = last.ranges.common(missing).count()
    if not open_numbers:
        return Asked(now_s, piece, settings.pause_s)
    if now_s - last.at_s < last.pause_s:
        return None
    came = open_numbers < last.ranges.count()
    pause_s = settings.pause_s if came else min(last.pause_s * 2, settings.pause_max_s)
    return Asked(now_s, piece, pause_s)


class Replay:
    """Remembers what was asked for; after a restart everything is asked for once more, which does no harm."""

    def __init__(self, store: Store, settings: ReplaySettings) -> None:
        self._store = store
        self._settings = settings
        self._asked: dict[LaneKey, Asked] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether anything was asked for and has not come."""
        return bool(self._asked)

    async def check(self) -> int:
        """Record a command for everything that is to be asked for now; returns how many."""
        async with self._store.read() as connection:
            standings = await _with_holes(connection)
        now_s = asyncio.get_running_loop().time()
        requests: dict[LaneKey, Asked] = {}
        for lane, standing in standings.items():
            request = next_request(self._asked.get(lane), standing.missing, now_s=now_s, settings=self._settings)
            if request is not None:
                requests[lane] = request
        if requests:
            async with self._store.write() as connection:
                await _record(connection, requests)
        self._asked = {lane: asked for lane, asked in self._asked.items() if lane in standings} | requests
        return len(requests)


async def _with_holes(connection: AsyncConnection) -> dict[LaneKey, Standing]:
    """The lanes with something missing, of boxes that are there."""
    s = stream_state.c
    query = (
        select(s.box, s.stream, s.lane)
        .join(stream, (stream.c.box == s.box) & (stream.c.stream == s.stream))
        .join(box, box.c.box == s.box)
        .where(s.missing > 0, stream.c.ended.is_(None), box.c.status.in_(("online", "unknown")))
    )
    found = [LaneKey(*row) for row in await connection.execute(query)]
    return await keys.load(connection, found)


async def _record(connection: AsyncConnection, requests: Mapping[LaneKey, Asked]) -> None:
    now = datetime.now(UTC)
    for lane, asked in requests.items():
        args: dict[str, object] = {"stream": lane.stream, "lane": lane.lane, "ranges": asked.ranges.to_pairs()}
        await commands.record(connection, lane.box, "replay", args, by=commands.HUB, now=now)
    c = stream_state.c
    await connection.execute(
        update(stream_state).where(tuple_(c.box, c.stream, c.lane).in_(list(requests))).values(asked=now)
    )
