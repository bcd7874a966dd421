"""The demo's users at the console, made as `countyhub user add` makes them, and a link that logs in without typing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from countyhub import configfile
from countyhub.accounts import passwords, session, users
from countyhub.accounts.passwords import Hasher
from countyhub.audit import trail
from countyhub.registry.forms import Duty
from countyhub.registry.live import LiveRegistry
from countyhub.registry.snapshot import Registry
from countyhub.store.engine import locate, open_reader
from simulators.demo.village import BOX, PLACES
from simulators.week import users as week
from simulators.week.users import DemoUser

LINK_LIFE = timedelta(hours=24)


class Accounts(NamedTuple):
    """`link`: a path of the console that logs the first one in, once. All have the same password. `staff`: names of
    those under whom the demo itself acts, with the user of the same person."""

    users: tuple[DemoUser, ...]
    password: str
    link: str
    staff: tuple[str, ...] = ()


async def make(config: Path) -> Accounts:
    """In the database of the hub with this configuration, which runs by now: one for each role, or, where there is no
    registry, the county centre alone."""
    password, now = passwords.generate(), datetime.now(UTC)
    hashed = await Hasher().hash(password)
    settings = configfile.load(config)
    store = await open_reader(locate(settings))
    try:
        registry = LiveRegistry(store, ZoneInfo(settings.web.timezone))
        await registry.refresh()
        with trail.as_(trail.Asker("cli/demo")):
            async with store.write() as connection:
                if registry.current.boxes():
                    made = await week.make(connection, registry.current, hashed, now, settings.language)
                else:
                    user = await users.create(connection, "county", ["county"], password_hash=hashed, now=now)
                    made = (DemoUser(user, ""),)
                secret = await session.add_link(connection, made[0].user, now + LINK_LIFE)
        staff = tuple(_staff(registry.current, made, now))
    finally:
        await store.close()
    return Accounts(made, password, f"/login/link/{secret}", staff)


def _staff(registry: Registry, made: Iterable[DemoUser], now: datetime) -> Iterator[str]:
    """Of the demo's village: its clerk, and who walks its grids."""
    users_of = {each.user.person: each.user.name for each in made}
    places = [("village_clerk", BOX), *(("grid_worker", f"{BOX}{grid}") for grid in sorted({p.grid for p in PLACES}))]
    duties = registry.in_force(Duty, now)
    for code in dict.fromkeys(duty.person for place in places for duty in duties if (duty.role, duty.place) == place):
        person = registry.person(code, now)
        user = users_of.get(code)
        yield f"{person.name if person else code}{f' ({user})' if user else ''}"
