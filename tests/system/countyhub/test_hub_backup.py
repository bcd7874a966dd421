"""Backup while events come in, restore, and a hub that heals itself from there; on both databases, and from one to the
other."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import make_url, select, text

from countyhub.store import archive, backup, filecopy
from countyhub.store import tables as t
from countyhub.store.engine import open_store
from countyhub.store.problems import (
    BackupExists,
    BackupUnreadable,
    DatabaseNewer,
    DatabaseNotEmpty,
    DiskFull,
    HubRunning,
)
from gridwire.events import Alarm
from gridwire.topics import media_topic
from tests import postgres
from tests.harness import until
from tests.hubs import BoxClient, HubProcess, birth, database_url, numbers, status
from tests.instances import BOX, NOON, STREAM, event
from tests.mosquitto import Mosquitto
from tests.ports import NOBODY

pytestmark = pytest.mark.usefixtures("database")
ALARM = Alarm(kind="motion", state="start")
JPEG = b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"
TABLES = ("event", "event_key", "media", "stream_state", "box", "dead_letter", "number_reused", "gap", "device_state")


def contents(hub: HubProcess, through: int | None = None) -> dict[str, str]:
    """A sum over every row of every table."""
    sums = {}
    for table in TABLES:
        rows = hub.rows(f"SELECT * FROM {table}")
        sums[table] = hashlib.sha256(repr(sorted(map(repr, map(normal, rows)))).encode()).hexdigest()
    return sums


def normal(row: tuple) -> tuple:
    """SQLite has no booleans."""
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


async def filled(hub: HubProcess, box: BoxClient, count: int) -> None:
    await hub.until_connected()
    await box.say("status", status())
    await box.say("birth", birth(streams=(numbers(1, 1, 1),)))
    await hub.until_rows("SELECT status FROM box", [("online",)])
    await box.events(*(event(ALARM, number) for number in range(1, count + 1)))
    await box.client.publish(media_topic("431126", BOX, STREAM, 1), JPEG)
    await box.publish("event", b"garbage")
    await box.until_acked(*range(1, count + 1))
    await box.until_acked(1, lane="media")
    await hub.until_rows("SELECT count(*) FROM dead_letter", [(1,)])


async def cli(hub: HubProcess, *words: str) -> str:
    done = await asyncio.to_thread(hub.cli, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_backup_brings_back_everything_and_the_hub_heals_the_rest(tmp_path: Path, broker: Mosquitto) -> None:
    file = tmp_path / "monday.backup"
    async with BoxClient(broker.port) as box:
        with HubProcess(tmp_path / "hub", broker.port) as hub:
            await filled(hub, box, 20)
            before = contents(hub)
            assert "20 events, 1 pictures, 1 unread messages" in await cli(hub, "backup", str(file))
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            with pytest.raises(BackupExists):
                await backup.backup(make_url(hub.url), file)
            await box.events(*(event(ALARM, number) for number in range(21, 31)))
            await box.until_acked(30)
            (highest,) = hub.rows("SELECT max(id) FROM event")[0]
            with pytest.raises(DatabaseNotEmpty):
                await backup.restore(make_url(hub.url), file)
            with pytest.raises(HubRunning):
                await backup.restore(make_url(hub.url), file, force=True)
            assert hub.stop() == 0
        hub = HubProcess(tmp_path / "hub", broker.port, "[replay]\npause_s = 0.2\n")
        await cli(hub, "restore", str(file), "--force")
        assert contents(hub) == before
        box.commands.clear()  # the first hub may have asked for what was still on its way
        with hub:
            await box.say("birth", birth(streams=(numbers(1, 31, 31),)))
            await until(lambda: any(command.op == "replay" for command in box.commands), 30)
            asked = next(command for command in box.commands if command.op == "replay")
            assert asked.args["ranges"] == [[21, 30]]
            await box.events(*(event(ALARM, number) for number in range(21, 31)))
            await hub.until_rows("SELECT stored_through, missing FROM stream_state WHERE lane = 'alarm'", [(30, 0)])
            assert hub.rows("SELECT count(*), count(DISTINCT seq) FROM event") == [(30, 30)]
            assert hub.rows("SELECT min(id) FROM event WHERE seq > 20")[0][0] > highest


def test_a_disk_that_is_full_is_no_fault_of_the_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small")) as small:
        small.execute("PRAGMA max_page_count = 1")  # SQLite's own word for a full disk
        with pytest.raises(DiskFull), filecopy.room(tmp_path / "b"):
            small.execute("CREATE TABLE t (a)")
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(DiskFull), filecopy.room(tmp_path / "b"):
        full.write(b"a")
    with pytest.raises(IsADirectoryError), filecopy.room(tmp_path / "b"):
        tmp_path.read_bytes()


async def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    url, file = make_url(database_url(tmp_path)), tmp_path / "b"
    store = await open_store(url)
    async with store.write() as connection:
        await connection.execute(t.box.insert().values(box="431126001099"))
    await store.close()
    await backup.backup(url, file)
    whole = file.read_bytes()
    for damaged in (whole[:2000], whole[: len(whole) // 2], b"", b"no backup at all"):
        file.write_bytes(damaged)
        with pytest.raises(BackupUnreadable):
            await backup.restore(url, file, force=True)
        store = await open_store(url)
        async with store.read() as connection:
            assert (await connection.execute(select(t.box.c.box))).scalars().all() == ["431126001099"]
        await store.close()
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


async def test_a_newer_database_is_neither_backed_up_nor_restored(tmp_path: Path) -> None:
    url, file = make_url(database_url(tmp_path)), tmp_path / "b"
    store = await open_store(url)
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(DatabaseNewer):
        await backup.backup(url, file)
    assert not file.exists()
    if url.get_backend_name() == "sqlite":
        shutil.copy(tmp_path / "hub.db", file)
    else:
        with zipfile.ZipFile(file, "w") as made:
            manifest = archive.Manifest(archive.FORMAT, "9999", NOON, [], {})
            made.writestr(archive.MANIFEST, msgspec.json.encode(manifest))
    with pytest.raises(DatabaseNewer):
        await backup.restore(make_url(database_url(tmp_path / "other")), file)


@pytest.mark.slow
async def test_backups_under_load_are_each_of_one_moment(tmp_path: Path, broker: Mosquitto, counted) -> None:
    """Whatever was committed when it was taken is in it, with its key and its lane's standing; nothing by halves."""
    async with BoxClient(broker.port) as box:
        with HubProcess(tmp_path / "hub", broker.port) as hub:
            await hub.until_connected()
            stop = asyncio.Event()
            sending = asyncio.create_task(send_on(box, stop))
            files = [tmp_path / f"{number}.backup" for number in range(4)]
            acked = []
            for file in files:
                done = box.acked.setdefault((STREAM, "alarm"), set())
                goal = len(done) + 500
                await until(lambda done=done, goal=goal: len(done) >= goal, 60)
                acked.append(set(done))
                await cli(hub, "backup", str(file))
            stop.set()
            total = await sending
            assert hub.stop() == 0
        for file, done in zip(files, acked, strict=True):
            again = HubProcess(tmp_path / file.stem, NOBODY)
            await cli(again, "restore", str(file), "--force")
            seqs = {seq for (seq,) in again.rows("SELECT seq FROM event")}
            assert done <= seqs
            assert {seq for (seq,) in again.rows("SELECT seq FROM event_key")} == seqs
            assert again.rows("SELECT stored_through, above FROM stream_state") == [(len(seqs), b"[]")]
            counted(f"backup {file.stem} of {total} events: {len(seqs)}, acknowledged when it began: {len(done)}")


