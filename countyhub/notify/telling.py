"""Tells somebody something of a case: a message for each person and each way to them, in the person's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.config import Config
from countyhub.notify import people, texts
from countyhub.notify.channel import Channel
from countyhub.notify.people import Ways
from countyhub.notify.texts import Facts
from countyhub.registry.forms import Person
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import cases
from countyhub.store.notifytables import message
from countyhub.store.upsert import insert

FACTS = (
    cases.c.category, cases.c.grid, cases.c.village, cases.c.township, cases.c.box, cases.c.device, cases.c.urgent,
    cases.c.due, cases.c.happened, cases.c.arrived,
)  # fmt: skip
"""Columns that `facts` asks for, beside `number`."""


class World(NamedTuple):
    """What every step needs to know."""

    config: Config
    registry: Registry
    channels: Mapping[str, Channel]
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.registry.zone


class Reason(NamedTuple):
    """Why somebody is told: `id` is case_entry.id; `lap` and `urgent` are of calls for help."""

    id: int
    lap: int
    number: str
    kind: str
    urgent: bool = False
    drill: bool = False


async def tell(
    connection: AsyncConnection, world: World, reason: Reason, persons: Sequence[Person], known: Facts
) -> int:
    """A message to each by each way; an address that several share is told once. How many persons are reached; one whom
    nothing reaches gets a failed message that says so."""
    if not persons:
        return 0
    found = await people.ways(connection, persons, world.channels, world.config.language)
    rows, seen, reached = [], set(), 0
    for person in persons:
        ways = found[person.code]
        text = _text(world, reason, known, ways)
        reached += bool(ways.addresses)
        for channel, address in ways.addresses.items():
            if (channel, address) not in seen:
                seen.add((channel, address))
                rows.append(_row(world, reason, person.code, channel, text))
        if not ways.addresses:
            rows.append(_row(world, reason, person.code, "", text))
    new = insert(connection, message).on_conflict_do_nothing(index_elements=["reason", "lap", "person", "channel"])
    await connection.execute(new, rows)
    return reached


def _row(world: World, reason: Reason, person: str, channel: str, text: str) -> dict[str, Any]:
    wait_s = 0.0 if reason.urgent else world.config.notify.gather_s
    return {
        "reason": reason.id, "lap": reason.lap, "person": person, "channel": channel, "number": reason.number,
        "kind": reason.kind, "urgent": reason.urgent, "text": text, "made": world.now,
        "due": world.now + timedelta(seconds=wait_s) if channel else None,
        "state": "waiting" if channel else "failed", "problem": "" if channel else "no-address",
    }  # fmt: skip


def _text(world: World, reason: Reason, known: Facts, ways: Ways) -> str:
    if reason.kind != "sos":
        return texts.line(reason.kind, known, world.zone, ways.language, drill=reason.drill)
    pass_on_s = world.config.notify.pass_on_s
    return texts.sos(known, world.zone, ways.language, drill=reason.drill, pass_on_s=pass_on_s)


def facts(world: World, row: Row[*tuple[Any, ...]]) -> Facts:
    """What a text says of a case, with names as they are today."""
    registry, now = world.registry, world.now
    category = registry.category(row.category, now) if row.category else None
    village = registry.name(row.village, now) or registry.name(row.township, now) or registry.box_name(row.box, now)
    grid = registry.name(row.grid, now) if row.grid else ""
    device = registry.device(row.box, row.device, now) if row.device else None
    place = grid if grid.startswith(village) else f"{village} {grid}".strip()
    if row.urgent and device:
        place = f"{place} {device.name}".strip()
    return Facts(row.number, category.name if category else "", place, row.due, row.happened or row.arrived)
