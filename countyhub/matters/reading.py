"""Reads the inbox and the links on from where the last page ended, as signals and as what persons say.

An event of a box that does not know the time yet waits a little for it (`dated`), so that a backlog of yesterday does
not count as of now; when it counts is written down, so that whoever reads it again counts it the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import BigInteger, Select, and_, case, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.correlate.signals import LATE_US, Signal, of_data, of_link
from countyhub.ingest.truetime import true_time
from countyhub.store.mattertables import dated, link
from countyhub.store.tables import event, stream
from countyhub.store.worktables import aside
from gridwire.events import TYPE_OF, Alarm, Data, DeviceState, Rating, Request, Sos
from gridwire.instants import instant, microseconds

log = logging.getLogger(__name__)

PAGE: Final = 4000
CLOCK_WAIT: Final = timedelta(minutes=2)
"""So long after a stream was first seen its events wait for its clock: after a power cut a box asks for the time."""
_EVERY: Final = (1 << 62, 1 << 62)
D = TypeVar("D")


class _Body(msgspec.Struct, Generic[D], frozen=True):
    """Of an event what is asked for here; reading the rest of it costs more than this."""

    data: D


_decoders: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    TYPE_OF[Alarm]: msgspec.json.Decoder(_Body[Alarm]),
    TYPE_OF[DeviceState]: msgspec.json.Decoder(_Body[DeviceState]),
    TYPE_OF[Request]: msgspec.json.Decoder(_Body[Request]),
    TYPE_OF[Sos]: msgspec.json.Decoder(_Body[Sos]),
    TYPE_OF[Rating]: msgspec.json.Decoder(_Body[Rating]),
}
_PERSONS: Final = (Request, Sos, Rating)
_e = event.c
NAME: Final = "correlate"
"""Whose this reading is: cursor, lease, and what was put aside."""
_passed_over = _e.id.in_(select(aside.c.row).where(aside.c.work == NAME))
_wanted = _e.type.in_(list(_decoders)) & ~_passed_over
_COLUMNS = (
    _e.id, _e.box, _e.stream, _e.lane, _e.seq, _e.type, _e.subject,
    *(type_coerce(column, BigInteger).label(column.name) for column in (_e.received, _e.time, _e.recorded)),
    case((_wanted, _e.raw), else_=None).label("raw"), _e.clock, _e.monotonic_ms,
)  # fmt: skip
"""Times as microseconds: making datetimes of them would take as long as all the rest."""


class Said(NamedTuple):
    """What a person said at a terminal: an event of the inbox. `happened`: its true time, None while unknown."""

    event_id: int
    box: str
    device: str
    name: str
    data: Request | Sos | Rating
    happened: datetime | None
    received: datetime


@dataclass
class Page:
    """What was read. `signals`: with the event's id, 0 for those of links. `dated`: rows to be written with it.

    `full`: there may be more. `count`: rows that were read. `waits`: some events wait for their box's clock.
    `unreadable`: event -> why.
    """

    event_id: int
    link_id: int
    signals: list[tuple[Signal, int]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    dated: list[dict[str, Any]] = field(default_factory=list)
    full: bool = False
    count: int = 0
    waits: bool = False
    unreadable: dict[int, str] = field(default_factory=dict)

    @property
    def events(self) -> list[int]:
        """All whose meaning is written down with this page."""
        told = (*(event_id for _, event_id in self.signals), *(each.event_id for each in self.said))
        return sorted({*told, *(row["event_id"] for row in self.dated)} - {0})

    def add(self, other: Page) -> None:
        """What another page holds, beside this one's."""
        self.signals += other.signals
        self.said += other.said
        self.dated += other.dated
        self.count += other.count
        self.waits |= other.waits
        self.unreadable |= other.unreadable


async def page(
    connection: AsyncConnection, event_id: int, link_id: int, *, upto: tuple[int, int] = _EVERY, size: int = PAGE
) -> Page:
    """What comes after these two ids, at most `size` of each, and nothing behind `upto`."""
    found = Page(event_id, link_id)
    query = select(*_COLUMNS).where(_e.id > event_id, _e.id <= upto[0]).order_by(_e.id).limit(size)
    rows = (await connection.execute(query)).all()
    gone = select(link).where(link.c.id > link_id, link.c.id <= upto[1]).order_by(link.c.id).limit(size)
    links = (await connection.execute(gone)).all()
    found.count = len(rows) + len(links)
    if rows:
        found.event_id = rows[-1].id
        await _take(connection, [row for row in rows if row.raw is not None], found)
    for row in links:
        signal = of_link(row.box, connected=row.connected, connection=row.connection, boot=row.boot, at=row.at)
        found.signals.append((signal, 0))
        found.link_id = row.id
    found.full = len(rows) == size or len(links) == size
    return found


