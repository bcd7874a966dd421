"""PostgreSQL as the hub's database: several writers, bad data for itself, a server that refuses or is not there."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, text

from countyhub.config import Config, DatabaseSettings
from countyhub.ingest import intake
from countyhub.ingest.inbox import POISON, Inbox
from countyhub.ingest.intake import Intake
from countyhub.store import engine
from countyhub.store import tables as t
from countyhub.store.engine import UNAVAILABLE, Store, open_store
from countyhub.store.postgres import engine as postgres_engine
from countyhub.store.problems import DatabaseUnreachable, DatabaseUnusable
from gridwire import messages
from gridwire.codec import encode_batch, encode_event
from gridwire.events import Alarm
from tests import postgres
from tests.certificates import Authority
from tests.instances import NOON, SOURCE, event
from tests.ports import NOBODY
from tests.smalldisk import fill, small_disk

pytestmark = pytest.mark.usefixtures("postgres_installed")
ALARM = Alarm(kind="motion", state="start")


@pytest.fixture
def url() -> str:
    return postgres.cluster().fresh()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    yield opened
    await opened.close()


def came(*seqs: int) -> Intake:
    raws = [encode_event(event(ALARM, seq)) for seq in seqs]
    return intake.read(f"{SOURCE}/up/batch", encode_batch(raws), received=NOON)


async def test_several_workers_take_the_same_events_and_each_counts_once(url: str, store: Store) -> None:
    """Also where they overlap: the lanes' standings are read, changed and written by one at a time."""
    stores = [await open_store(url) for _ in range(3)]
    batches = [[came(*range(first, first + 10))] for first in range(1, 301, 5)]
    shares = [batches, batches[::-1], batches[::2] + batches[1::2]]

    async def work(own: Store, share: list[list[Intake]]) -> int:
        return sum([(await Inbox(own).commit(batch)).stored for batch in share])

    watching = asyncio.create_task(rising(store, 305))
    stored = await asyncio.gather(*(work(own, share) for own, share in zip(stores, shares, strict=True)))
    assert sum(stored) == await watching == 305
    async with store.read() as connection:
        row = (await connection.execute(select(t.stream_state))).one()
        seqs = (await connection.execute(select(t.event.c.seq))).scalars().all()
    assert (row.stored_through, row.above, sorted(seqs)) == (305, b"[]", list(range(1, 306)))
    for own in stores:
        await own.close()


async def rising(store: Store, total: int) -> int:
    """Whoever follows the ids sees every event, because none shows after a higher one: count those that were seen."""
    seen = last = 0
    while seen < total:
        async with store.read() as connection:
            rows = (await connection.execute(select(t.event.c.id).where(t.event.c.id > last))).scalars().all()
        seen += len(rows)
        last = max([last, *rows])
    return seen


async def test_what_a_column_does_not_take_is_a_dead_letter_for_itself(store: Store) -> None:
    big = messages.Status(state="online", boot="b", connection=2**63, version="1")
    poison = intake.read(f"{SOURCE}/up/status", msgspec.json.encode(big), received=NOON)
    outcome = await Inbox(store).commit([came(1), poison, came(2)])
    assert (outcome.stored, outcome.dead) == (2, 1)
    async with store.read() as connection:
        assert (await connection.execute(select(t.dead_letter.c.code))).scalars().all() == ["hub.cannot-store"]


async def test_too_long_a_text_is_bad_data_and_a_missing_table_is_not(store: Store) -> None:
    with pytest.raises(POISON) as caught:
        async with store.write() as connection:
            await connection.execute(t.box.insert().values(box="x" * 100))
    assert "x" * 100 not in str(caught.value), "what people sent has no place in a log"
    with pytest.raises(POISON):  # a zero, which SQLite takes
        async with store.write() as connection:
            await connection.execute(t.box.insert().values(box="x", name="a\0b"))
    with pytest.raises(UNAVAILABLE):
        async with store.write() as connection:
            await connection.execute(text("SELECT * FROM nothing_of_the_kind"))


async def test_a_server_that_only_reads_is_unavailable_and_found_again_when_it_writes(url: str, store: Store) -> None:
    """As a standby after the roles were changed."""
    name = engine.parse(url).database
    postgres.query(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await store.close()  # the next connections see the new setting
    with pytest.raises(UNAVAILABLE):
        await Inbox(store).commit([came(1)])
    postgres.query(url, f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    assert (await Inbox(store).commit([came(1)])).stored == 1


async def test_connections_cut_by_the_server_are_made_again(url: str, store: Store) -> None:
    await Inbox(store).commit([came(1)])
    async with store.read() as connection:
        await connection.execute(select(1))
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    postgres.query(url, f"SELECT pg_terminate_backend(pid) {others}")
    try:
        assert (await Inbox(store).commit([came(2)])).stored == 1
    except UNAVAILABLE:
        assert (await Inbox(store).commit([came(2)])).stored == 1
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(t.event))).scalar_one() == 2


@pytest.mark.slow
async def test_too_many_connections_is_unavailable() -> None:
    with postgres.Postgres(settings="max_connections=6 superuser_reserved_connections=0 max_wal_senders=0") as server:
        store = await open_store(server.empty())
        async with contextlib.AsyncExitStack() as taken:
            with pytest.raises(UNAVAILABLE):
                for _ in range(engine.READERS):
                    await taken.enter_async_context(store.read())
            with pytest.raises(DatabaseUnreachable):
                await open_store(str(store.url))
        assert (await Inbox(store).commit([came(1)])).stored == 1
        await store.close()


