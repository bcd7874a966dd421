"""The demo's users at the console, made as `countyhub user add` makes them, and a link that logs in without typing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from countyhub import configfile
from countyhub.accounts import passwords, session, users
from countyhub.accounts.passwords import Hasher
from countyhub.audit import trail
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import locate, open_reader
from simulators.week import users as week
from simulators.week.users import DemoUser

LINK_LIFE = timedelta(hours=24)


class Accounts(NamedTuple):
    """`link`: a path of the console that logs the first one in, once. All have the same password."""

    users: tuple[DemoUser, ...]
    password: str
    link: str


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
    finally:
        await store.close()
    return Accounts(made, password, f"/login/link/{secret}")