async def send_on(box: BoxClient, stop: asyncio.Event) -> int:
    """Events without pause; returns the last number."""
    last = 0
    done = box.acked.setdefault((STREAM, "alarm"), set())
    while not stop.is_set():
        await box.events(*(event(ALARM, number) for number in range(last + 1, last + 51)))
        last += 50
        await asyncio.sleep(0.02)  # as fast as many boxes, and no faster than the test has to count
        await until(lambda last=last: len(done) > last - 500, 60)
    await until(lambda: len(done) == last, 60)
    return last


@pytest.mark.slow
@pytest.mark.sqlite_only
@pytest.mark.usefixtures("postgres_installed")
async def test_a_county_that_outgrows_its_file_moves_to_postgresql(tmp_path: Path, broker: Mosquitto) -> None:
    file = tmp_path / "small.backup"
    async with BoxClient(broker.port) as box:
        with HubProcess(tmp_path / "small", broker.port) as small:
            await filled(small, box, 20)
            assert small.stop() == 0
        await cli(small, "backup", str(file))
        large = HubProcess(tmp_path / "large", broker.port, database=postgres.cluster().empty())
        await cli(large, "restore", str(file))
        assert contents(large) == contents(small)
        with large:
            await box.events(event(ALARM, 20), event(ALARM, 21))
            await box.until_acked(21)
            await box.publish("event", b"more garbage")
            await large.until_rows("SELECT count(*) FROM dead_letter", [(2,)])
            assert large.rows("SELECT count(*) FROM event") == [(21,)]