@pytest.mark.slow
async def test_a_writer_that_stands_still_holds_up_others_for_a_while_only(url: str, store: Store) -> None:
    other = await open_store(url)
    async with other.write() as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(UNAVAILABLE):
            async with store.write() as mine:
                await mine.execute(text("SELECT 1"))
    await other.close()
    assert (await Inbox(store).commit([came(1)])).stored == 1


async def test_a_server_that_is_not_there_is_waited_for_and_a_wrong_name_is_not(url: str) -> None:
    with pytest.raises(DatabaseUnreachable):
        await open_store(f"postgresql://hub@127.0.0.1:{NOBODY}/hub")
    with pytest.raises(DatabaseUnusable) as caught:
        await open_store(postgres.cluster().url("no_such_database"))
    assert not isinstance(caught.value, DatabaseUnreachable)


async def test_the_password_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim\n")
    (tmp_path / "password").chmod(0o600)
    settings = DatabaseSettings(url="postgresql://hub@127.0.0.1:1/hub", password=f"file:{tmp_path}/password")
    url = engine.locate(Config(county="431126", database=settings))
    assert url.password == "geheim"
    with pytest.raises(DatabaseUnreachable) as caught:
        await open_store(url)
    assert "geheim" not in caught.value.text("zh") + caught.value.text("en") + str(caught.value)


async def test_what_was_answered_is_on_the_disk_whatever_the_server_is_set_to(store: Store) -> None:
    async with store.write() as connection:
        assert (await connection.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"


@pytest.mark.slow
@pytest.mark.root
async def test_on_a_full_disk_nothing_is_answered_and_nothing_lost() -> None:
    place = Path(tempfile.mkdtemp(prefix="small-disk-"))
    place.chmod(0o755)
    with small_disk(place, 180):
        place.chmod(0o777)
        with postgres.Postgres(settings="max_wal_size=48MB min_wal_size=32MB", within=place) as server:
            store = await open_store(server.empty())
            inbox, first = Inbox(store), 1
            assert (await inbox.commit([came(first)])).stored == 1
            filler = fill(place)
            with pytest.raises(UNAVAILABLE):
                for first in range(2, 100_000, 50):
                    await inbox.commit([came(*range(first, first + 50))])
            filler.unlink()
            if server.is_dead:  # the log was full: then it ends itself, as it must
                server.start()
            for _ in range(20):
                with contextlib.suppress(*UNAVAILABLE):
                    await inbox.commit([came(*range(first, first + 50))])
                    break
                await asyncio.sleep(0.5)  # as the subscriber does, before it tries again
            async with store.read() as connection:
                seqs = (await connection.execute(select(t.event.c.seq).order_by(t.event.c.id))).scalars().all()
                row = (await connection.execute(select(t.stream_state))).one()
            assert seqs == list(range(1, first + 50))
            assert (row.stored_through, await dead(store)) == (first + 49, 0)
            await store.close()


async def dead(store: Store) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(t.dead_letter))).scalar_one()


@pytest.mark.slow
async def test_over_a_network_the_server_has_to_prove_who_it_is(tmp_path: Path) -> None:
    """With what libpq understands in a URL; and a password that is asked for."""
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "other")
    issued = authority.issue("db", names=("IP:127.0.0.1",))
    with postgres.Postgres() as server:
        server.stop()
        server.encrypt(issued.certificate, issued.key)
        server.start()
        server.execute(f"ALTER ROLE {postgres.USER} PASSWORD 'geheim'")
        server.ask_for_password()
        url = f"{server.url()}?sslmode=verify-full&sslrootcert="
        password = DatabaseSettings(url=f"{url}{authority.ca}", password="geheim")
        store = await open_store(engine.locate(Config(county="431126", database=password)))
        async with store.read() as connection:
            query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert (await connection.execute(query)).scalar_one() is True
        await store.close()
        with pytest.raises(DatabaseUnusable, match="assword"):
            await open_store(f"{url}{authority.ca}")
        with pytest.raises(DatabaseUnusable, match="certificate"):
            await open_store(f"{url}{stranger.ca}".replace("hub@", "hub:geheim@"))


async def test_by_the_socket_of_the_machine(url: str) -> None:
    server = postgres.cluster()
    name = engine.parse(url).database
    by_socket = f"postgresql://{postgres.USER}@/{name}?host={server.folder}&port={server.port}"
    store = await open_store(by_socket)
    assert (await Inbox(store).commit([came(1)])).stored == 1
    await store.close()


async def test_a_server_that_no_longer_answers_is_given_up_and_asked_again(url: str, store: Store) -> None:
    await store._writer.dispose()
    store._writer = postgres_engine(engine.parse(url), readers=0, statement_timeout_s=0.3)
    await Inbox(store).commit([came(1)])
    with pytest.raises(UNAVAILABLE):
        async with store.write() as connection:
            await connection.execute(text("SELECT pg_sleep(600)"))
    assert (await Inbox(store).commit([came(2)])).stored == 1