async def waited(connection: AsyncConnection, now: datetime, size: int = PAGE) -> Page:
    """Events that waited for a clock and need wait no longer. Its ids mean nothing."""
    due = or_(stream.c.booted.is_not(None), stream.c.first_seen < now - CLOCK_WAIT, stream.c.stream.is_(None))
    query = _joined().add_columns(due.label("due")).where(dated.c.at.is_(None), ~_passed_over)
    found = Page(0, 0)
    for row in (await connection.execute(query.order_by(_e.id).limit(PAGE))).all():
        found.waits |= not row.due or found.count == size
        if not row.due or found.count == size:
            continue
        found.count += 1
        at_us = _true_us(row, row.booted)
        found.dated.append({"event_id": row.id, "at": instant(row.received if at_us is None else at_us)})
        _add(found, row, at_us)
    return found


async def counted(connection: AsyncConnection) -> Page:
    """Events that were counted at a moment that is written down: those that waited longer than a dump is old."""
    found = Page(0, 0)
    for row in (
        await connection.execute(_joined().where(dated.c.at.is_not(None), ~_passed_over).order_by(_e.id))
    ).all():
        _add(found, row, microseconds(row.at))
    return found


def _joined() -> Select[Any]:
    same_stream = and_(stream.c.box == _e.box, stream.c.stream == _e.stream)
    joined = dated.join(event, _e.id == dated.c.event_id).outerjoin(stream, same_stream)
    return select(*_COLUMNS, dated.c.at, stream.c.booted).select_from(joined)


async def _take(connection: AsyncConnection, rows: Sequence[Any], found: Page) -> None:
    unsure = [row for row in rows if row.clock != "synced"]
    clocks = await _clocks(connection, unsure) if unsure else {}
    known = await _known(connection, [row.id for row in unsure]) if unsure else {}
    for row in rows:
        if row.clock == "synced":
            _add(found, row, row.time)
        elif row.id not in known:
            _unsure(found, row, *clocks.get((row.box, row.stream), (None, instant(row.received))))
        elif (at := known[row.id]) is not None:  # read again: it counts as it did, or waits still
            _add(found, row, microseconds(at))


def _unsure(found: Page, row: Any, booted: datetime | None, first_seen: datetime) -> None:
    """An event of a box without a right clock: by the box's true time of boot, else it waits, else as of now."""
    at_us = _true_us(row, booted)
    may_wait = row.type in (TYPE_OF[Alarm], TYPE_OF[DeviceState])
    if at_us is None and may_wait and row.received <= microseconds(first_seen + CLOCK_WAIT):
        found.dated.append({"event_id": row.id, "at": None})
        found.waits = True
        return
    found.dated.append({"event_id": row.id, "at": instant(row.received if at_us is None else at_us)})
    _add(found, row, at_us)


def _add(found: Page, row: Any, happened_us: int | None) -> None:
    event_id, box, stream_, lane, seq, kind, device, received_us, _, _, raw, *_ = row  # by name it takes twice as long
    try:
        data: Data = _decoders[kind].decode(raw).data
    except msgspec.DecodeError as error:  # stored by another release: one event must not hold up all others
        log.error("event %d of %s makes no matter, it cannot be read: %s", event_id, box, error)
        found.unreadable[event_id] = f"{box}: {error}"
        return
    at_us = received_us if happened_us is None else happened_us
    late = received_us - at_us > LATE_US
    signal = of_data(data, box, device, f"{stream_}/{lane}", seq, at_us, late=late)
    if signal is not None:
        found.signals.append((signal, event_id))
    elif isinstance(data, _PERSONS):
        name = f"{box}/{stream_}/{lane}/{seq}"
        happened = None if happened_us is None else instant(happened_us)
        found.said.append(Said(event_id, box, device, name, data, happened, instant(received_us)))


def _true_us(row: Any, booted: datetime | None) -> int | None:
    at = true_time(
        instant(row.time), instant(row.recorded), clock=row.clock, monotonic_ms=row.monotonic_ms, booted=booted
    )
    return None if at is None else microseconds(at)


async def _clocks(
    connection: AsyncConnection, rows: Iterable[Any]
) -> dict[tuple[str, str], tuple[datetime | None, datetime]]:
    """Of each stream: the true time of its monotonic zero, and when it was first seen."""
    c = stream.c
    wanted = {row.stream for row in rows}
    query = select(c.box, c.stream, c.booted, c.first_seen).where(c.stream.in_(wanted))
    return {(row.box, row.stream): (row.booted, row.first_seen) for row in await connection.execute(query)}


async def _known(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, datetime | None]:
    query = select(dated.c.event_id, dated.c.at).where(dated.c.event_id.in_(ids))
    return {row.event_id: row.at for row in await connection.execute(query)}
