"""Who is at an office now, and by which ways each is reached: the registry, and what was set by `countyhub notify`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.lifecycle.state import Level, Office
from countyhub.notify.channel import Channel
from countyhub.registry.forms import Person
from countyhub.registry.snapshot import Registry
from countyhub.store.notifytables import contact, preference
from gridwire.problem import Language

_ROLES: dict[Level, tuple[str, ...]] = {
    "grid": ("grid_worker",),
    "village": ("village_clerk",),
    "station": ("department", "township"),
    "township": ("township",),
    "department": ("department",),
    "county": ("county", "dispatcher"),
}


class Ways(NamedTuple):
    """How a person is told. `addresses`: channel -> address, of the channels that are set up."""

    addresses: Mapping[str, str]
    language: Language
    quiet: str


def at_office(registry: Registry, office: Office, now: datetime) -> list[Person]:
    """Everybody whose duty is there; an office that was merged is the one that it was merged into."""
    return _unique(each for role in _ROLES[office.level] for each in at_place(registry, role, office.id, now))


def at_place(registry: Registry, role: str, place: str, now: datetime) -> list[Person]:
    """`place` with a slash behind it: everybody of that role in its grids."""
    if place.endswith("/"):
        grids = sorted(registry.scope(place[:-1], now).grids)
        return _unique(person for grid in grids for person in registry.workers(grid, now, role))
    path = registry.ancestors(place, now)
    return _unique(registry.workers(path[0] if path else place, now, role))


async def ways(
    connection: AsyncConnection,
    people: Collection[Person],
    channels: Mapping[str, Channel],
    language: Language,
) -> dict[str, Ways]:
    """Of each person, by code. Who has set nothing for `sms` is reached by the telephone of the registry."""
    codes = [person.code for person in people]
    set_up: dict[str, dict[str, str]] = {code: {} for code in codes}
    for row in await connection.execute(select(contact).where(contact.c.person.in_(codes))):
        set_up[row.person][row.channel] = row.address
    wanted = {row.person: row for row in await connection.execute(
        select(preference).where(preference.c.person.in_(codes)))}  # fmt: skip
    found = {}
    for person in people:
        default = {"sms": person.phone} if person.phone else {}
        addresses = default | set_up[person.code]
        own = wanted.get(person.code)
        found[person.code] = Ways(
            {name: addresses[name] for name in channels if addresses.get(name)},
            own.language if own and own.language else language,
            own.quiet if own else "",
        )
    return found


def _unique(people: Iterable[Person]) -> list[Person]:
    return list({person.code: person for person in people}.values())
