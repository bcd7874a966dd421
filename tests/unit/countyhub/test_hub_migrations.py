"""Every older format with rows in it becomes today's, on both databases; what is newer is left as it is."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, Date, Float, LargeBinary, MetaData, func, select, text
from sqlalchemy.types import Boolean, Integer

from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox
from countyhub.store import backup, engine, partitions, schema, tables, upgrade
from countyhub.store.engine import Store, open_store
from countyhub.store.problems import DatabaseForeign, DatabaseNewer
from gridwire.codec import encode_event
from gridwire.events import Alarm
from tests import postgres
from tests.hubs import database_url
from tests.instances import NOON, SOURCE, event

POSTGRES_QUICK = True
OLDER = upgrade.revisions()[1:]
ROWS = 3
NEVER_FILLED = {"alembic_version", "counter"}


@pytest.fixture
def url(database: str, tmp_path: Path) -> str:
    """An empty database."""
    return postgres.cluster().empty() if database == "postgresql" else database_url(tmp_path)


def sample(kind: Any, number: int) -> object:
    """A value of a column's type, another one for each number."""
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Date):
        return date(2026, 1, number)
    if isinstance(kind, BigInteger):
        return 1_763_769_600_000_000 + number
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, Float):
        return float(number)
    return b"[]" + b" " * number if isinstance(kind, LargeBinary) else str(number)


def fill(connection: Connection) -> dict[str, int]:
    """Rows in every table there is."""
    found = MetaData()
    found.reflect(connection)
    filled = [name for name in found.tables if name not in NEVER_FILLED and not name.startswith("event_")]
    filled.append("event_key")
    for table in found.tables.values():
        if table.name in filled:
            rows = [{column.name: sample(column.type, number) for column in table.columns}
                    for number in range(1, ROWS + 1)]  # fmt: skip
            connection.execute(table.insert(), rows)
    if "counter" in found.tables:  # as the rows of the inbox would have left it
        connection.execute(text("UPDATE counter SET value = (SELECT max(id) FROM event) WHERE name = 'event'"))
    return dict.fromkeys(filled, ROWS)


def test_the_revisions_are_those_that_alembic_finds() -> None:
    scripts = ScriptDirectory(str(Path(upgrade.__file__).parent / "migrations"))
    assert upgrade.revisions() == [script.revision for script in scripts.walk_revisions()]


@pytest.mark.parametrize("revision", OLDER)
async def test_an_older_database_with_rows_becomes_todays(url: str, revision: str) -> None:
    store = Store(engine.parse(url))
    async with store.write() as connection:
        await connection.run_sync(upgrade.to, revision)
    async with store.write() as connection:
        expected = await connection.run_sync(fill)
    await store.close()
    store = await open_store(url)
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() != revision
        for name, rows in expected.items():
            assert (await connection.execute(text(f'SELECT count(*) FROM "{name}"'))).scalar() == rows, name
        highest = (await connection.execute(select(func.max(tables.event.c.id)))).scalar()
    new = intake.read(f"{SOURCE}/up/event", encode_event(event(Alarm(kind="motion", state="start"), 7)), received=NOON)
    assert (await Inbox(store).commit([new])).last_id > highest
    await store.close()


@pytest.mark.slow
@pytest.mark.parametrize("revision", OLDER)
async def test_a_backup_of_an_older_format_becomes_todays_as_it_is_restored(
    url: str, database: str, revision: str, tmp_path: Path
) -> None:
    """Made before the upgrade, with the new release already installed."""
    store = Store(engine.parse(url))
    async with store.write() as connection:
        await connection.run_sync(upgrade.to, revision)
        expected = await connection.run_sync(fill)
    await store.close()
    file = tmp_path / "before.backup"
    assert (await backup.backup(engine.parse(url), file)).items() >= expected.items()
    other = f"sqlite:///{tmp_path}/other.db" if database == "sqlite" else postgres.cluster().empty()
    await backup.restore(engine.parse(other), file)
    if not postgres.unavailable():  # that of a file may go there too
        await backup.restore(engine.parse(postgres.cluster().empty()), file)
    store = await open_store(other)
    async with store.read() as connection:
        for name, rows in expected.items():
            assert (await connection.execute(text(f'SELECT count(*) FROM "{name}"'))).scalar() == rows, name
        highest = (await connection.execute(select(func.max(tables.event.c.id)))).scalar()
    new = intake.read(f"{SOURCE}/up/event", encode_event(event(Alarm(kind="motion", state="start"), 7)), received=NOON)
    garbage = intake.read(f"{SOURCE}/up/event", b"garbage", received=NOON)
    outcome = await Inbox(store).commit([new, garbage])
    assert (outcome.last_id > highest + backup.SKIPPED_IDS, outcome.dead) == (True, 1)
    await store.close()


async def test_the_migrations_make_the_tables(url: str) -> None:
    store = await open_store(url)

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or not (name or "").startswith(("event_y", partitions.DEFAULT))

    async with store.write() as connection:
        options = {"include_name": ours}
        changes = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=options), schema.metadata)
        )
    await store.close()
    assert [change for change in flat(changes) if "comment" not in change[0]] == []


def flat(changes: list[Any]) -> list[tuple]:
    """Those of one table come as a list."""
    return [one for change in changes for one in (change if isinstance(change, list) else [change])]


@pytest.mark.postgres_only
@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')", DatabaseNewer),
        ("CREATE TABLE somebodys (text TEXT)", DatabaseForeign),
    ],
)
async def test_what_is_not_ours_is_refused_untouched(url: str, script: str, problem: type[Exception]) -> None:
    tables_there = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    for statement in script.split(";"):
        await asyncio.to_thread(postgres.query, url, statement)
    before = postgres.query(url, tables_there)
    with pytest.raises(problem):
        await open_store(url)
    assert postgres.query(url, tables_there) == before
