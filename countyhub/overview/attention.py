"""What a person has to look at: boxes that are away and cameras that are dark, numbers that are missing or were used
twice, letters that nobody could read, boxes that are not what they seem, streams whose end is unknown. Only reads, and
formats nothing but runs of numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest.missing import Standing, unpack
from countyhub.overview.boxviews import BoxView
from countyhub.store import tables as t

ATTENTION_LIMIT = 20
"""At most this many lines of each sort are shown; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something that a person has to look at: `count` of it, since when, in which lanes and numbers; `code` is the
    stream, the code of the problem, or the device."""

    kind: str
    box: str
    count: int
    code: str
    since: datetime | None
    lanes: tuple[tuple[str, str], ...] = ()
    name: str = ""
    """Of the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The attention strip: the first lines, how many more there are, and the total of the dead letters."""

    items: tuple[Attention, ...]
    more: int
    dead_letters: int


async def trouble(
    connection: AsyncConnection, ended_after: datetime, limit: int = ATTENTION_LIMIT, of: Sequence[str] | None = None
) -> Trouble:
    """What needs attention, the gravest sort first, at most `limit` of each; of the ended streams only those that ended
    after `ended_after`. `of`: of these boxes alone, and no dead letters, which belong to no place."""
    dead = await _dead(connection) if of is None else []
    found = [
        *await _identity_faults(connection, ended_after, of),
        *await _reused(connection, of),
        *dead,
        *await _missing_ranges(connection, of),
        *await _ended(connection, ended_after, of),
    ]
    shown: list[Attention] = []
    per_kind: dict[str, int] = defaultdict(int)
    for item in found:
        per_kind[item.kind] += 1
        if per_kind[item.kind] <= limit:
            shown.append(item)
    return Trouble(items=tuple(shown), more=len(found) - len(shown), dead_letters=sum(item.count for item in dead))


def with_machines(found: Trouble, boxes: Iterable[BoxView], limit: int = ATTENTION_LIMIT) -> Trouble:
    """The same with boxes that are away and cameras that are dark, those of either sort that are so for longest first;
    cameras of a box that is away are told with their box."""
    lost: list[Attention] = []
    dark: list[Attention] = []
    for box in boxes:
        if box.link in ("lost", "offline"):
            lost.append(Attention(kind="away", box=box.id, count=box.waiting, code=box.link, since=box.since))
        elif box.link == "online":
            dark += [
                Attention(kind="dark", box=box.id, count=1, code=camera.id, name=camera.name, since=camera.since)
                for camera in box.cameras_bad
                if not camera.is_online
            ]
    several = [sorted(each, key=_longest) for each in (lost, dark)]
    cut = sum(max(len(each) - limit, 0) for each in several)
    items = (*several[0][:limit], *several[1][:limit], *found.items)
    return replace(found, items=items, more=found.more + cut)


def _longest(item: Attention) -> tuple[bool, float]:
    """What nobody knows the beginning of comes last."""
    return item.since is None, item.since.timestamp() if item.since else 0.0


def _one_of(box: ColumnElement[str], of: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if of is None else box.in_(of)


async def _identity_faults(connection: AsyncConnection, after: datetime, of: Sequence[str] | None) -> list[Attention]:
    """Two machines under one id, storages that were set back: shown for some days after the last sign."""
    f = t.identity_fault.c
    query = select(f.kind, f.box, f.count, f.about, f.last_seen).where(f.last_seen > after, _one_of(f.box, of))
    rows = await connection.execute(query.order_by(f.kind.desc()))
    return [
        Attention(kind=kind, box=box, count=count, code=code, since=since) for kind, box, count, code, since in rows
    ]


async def _reused(connection: AsyncConnection, of: Sequence[str] | None) -> list[Attention]:
    r = t.number_reused.c
    query = (
        select(r.box, r.stream, r.lane, func.count(), func.min(r.seq), func.max(r.seq), func.min(r.received))
        .where(r.handled.is_(None), _one_of(r.box, of))
        .group_by(r.box, r.stream, r.lane)
        .order_by(func.max(r.received).desc())
    )
    rows = await connection.execute(query)
    return [
        Attention(
            kind="number_reused",
            box=box,
            count=count,
            code=stream,
            since=since,
            lanes=((lane, _run(first, last)),),
        )
        for box, stream, lane, count, first, last, since in rows
    ]


async def _dead(connection: AsyncConnection) -> list[Attention]:
    d = t.dead_letter.c
    query = (
        select(d.box, d.code, func.count(), func.min(d.received))
        .where(d.stored.is_(None))
        .group_by(d.box, d.code)
        .order_by(func.max(d.last_received).desc())
    )
    rows = await connection.execute(query)
    return [Attention(kind="dead", box=box, count=count, code=code, since=since) for box, code, count, since in rows]


async def _missing_ranges(connection: AsyncConnection, of: Sequence[str] | None) -> list[Attention]:
    s = t.stream_state.c
    wanted = select(t.stream_state).where(s.missing > 0, _one_of(s.box, of)).order_by(s.missing.desc())
    rows = await connection.execute(wanted)
    found = []
    for row in rows.mappings():
        settled = unpack(row["stored_through"], row["above"])
        runs = _runs(Standing(row["oldest_kept"], row["oldest_unacked"], row["next"], settled))
        found.append(
            Attention(
                kind="missing",
                box=row["box"],
                count=row["missing"],
                code=row["stream"],
                since=row["asked"],
                lanes=((row["lane"], runs),),
            )
        )
    return found


async def _ended(connection: AsyncConnection, after: datetime, of: Sequence[str] | None) -> list[Attention]:
    """Streams that the box no longer lists. Nobody can close them, so they are shown for some days only."""
    st, s = t.stream.c, t.stream_state.c
    joined = t.stream.join(t.stream_state, (st.box == s.box) & (st.stream == s.stream))
    query = (
        select(st.box, st.stream, st.ended, s.lane, s.stored_through)
        .select_from(joined)
        .where(st.ended > after, st.tail == "unknown", _one_of(st.box, of))
        .order_by(st.ended.desc(), st.stream, s.lane)
    )
    ends: dict[tuple[str, str, datetime], list[tuple[str, str]]] = defaultdict(list)
    for box, stream, ended, lane, through in await connection.execute(query):
        ends[box, stream, ended].append((lane, str(through)))
    return [
        Attention(kind="ended", box=box, count=1, code=stream, since=ended, lanes=tuple(lanes))
        for (box, stream, ended), lanes in ends.items()
    ]


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _runs(standing: Standing) -> str:
    """The first missing runs, e.g. `41–44, 52 …`."""
    missing = standing.missing.to_pairs()
    shown = ", ".join(_run(first, last) for first, last in missing[:4])
    return f"{shown} …" if len(missing) > 4 else shown
