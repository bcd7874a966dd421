"""PostgreSQL as the hub uses it: one writer at a time in the whole database, and errors told apart.

Every transaction that writes takes one advisory lock first and holds it until its commit, as SQLite's `BEGIN IMMEDIATE`
does: several ingest workers then see each other's numbers, and event ids become visible in their order.
Bad data (SQLSTATE classes 21, 22 and 23, and what the driver cannot encode) is `DataError` or `IntegrityError`;
everything else is the server's trouble and passes, or needs a person.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, ExceptionContext, event, inspect
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from countyhub.store import upgrade

if TYPE_CHECKING:
    import asyncpg

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
WRITER_LOCK = 0x67726964  # "grid"
APPLICATION = "countyhub"
_SETTINGS = {
    "application_name": APPLICATION,
    "timezone": "UTC",
    "jit": "off",  # short statements: compiling them costs more than running them
    "random_page_cost": "1.1",  # ingest looks single keys up, and must never read a whole table for that
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",  # a worker that stands still must not hold up the others
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_BAD_DATA = ("21", "22", "54")
_NOT_WRITABLE = "25006"
"""The server has become a standby: the next connection may find the new primary."""
_CONFIGURED_WRONG = ("28", "3D", "42", "F0")
"""Wrong user or password, no such database, no right to it: waiting does not help."""


class Unreachable(OSError):
    """The server cannot be reached, is starting, stopping, or has too many connections."""


class Refused(OSError):
    """The server is there and refuses for good: wrong password, no such database, no right."""


def engine(url: URL, *, readers: int, statement_timeout_s: float | None = STATEMENT_TIMEOUT_S) -> AsyncEngine:
    """`readers=0`: the writer. Readers see one state of the database for the length of their transaction."""
    settings = {"default_transaction_read_only": "on"} if readers else {"synchronous_commit": "on"}

    async def creator() -> asyncpg.Connection:
        return await connect(url, settings, statement_timeout_s=statement_timeout_s)

    made = create_async_engine(
        url.set(drivername="postgresql+asyncpg", query={}),
        async_creator=creator,
        pool_size=readers or 1,
        max_overflow=0,
        pool_pre_ping=bool(readers),  # who writes tries again anyway, who reads would have to be told
        hide_parameters=True,
        isolation_level="REPEATABLE READ" if readers else "READ COMMITTED",
    )
    event.listen(made.sync_engine, "handle_error", _tell_apart, retval=True)
    if not readers:
        event.listen(made.sync_engine, "begin", _take_turn)
    return made


async def connect(
    url: URL, settings: dict[str, str], *, statement_timeout_s: float | None = STATEMENT_TIMEOUT_S
) -> asyncpg.Connection:
    """A connection of the driver's own; what libpq understands in a URL is understood (`?sslmode=…&host=…`).

    Raises `Unreachable` or `Refused`, and OSError of the network.
    """
    import asyncpg

    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return await asyncpg.connect(
            dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=statement_timeout_s, server_settings=_SETTINGS | settings
        )
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        raise (Refused if state.startswith(_CONFIGURED_WRONG) else Unreachable)(str(error)) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Refused(str(error)) from error


async def check(url: URL) -> str | None:
    """The revision of the database, None for an empty one. Changes nothing; raises as `upgrade.check_revision`."""
    made = engine(url, readers=1)
    try:
        async with made.connect() as connection:
            return await connection.run_sync(check_tables)
    finally:
        await made.dispose()


def check_tables(connection: Connection) -> str | None:
    """As `check`, within a transaction."""
    names = set(inspect(connection).get_table_names())
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version") if upgrade.TABLE in names else ()
    return upgrade.check_revision(connection.engine.url.render_as_string(), names, [str(row[0]) for row in found])


def _take_turn(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _tell_apart(context: ExceptionContext) -> BaseException | None:
    found: Any = context.original_exception
    state = getattr(found, "sqlstate", None) or ""
    if state.startswith(_BAD_DATA) or isinstance(found.__cause__, ValueError):  # the driver's own DataError is one
        return DataError(context.statement, context.parameters, found, hide_parameters=True)
    if state == _NOT_WRITABLE:
        context.is_disconnect = True
    return None


async def warn_if_careless(connection: AsyncConnection) -> None:
    """A server that does not write to the disk what it says is written: boxes give up what the hub has answered."""
    for setting in ("fsync", "full_page_writes"):
        if (await connection.exec_driver_sql(f"SHOW {setting}")).scalar_one() != "on":
            log.warning("PostgreSQL runs with %s=off: a power cut loses events that boxes no longer keep", setting)
