"""Which events of the inbox a case stands on: the first ones of its matter, some of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.correlate.matter import SECOND_US, Matter, alarm_key, parts_of
from countyhub.correlate.signals import Signal
from countyhub.matters.kinds import What
from countyhub.store.tables import event
from gridwire.events import TYPE_OF, DeviceState
from gridwire.instants import microseconds

MANY: Final = 20
"""Of one matter. A shower makes thousands of alarms; the first ones, with their pictures, tell what it is."""
_BACK: Final = 500
_NEAR_US: Final = 120 * SECOND_US


class Sign(NamedTuple):
    """An event and the true time at which it counts."""

    event_id: int
    at_us: int


def signs(signals: Sequence[tuple[Signal, int]], matters: Sequence[Matter]) -> dict[str, list[Sign]]:
    """Events of a page by the key of the matter that they may belong to; an old one may need some for another case."""
    devices = {parts_of(matter.key).names[:2] for matter in matters}
    found: dict[str, list[Sign]] = {}
    for signal, event_id in signals:
        if event_id and (signal.box, signal.device) in devices:
            found.setdefault(key_of(signal), []).append(Sign(event_id, signal.at_us))
    return found


def key_of(signal: Signal) -> str:
    """The key of the matter that a signal makes by itself."""
    if signal.what == "alarm":
        return alarm_key(signal.box, signal.device, signal.kind, signal.rule, drill=signal.drill)
    return f"offline/{signal.box}/{signal.device}"


async def of(
    connection: AsyncConnection, matter: Matter, found: What, page: Mapping[str, Sequence[Sign]]
) -> tuple[int, ...]:
    """The events of a matter that is about to get a case: of this page, or what its device said when it began."""
    near = [sign.event_id for sign in page.get(matter.key, ()) if matter.begin_us <= sign.at_us <= matter.end_us]
    if near or not found.box or parts_of(matter.key).head == "alarm":
        return tuple(near[:MANY])
    c = event.c
    query = select(c.id, c.subject, c.type, c.time).where(c.box == found.box).order_by(c.id.desc()).limit(_BACK)
    told = [
        row.id
        for row in await connection.execute(query)
        if row.type == TYPE_OF[DeviceState]
        and found.device in ("", row.subject)
        and matter.begin_us - _NEAR_US <= microseconds(row.time) <= matter.end_us + _NEAR_US
    ]
    return tuple(sorted(told)[:MANY])
