"""The demo's user at the console, made as `countyhub user add` makes one, and a link that logs in without typing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from countyhub import configfile
from countyhub.accounts import passwords, session, users
from countyhub.accounts.passwords import Hasher
from countyhub.audit import trail
from countyhub.store.engine import locate, open_reader

NAME = "demo"
LINK_LIFE = timedelta(hours=24)


class Account(NamedTuple):
    """`link`: a path of the console that logs in once."""

    name: str
    password: str
    link: str


async def make(config: Path) -> Account:
    """In the database of the hub with this configuration, which runs by now."""
    password, now = passwords.generate(), datetime.now(UTC)
    hashed = await Hasher().hash(password)
    store = await open_reader(locate(configfile.load(config)))
    try:
        with trail.as_(trail.Asker("cli/demo")):
            async with store.write() as connection:
                user = await users.create(connection, NAME, ["county"], password_hash=hashed, now=now)
                secret = await session.add_link(connection, user, now + LINK_LIFE)
    finally:
        await store.close()
    return Account(NAME, password, f"/login/link/{secret}")
