"""How long nobody is let in after log-ins that failed: per account and per address, growing, and never for ever.

A try counts as failed before the password is looked at, and is forgiven when it was right: a thousand tries at once are
a thousand failures. Who tries while he has to wait is not looked at, and waits no longer for it. Kept in the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.accounttables import login_failure as table
from countyhub.store.upsert import insert

_COUNT = table.c["count"]


class Ladder(NamedTuple):
    """Failure number `nth` is the first that makes them wait; each more doubles that, from `first` to `longest`."""

    nth: int
    first: timedelta
    longest: timedelta

    def wait(self, count: int) -> timedelta | None:
        """After so many failures; None: none."""
        if count < self.nth:
            return None
        doubled: timedelta = self.first * 2 ** min(count - self.nth, 20)
        return min(self.longest, doubled)


ACCOUNT: Final = Ladder(5, timedelta(minutes=1), timedelta(hours=1))
ADDRESS: Final = Ladder(20, timedelta(minutes=1), timedelta(minutes=15))
"""Whole offices come from one address."""
FORGOTTEN: Final = timedelta(hours=24)


class Try(NamedTuple):
    """`until`: nothing was looked at, and nobody is let in before. `begins`: this very failure makes them wait."""

    until: datetime | None = None
    begins: bool = False


async def begin(connection: AsyncConnection, name: str, address: str, now: datetime) -> Try:
    """Counts a try as failed, before anything is looked at; not while one must wait."""
    ladders = _ladders(name, address)
    rows = await connection.execute(select(table.c.key, _COUNT.label("tries"), table.c.last, table.c.until).where(
        table.c.key.in_(list(ladders))))  # fmt: skip
    known = {row.key: row for row in rows}
    held = [row.until for row in known.values() if row.until is not None and row.until > now]
    if held:
        return Try(until=max(held))
    begins = False
    for key, ladder in ladders.items():
        before = known.get(key)
        count = 1 if before is None or now - before.last > FORGOTTEN else before.tries + 1
        wait = ladder.wait(count)
        begins = begins or wait is not None
        values = {"count": count, "last": now, "until": now + wait if wait else None}
        new = insert(connection, table).values(key=key, **values)
        await connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=values))
    return Try(begins=begins)


async def forgive(connection: AsyncConnection, name: str, address: str) -> None:
    """It was right: nothing is held against the account, and this try not against the address."""
    account, where = _ladders(name, address)
    await connection.execute(delete(table).where(table.c.key == account))
    fewer = update(table).where(table.c.key == where).values(count=_COUNT - 1, until=None)
    await connection.execute(fewer)


async def tidy(connection: AsyncConnection, now: datetime) -> None:
    """Forgets what is a day old."""
    await connection.execute(delete(table).where(table.c.last < now - FORGOTTEN))


def _ladders(name: str, address: str) -> dict[str, Ladder]:
    return {f"account/{name[:64]}": ACCOUNT, f"address/{address[:64]}": ADDRESS}
