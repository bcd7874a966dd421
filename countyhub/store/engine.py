"""Opens the hub's database, older ones brought up to date, newer or foreign ones refused untouched.

What `write()` has committed survives a power cut. One transaction writes at a time, on either database; whoever writes
waits for its turn.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from countyhub.config import Config
from countyhub.configfile import secret
from countyhub.store import partitions, postgres, sqlite, upgrade
from countyhub.store.problems import DatabaseAbsent, DatabaseOlder, DatabaseUnreachable, DatabaseUnusable

UNAVAILABLE = (DBAPIError, PoolTimeout, OSError)
"""What a database raises that is locked, full, or cannot be reached: to be tried again."""
READERS = 8


class Store:
    """The open database: `write()` for a transaction that changes something, `read()` for one that does not."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = _engine(url, readers=0)
        self._readers = _engine(url, readers=READERS)
        self._turn = asyncio.Lock()

    @property
    def is_postgres(self) -> bool:
        return is_postgres(self.url)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction on the only writer connection: committed at the end, rolled back by any exception."""
        async with self._turn, _ended_first(), self._writer.begin() as connection:
            try:
                yield connection
            except TimeoutError:
                await connection.invalidate()  # nobody answers: asking for a rollback would only wait once more
                raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; never waits for the writer."""
        async with _ended_first(), self._readers.connect() as connection:
            yield connection

    async def answers(self) -> bool:
        """True once a transaction that changes nothing is done, or the database has refused it: whoever waits for the
        database to come back is no better off started anew."""
        with suppress(*UNAVAILABLE):
            async with self.write() as connection:
                await connection.execute(text("SELECT 1"))
        return True

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def _ended_first() -> AsyncIterator[None]:
    """Who is being cancelled hears nothing of the database's troubles: whoever waits for a database to come back would
    otherwise go on for ever."""
    try:
        yield
    except UNAVAILABLE as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from error
        raise


def reason_of(error: BaseException) -> str:
    """What the database itself says, without SQLAlchemy's words and the statement around it."""
    return str(getattr(error, "orig", None) or error)


def is_postgres(url: URL) -> bool:
    return url.get_backend_name() == "postgresql"


def locate(config: Config) -> URL:
    """Where the database is, with its password. Raises `DatabaseUnusable`, `SecretUnreadable`."""
    url = parse(config.database_url)
    password = secret(config.database.password)
    return url.set(password=password) if password else url


def parse(url: str | URL) -> URL:
    """Raises `DatabaseUnusable` for what is neither SQLite nor PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable(url="database.url", reason=str(error)) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseUnusable(url=parsed.render_as_string(), reason="sqlite:// | postgresql://")
    return parsed


async def open_store(url: str | URL) -> Store:
    """The database at an SQLAlchemy URL, created or upgraded. Raises `DatabaseNewer`, `DatabaseForeign`,
    `DatabaseUnusable`; then nothing in it has been changed. `DatabaseUnreachable` may pass by itself."""
    parsed = parse(url)
    with told(parsed):
        revision = await check(parsed)
        if parsed.database and not is_postgres(parsed):
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        store = Store(parsed)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(store.close)
            async with store.write() as connection:
                if revision != upgrade.revisions()[0]:
                    await connection.run_sync(upgrade.to_head)
                if store.is_postgres:
                    await postgres.warn_if_careless(connection)
                    await connection.run_sync(partitions.make, partitions.ahead(datetime.now(UTC)))
            undo.pop_all()
    return store


async def open_reader(url: str | URL) -> Store:
    """A database that is there, to be read beside the running hub: nothing is created or upgraded.

    Raises `DatabaseAbsent`, `DatabaseOlder`, `DatabaseNewer`, `DatabaseForeign`, `DatabaseUnusable`.
    """
    parsed = parse(url)
    shown, newest = parsed.render_as_string(), upgrade.revisions()[0]
    with told(parsed):
        revision = await check(parsed)
    if revision is None:
        raise DatabaseAbsent(url=shown)
    if revision != newest:
        raise DatabaseOlder(url=shown, revision=revision, newest=newest)
    return Store(parsed)


async def check(url: URL) -> str | None:
    """The revision of the database, None for an empty or absent one. Changes nothing; raises as `open_store`."""
    with told(url):
        if is_postgres(url):
            return await postgres.check(url)
        return await asyncio.to_thread(sqlite.check_file, Path(url.database or ""))


@contextmanager
def told(url: URL) -> Iterator[None]:
    """What a database raises that cannot be opened, as a problem for people."""
    shown = url.render_as_string()
    try:
        yield
    except (postgres.Refused, PermissionError) as error:
        raise DatabaseUnusable(url=shown, reason=str(error)) from error
    except (*UNAVAILABLE, sqlite3.Error) as error:
        problem = DatabaseUnreachable if is_postgres(url) else DatabaseUnusable
        raise problem(url=shown, reason=reason_of(error)) from error


def _engine(url: URL, *, readers: int) -> AsyncEngine:
    return postgres.engine(url, readers=readers) if is_postgres(url) else sqlite.engine(url, readers=readers)
