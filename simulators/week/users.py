"""Users of the console for a week's county: one for each role, each a person of the registry with work to do."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import users
from countyhub.accounts.roles import ROLES
from countyhub.accounts.users import User
from countyhub.lifecycle.state import Role
from countyhub.registry.snapshot import Registry
from gridwire.problem import Language
from simulators.week import places
from simulators.week.county import BOX, COUNTY

_DUTIES: Final[dict[str, tuple[Role, str]]] = {
    "county": ("county", COUNTY),
    "dispatcher": ("dispatcher", COUNTY),
    "department": ("department", "D07"),
    "township": ("township", BOX[:9]),
    "clerk": ("village_clerk", BOX),
    "worker": ("grid_worker", f"{BOX}001"),
    "inspector": ("inspector", COUNTY),
    "auditor": ("auditor", COUNTY),
}
"""User name -> what its person does, and where: with whom the week has left something open."""


class DemoUser(NamedTuple):
    """`about`: role and place, for people."""

    user: User
    about: str


async def make(
    connection: AsyncConnection, registry: Registry, password_hash: str, now: datetime, language: Language
) -> tuple[DemoUser, ...]:
    """All of them, with one password. Raises `users.UserExists`."""
    found = places.read(registry, now)
    made = []
    for name, (role, place) in _DUTIES.items():
        person = found.person(role, place)
        user = await users.create(connection, name, [role], password_hash=password_hash, person=person, now=now)
        department = registry.department(place, now)
        where = department.name if department else registry.name(place, now)
        called = ROLES[role].zh if language == "zh" else ROLES[role].en
        made.append(DemoUser(user, f"{called}  {where}"))
    return tuple(made)
