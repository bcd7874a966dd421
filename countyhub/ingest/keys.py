"""What the hub has ever taken, by number: the questions to `event_key` and `stream_state` that ingest asks.

A number that is not settled in its lane is new without a look at `event_key`: in the usual case that table is
only written to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest import missing
from countyhub.ingest.missing import Standing
from countyhub.store.tables import event_key, stream_state
from countyhub.store.upsert import among, given, portions, write_all


class LaneKey(NamedTuple):
    """One lane of one stream of one box."""

    box: str
    stream: str
    lane: str


class EventKey(NamedTuple):
    """What makes an event count once."""

    box: str
    stream: str
    lane: str
    seq: int


class Known(NamedTuple):
    """What the hub has under a key. `state`: stored, dead or media."""

    digest: bytes
    state: str


async def known(connection: AsyncConnection, keys: Collection[EventKey]) -> dict[EventKey, Known]:
    """Those of the keys that are taken already."""
    found: dict[EventKey, Known] = {}
    dialect = connection.dialect.name
    for some in portions(list(keys)):
        rows = await connection.execute(_known(dialect), given(dialect, _KEY, some))
        found.update({EventKey(*row[:4]): Known(row[4], row[5]) for row in rows})
    return found


async def load(connection: AsyncConnection, lanes: Collection[LaneKey]) -> dict[LaneKey, Standing]:
    """Where each of the lanes stands; those never heard of are left out."""
    found: dict[LaneKey, Standing] = {}
    dialect = connection.dialect.name
    for some in portions(list(lanes)):
        for row in await connection.execute(_standings(dialect), given(dialect, _LANE, some)):
            settled = missing.unpack(row.stored_through, row.above)
            found[LaneKey(*row[:3])] = Standing(row.oldest_kept, row.oldest_unacked, row.next, settled)
    return found


async def save(connection: AsyncConnection, standings: Mapping[LaneKey, Standing]) -> None:
    """Write where lanes stand, with the counts that follow from it."""
    if not standings:
        return
    columns = ("oldest_kept", "oldest_unacked", "next", "stored_through", "above", "missing", "lost")
    rows = [{**lane._asdict(), **_columns(standing)} for lane, standing in standings.items()]
    await write_all(connection, stream_state, rows, key=("box", "stream", "lane"), update=columns)


_KEY = (event_key.c.box, event_key.c.stream, event_key.c.lane, event_key.c.seq)
_LANE = (stream_state.c.box, stream_state.c.stream, stream_state.c.lane)


@cache
def _known(dialect: str) -> Select[Any]:
    return select(*_KEY, event_key.c.digest, event_key.c.state).where(among(dialect, _KEY))


@cache
def _standings(dialect: str) -> Select[Any]:
    c = stream_state.c
    said = (c.oldest_kept, c.oldest_unacked, c.next, c.stored_through, c.above)
    return select(*_LANE, *said).where(among(dialect, _LANE))


def _columns(standing: Standing) -> dict[str, object]:
    return {
        "oldest_kept": standing.oldest_kept,
        "oldest_unacked": standing.oldest_unacked,
        "next": standing.next,
        "stored_through": standing.stored_through,
        "above": missing.pack(standing.above),
        "missing": standing.missing.count(),
        "lost": standing.lost.count(),
    }
