"""The folder of nightly backups: as the service calls the command, on both databases, with mistakes made on purpose."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from countyhub.cli import main
from countyhub.store import backup, backupfolder, backupstamp
from countyhub.store import tables as t
from countyhub.store.engine import open_store
from countyhub.store.problems import BackupFolderAbsent, BackupUnreadable
from tests.hubs import COUNTY, database_url
from tests.instances import BOX, NOON, STREAM

POSTGRES_QUICK = True
pytestmark = pytest.mark.usefixtures("database")
NIGHT = timedelta(days=1)


@pytest.fixture
async def url(tmp_path):
    """Of a hub's database with one event."""
    made = make_url(database_url(tmp_path))
    store = await open_store(made)
    async with store.write() as connection:
        await connection.execute(t.event.insert().values(
            id=1, event_id=STREAM, box=BOX, stream=STREAM, lane="alarm", seq=1, type="cn.gridwire.alarm.v1",
            subject="gate", time=NOON, recorded=NOON, received=datetime.now(UTC), clock="synced", monotonic_ms=1,
            drill=False, raw=os.urandom(20_000),
        ))  # fmt: skip
    await store.close()
    return made


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "backups"
    made.mkdir()
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_oldest_goes_once_the_new_one_is_good_and_nothing_else_goes(url, folder):
    for other in ("before-upgrade.backup", "hub-2026-11-21.backup", "hub-20261120T023000Z.backup.bak"):
        (folder / other).write_text("a person's")
    kept = names(folder)
    made = [await backupfolder.make(url, folder, 3, NOON + NIGHT * night) for night in range(5)]
    assert [len(each.given_up) for each in made] == [0, 0, 0, 1, 1]
    assert [each.given_up[0] for each in made[3:]] == [each.path for each in made[:2]]
    assert names(folder) == sorted(kept + [each.path.name for each in made[2:]])
    assert {path.stat().st_mode & 0o777 for path in (each.path for each in made[2:])} == {0o600}
    other = make_url(database_url(folder.parent / "other"))
    rows = await backup.restore(other, made[-1].path)
    assert rows["event"] == 1


async def test_a_new_one_that_is_not_good_costs_no_old_one(url, folder, monkeypatch):
    """A disk that gives back something else than was written. Between the copy, which is the real one, and its being
    read again nobody else can come in: it is spoilt where its making ends."""
    first = await backupfolder.make(url, folder, 1, NOON)
    whole = backup.backup

    async def damaged(*words):
        rows = await whole(*words)
        data = bytearray(words[1].read_bytes())
        middle = len(data) // 2
        data[middle : middle + 8192] = os.urandom(8192)
        words[1].write_bytes(data)
        return rows

    monkeypatch.setattr(backupfolder.backup, "backup", damaged)
    with pytest.raises(BackupUnreadable):
        await backupfolder.make(url, folder, 1, NOON + NIGHT)
    assert names(folder) == [first.path.name]


async def test_every_damage_is_seen(url, folder):
    """Cut off anywhere, or a page that is noise."""
    path = (await backupfolder.make(url, folder, 1, NOON)).path
    data = path.read_bytes()
    backupfolder.verify(path)
    for damaged in (b"", data[:100], data[: len(data) // 2], data[:-4096], b"SQLite format 3\0", b"PK\x03\x04"):
        path.write_bytes(damaged)
        with pytest.raises(BackupUnreadable):
            backupfolder.verify(path)


async def test_an_empty_database_gives_up_nothing(url, folder, tmp_path):
    """A wrong data_dir makes a new, empty hub: a fortnight of it must not cost the county's last copy."""
    real = await backupfolder.make(url, folder, 2, NOON)
    empty = make_url(database_url(tmp_path / "empty"))
    await (await open_store(empty)).close()
    for night in range(1, 5):
        await backupfolder.make(empty, folder, 2, NOON + NIGHT * night)
    assert len(names(folder)) == 5
    assert real.path.exists()


async def test_what_a_power_cut_left_goes_and_what_somebody_is_writing_stays(url, folder):
    old, young = folder / "hub-20261101T023000Z.backup.part", folder / "hub-20261122T023000Z.backup.part"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (NOON.timestamp() - 90000,) * 2)
    os.utime(young, (NOON.timestamp() - 60,) * 2)
    made = await backupfolder.make(url, folder, 2, NOON)
    assert names(folder) == sorted([made.path.name, young.name])


async def test_a_disk_that_is_not_mounted_is_told(url, folder):
    with pytest.raises(BackupFolderAbsent, match="mounted"):
        await backupfolder.make(url, folder / "nowhere", 2, NOON)


@pytest.mark.sqlite_only
def test_the_command_of_the_service(folder, tmp_path, capsys):
    config = tmp_path / "countyhub.toml"
    config.write_text(f'county = "{COUNTY}"\ndata_dir = "{tmp_path}"\n')
    words = ["backup", "--config", str(config), "--language", "en", "--into", str(folder), "--keep"]
    assert main([*words, "2"]) == 78
    assert backupstamp.read(tmp_path) is None
    assert main(["migrate", "--config", str(config)]) == 0
    capsys.readouterr()
    assert main([*words, "2"]) == 0
    assert "hub-" in capsys.readouterr().out
    assert datetime.now(UTC) - backupstamp.read(tmp_path) < timedelta(minutes=5)
    for number in ("0", "-1", "many"):
        with pytest.raises(SystemExit):
            main([*words, number])
    with pytest.raises(SystemExit):
        main([*words, "2", str(tmp_path / "file")])
    with pytest.raises(SystemExit):
        main(["backup"])
