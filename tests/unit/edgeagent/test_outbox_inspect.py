"""Looking into an outbox from outside: while it is in use, at rest, killed, copied, damaged; nothing is touched."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edgeagent.clock import Stamp
from edgeagent.driver import Checkin, Picture
from edgeagent.outbox import NotAnOutbox, OutboxNewer
from edgeagent.outbox.export import gather, lines, select
from edgeagent.outbox.inspect import NoOutbox, NoSuchStream, OutboxChanged, OutboxUnreadable, opened
from edgeagent.outbox.since import Moments, Since
from edgeagent.outbox.survey import survey
from edgeagent.outbox.verify import verify
from gridwire.ranges import RangeSet
from tests.outboxes import JPEG, alarm, draft, outbox, rows


def in_a_minute(**step: float) -> Stamp:
    """A minute after the events that are made now, by either clock."""
    return Stamp(datetime.now(UTC) + timedelta(seconds=60, **step), 72.5, "synced")


async def fill(box) -> None:
    for no in range(5):
        await box.put(alarm(detail={"no": str(no)}))
    await box.put(draft(Checkin(method="card", person="p", key="k")))
    await box.put(draft(Picture(owner="")), jpegs=[JPEG, JPEG + b"2"])
    box.settle("alarm", 1, 3)
    await box.sync()


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file with content and time of change."""
    return {
        str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def exported(folder: Path, **wanted) -> list[tuple[str, int]]:
    with opened(folder) as content:
        return [(line.lane, line.seq) for line in lines(content, select(content, **wanted))]


def found(folder: Path) -> list[tuple]:
    with opened(folder, snapshot=True) as content:
        return [(each.what, each.lane, each.numbers, each.unsettled) for each in verify(content)]


ALL = [*(("alarm", n) for n in range(1, 6)), ("record", 1), ("record", 2), ("media", 1), ("media", 2)]


async def test_in_use_the_latest_commit_is_seen_and_nothing_is_touched(tmp_path):
    async with outbox(tmp_path, boot="b") as box:
        await fill(box)
        before = everything(tmp_path)
        assert exported(tmp_path) == ALL
        assert found(tmp_path) == []
        after = everything(tmp_path)
        assert after.keys() == before.keys()
        for files in (before, after):
            del files["outbox.db-shm"]  # one process has one mapping of it, and the test is the writer too
        assert after == before
        with opened(tmp_path) as content:
            await box.put(alarm())
            await box.room.make()  # deletes and checkpoints beside an open reader
            seen = survey(content, "b", in_a_minute())
        assert (seen.streams[0].current, seen.streams[0].boot) == (True, "b")
        await box.put(alarm())
        assert exported(tmp_path, lane="alarm")[-1] == ("alarm", 7)


async def test_at_rest_no_file_appears(tmp_path):
    async with outbox(tmp_path) as box:
        await fill(box)
    before = everything(tmp_path)
    tmp_path.chmod(0o500)
    with opened(tmp_path) as content:
        seen = survey(content, "other", in_a_minute())
    assert exported(tmp_path) == ALL
    assert found(tmp_path) == []
    assert everything(tmp_path) == before
    tmp_path.chmod(0o700)
    alarms = seen.lanes["alarm"]
    assert (alarms.kept, alarms.unsettled, alarms.next) == (5, 2, 6)
    assert alarms.oldest_age_s >= 60
    assert (seen.lanes["reading"].kept, seen.lanes["reading"].oldest_age_s) == (0, None)
    assert (seen.pictures, seen.pictures_bytes) == (2, 2 * len(JPEG) + 1)
    assert seen.lanes["media"].oldest_age_s >= 59
    assert seen.ballast_bytes == 2 * 2**20
    assert seen.damaged == {}


async def test_killed_or_copied_with_its_log_it_is_read_to_the_last_commit(tmp_path):
    async with outbox(tmp_path / "live") as box:
        await fill(box)
        shutil.copytree(tmp_path / "live", tmp_path / "killed")
    shutil.copytree(tmp_path / "killed", tmp_path / "copied")
    (tmp_path / "copied" / "outbox.db-shm").unlink()
    for name in ("killed", "copied"):
        before = everything(tmp_path / name)
        assert exported(tmp_path / name) == ALL
        assert found(tmp_path / name) == []
        assert everything(tmp_path / name) == before


async def test_age_within_a_boot_does_not_depend_on_the_wall_clock(tmp_path):
    async with outbox(tmp_path, boot="b") as box:
        await fill(box)
    with opened(tmp_path) as content:
        stepped = in_a_minute(days=900)
        assert survey(content, "b", stepped).lanes["alarm"].oldest_age_s == 60.0


async def test_events_are_exported_byte_by_byte(tmp_path):
    async with outbox(tmp_path) as box:
        await fill(box)
        bodies = [row.body for lane in ("alarm", "record") for row in await rows(box, lane)]
    with opened(tmp_path) as content:
        told = [line.body for line in lines(content, select(content))]
    assert told[:7] == bodies
    picture = msgspec.json.decode(told[7])
    assert Path(picture["file"]).read_bytes() == JPEG
    assert (picture["lane"], picture["seq"], picture["bytes"]) == ("media", 1, len(JPEG))


async def test_export_by_lane_stream_acknowledgement_and_time(tmp_path):
    async with outbox(tmp_path) as box:
        await fill(box)
        old = box.book.current.id
    async with outbox(tmp_path) as box:
        await box.put(alarm())
        new = box.book.current.id
    assert exported(tmp_path, lane="record") == [("record", 1), ("record", 2)]
    assert exported(tmp_path, stream=old) == ALL
    assert exported(tmp_path, stream=new) == [("alarm", 1)]
    assert exported(tmp_path, lane="alarm", unsent=True) == [("alarm", 4), ("alarm", 5), ("alarm", 1)]
    with pytest.raises(NoSuchStream, match=old):
        exported(tmp_path, stream="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    now = in_a_minute()
    for since, count in ((now.wall - timedelta(days=1), 6), (now.wall, 0)):
        with opened(tmp_path) as content:
            times = Since(since, Moments("", now), content.book, lane=None, stream=None)
            gather(content, times)
            assert times.rows["alarm"].count() == count


async def test_verify_names_each_fault(tmp_path):
    async with outbox(tmp_path) as box:
        await fill(box)
    db = sqlite3.connect(tmp_path / "outbox.db")
    db.execute("DELETE FROM alarm WHERE n = 1")  # the hub has it
    db.execute("UPDATE alarm SET crc = crc + 1 WHERE n = 2")
    db.execute("UPDATE record SET body = x'00' WHERE n = 1")
    db.execute("DELETE FROM alarm WHERE n = 4")
    db.commit()
    db.close()
    one, two = sorted((tmp_path / "pictures").iterdir())
    one.unlink()
    two.write_bytes(b"other")
    assert sorted(found(tmp_path)) == [
        ("hole", "alarm", (4, 4), True),
        ("picture-changed", "media", (2, 2), True),
        ("picture-missing", "media", (1, 1), True),
        ("row", "alarm", (2, 2), False),
        ("row", "record", (1, 1), True),
    ]
    with opened(tmp_path) as content:
        assert [line.seq for line in lines(content, select(content, lane="alarm")) if line.body is None] == [2]


async def test_verify_tells_a_destroyed_page(tmp_path):
    async with outbox(tmp_path) as box:
        await asyncio.gather(*(box.put(alarm()) for _ in range(500)))
    raw = (tmp_path / "outbox.db").read_bytes()
    with (tmp_path / "outbox.db").open("r+b") as file:
        file.seek(raw.index(b'"seq":250,') // 4096 * 4096)
        file.write(b"\xff" * 4096)
    assert {what for what, *_ in found(tmp_path)} == {"file"}


async def test_what_is_no_outbox_is_refused(tmp_path):
    def look(name: str) -> None:
        with opened(tmp_path / name):
            pass

    with pytest.raises(NoOutbox):
        look("nothing")
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "outbox.db").write_bytes(b"noise" * 2000)
    with pytest.raises(OutboxUnreadable, match="not a database"):
        look("noise")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "outbox.db").touch()
    with pytest.raises(OutboxUnreadable, match="empty"):
        look("empty")
    async with outbox(tmp_path / "newer"):
        pass
    db = sqlite3.connect(tmp_path / "newer" / "outbox.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(OutboxNewer):
        look("newer")
    (tmp_path / "foreign").mkdir()
    db = sqlite3.connect(tmp_path / "foreign" / "outbox.db")
    db.execute("CREATE TABLE t(x)")
    db.close()
    with pytest.raises(NotAnOutbox):
        look("foreign")


async def test_an_agent_that_starts_meanwhile_is_noticed(tmp_path):
    async with outbox(tmp_path) as box:
        await fill(box)
    reading = opened(tmp_path)
    content = reading.__enter__()
    assert len(list(lines(content, select(content)))) == len(ALL)
    async with outbox(tmp_path):
        with pytest.raises(OutboxChanged):
            reading.__exit__(None, None, None)


def test_common_numbers():
    one, other = RangeSet([(1, 10), (20, 30)]), RangeSet([(5, 22), (29, 40)])
    assert one.common(other).to_pairs() == ((5, 10), (20, 22), (29, 30))
    assert one.common(RangeSet()).to_pairs() == ()
