"""A backup of PostgreSQL in one file: a ZIP of every table in COPY's binary form, and a manifest with counts and sums.

Our own rather than pg_dump's: no program of the server's version is needed beside the hub, the schema comes from our
migrations (so an older backup is brought up to date as it is read), and a sum over each table proves what came back.
Read in one transaction: everything, or nothing has changed.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store import filerows, partitions, postgres, upgrade
from countyhub.store.problems import BackupUnreadable, DatabaseNewer, HubRunning

if TYPE_CHECKING:
    import asyncpg

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 1 << 18
_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
    "AND relnamespace = current_schema()::regnamespace AND relname <> 'alembic_version' ORDER BY relname"
)
_COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped "
    "ORDER BY attnum"
)
_SERIALS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%'"
)


class Part(msgspec.Struct):
    """One table: `sha256` of its bytes in the archive."""

    columns: list[str]
    rows: int
    sha256: str


class Manifest(msgspec.Struct):
    format: int
    revision: str
    made: datetime
    months: list[tuple[int, int]]
    tables: dict[str, Part]


async def write(url: URL, path: Path) -> dict[str, int]:
    """Every table as of one moment, while the hub goes on. Returns the rows of each."""
    raw = await postgres.connect(url, {"default_transaction_read_only": "on"}, statement_timeout_s=None)
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            async with raw.transaction(isolation="repeatable_read", readonly=True):
                manifest = await _write_tables(raw, archive)
            archive.writestr(MANIFEST, msgspec.json.encode(manifest))
    finally:
        await raw.close()
    return {name: part.rows for name, part in manifest.tables.items()}


async def _write_tables(raw: asyncpg.Connection, archive: zipfile.ZipFile) -> Manifest:
    revision = await raw.fetchval("SELECT version_num FROM alembic_version")
    listed = [partitions.month_named(row[0]) for row in await raw.fetch(partitions.LISTED)]
    manifest = Manifest(FORMAT, revision, datetime.now(UTC), [month for month in listed if month], {})
    for (table,) in await raw.fetch(_TABLES):
        columns = [row[0] for row in await raw.fetch(_COLUMNS, f'"{table}"')]
        with archive.open(f"{table}.copy", "w", force_zip64=True) as member:
            manifest.tables[table] = await _write_table(raw, table, columns, member)
    return manifest


async def _write_table(raw: asyncpg.Connection, table: str, columns: list[str], member: IO[bytes]) -> Part:
    total = hashlib.sha256()

    async def take(data: bytes) -> None:
        total.update(data)
        member.write(data)

    names = ", ".join(f'"{name}"' for name in columns)
    query = f'SELECT {names} FROM "{table}"'  # noqa: S608 - names read from the database just now
    status = await raw.copy_from_query(query, output=take, format="binary")
    return Part(columns, int(status.split()[-1]), total.hexdigest())


async def read(url: URL, path: Path, finish: Callable[[AsyncConnection], Awaitable[None]]) -> dict[str, int]:
    """Replace what is in the database by the archive, or by the SQLite database in a file; `finish` is called before
    the commit. Raises `BackupUnreadable`, `DatabaseNewer`, `HubRunning`."""
    manifest = _manifest(path) if zipfile.is_zipfile(path) else None
    revision = manifest.revision if manifest else filerows.revision(path)
    if revision not in upgrade.revisions():
        raise DatabaseNewer(where=str(path), revision=revision)
    async with _alone(url) as connection:
        await _make_empty(connection)
        await connection.run_sync(upgrade.to, revision)
        raw = (await connection.get_raw_connection()).driver_connection
        if manifest:
            await connection.run_sync(_make_months, manifest)
            rows = await _read_tables(raw, path, manifest)
        else:
            rows = await filerows.read(raw, path)
        await _set_serials(raw)
        await connection.run_sync(upgrade.to_head)
        await finish(connection)
    return rows


def verify(path: Path) -> None:
    """Every table in it against its sum. Raises `BackupUnreadable`, OSError."""
    manifest = _manifest(path)
    with zipfile.ZipFile(path) as archive:
        for table, part in manifest.tables.items():
            total = hashlib.sha256()
            try:
                with archive.open(f"{table}.copy") as member:
                    for chunk in iter(lambda: member.read(_CHUNK), b""):
                        total.update(chunk)
            except (KeyError, zipfile.BadZipFile, zlib.error) as error:
                raise BackupUnreadable(path=path, reason=error) from error
            if total.hexdigest() != part.sha256:
                raise BackupUnreadable(path=path, reason=table)


def _manifest(path: Path) -> Manifest:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (OSError, KeyError, zipfile.BadZipFile, msgspec.DecodeError) as error:
        raise BackupUnreadable(path=path, reason=error) from error
    if manifest.format > FORMAT:
        raise DatabaseNewer(where=str(path), revision=f"{manifest.revision}, archive {manifest.format}")
    return manifest


@asynccontextmanager
async def _alone(url: URL) -> AsyncIterator[AsyncConnection]:
    """A transaction that writes, with no other process of the hub there."""
    made = postgres.engine(url, readers=0, statement_timeout_s=None)
    try:
        async with made.begin() as connection:
            others = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND application_name = :name"
            )
            if (await connection.execute(others, {"name": postgres.APPLICATION})).scalar_one():
                raise HubRunning(url=url.render_as_string())
            yield connection
    finally:
        await made.dispose()


async def _make_empty(connection: AsyncConnection) -> None:
    """Without the tables of a hub that stand there."""
    for (table,) in (await connection.exec_driver_sql(_TABLES)).all():
        await connection.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')
    await connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def _make_months(connection: Connection, manifest: Manifest) -> None:
    if manifest.months:
        partitions.make(connection, [partitions.Month(*month) for month in manifest.months])


async def _read_tables(raw: Any, path: Path, manifest: Manifest) -> dict[str, int]:
    rows: dict[str, int] = {}
    with zipfile.ZipFile(path) as archive:
        for table, part in manifest.tables.items():
            await raw.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a migration may have put rows there
            total = hashlib.sha256()
            try:
                with archive.open(f"{table}.copy") as member:
                    status = await raw.copy_to_table(
                        table, source=_chunks(member, total), columns=part.columns, format="binary"
                    )
            except (KeyError, zipfile.BadZipFile) as error:
                raise BackupUnreadable(path=path, reason=error) from error
            rows[table] = int(status.split()[-1])
            if (rows[table], total.hexdigest()) != (part.rows, part.sha256):
                raise BackupUnreadable(path=path, reason=f"{table}: {rows[table]}/{part.rows}")
    return rows


async def _chunks(member: IO[bytes], total: Any) -> AsyncIterator[bytes]:
    while chunk := member.read(_CHUNK):
        total.update(chunk)
        yield chunk


async def _set_serials(raw: Any) -> None:
    """The database's own numbers go on after the highest that came back."""
    for table, column in await raw.fetch(_SERIALS):
        await raw.execute(
            f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), "  # noqa: S608 - names of the catalogue
            f'(SELECT coalesce(max("{column}"), 0) + 1 FROM "{table}"), false)'
        )
