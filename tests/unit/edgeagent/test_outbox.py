"""The outbox alone: numbers, memory, group commit, quotas, gaps, streams, damage."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edgeagent.driver import Checkin, OutboxFull, OutboxUnwritable, Picture, Reading
from edgeagent.outbox import NotAnOutbox, OutboxNewer, connection, schema
from edgeagent.outbox.outbox import MAX_RESCUES
from gridwire.codec import EventTooLarge
from gridwire.events import Gap
from tests.outboxes import JPEG, LIMITS, alarm, draft, outbox, rows


async def test_numbers_have_no_holes_and_survive_a_restart(tmp_path):
    async with outbox(tmp_path) as box:
        first = [await box.put(alarm()) for _ in range(3)]
        await box.put(draft(Checkin(method="card", person="p", key="k")))
    async with outbox(tmp_path) as box:
        again = await box.put(alarm())
        assert [stored.seq for stored in [*first, again]] == [1, 2, 3, 1]
        assert again.stream == box.book.current.id
        assert len({stored.stream for stored in [*first, again]}) == 2
        found = await rows(box, "alarm")
        assert [row.seq for row in found] == [1, 2, 3, 1]
        assert msgspec.json.decode(found[0].body)["id"] == first[0].id


async def test_many_producers_share_commits_and_none_is_lost(tmp_path):
    async with outbox(tmp_path) as box:
        stored = await asyncio.gather(*(box.put(alarm()) for _ in range(500)))
        assert sorted(it.seq for it in stored) == list(range(1, 501))
        assert len(await rows(box, "alarm")) == 500


async def test_memory_commits_with_the_event(tmp_path):
    async with outbox(tmp_path) as box:
        await box.put(alarm(), remember={"pond/last": b"1", "pond/x": b"2"})
        await box.remember({"pond/x": None})
    async with outbox(tmp_path) as box:
        assert box.recall("pond/last") == b"1"
        assert box.recall("pond/x") is None


async def test_every_start_begins_a_new_stream_and_an_empty_one_is_forgotten(tmp_path):
    streams = []
    for boot, machine in [("a", "m"), ("a", "m"), ("b", "m"), ("b", "clone")]:
        async with outbox(tmp_path, boot=boot, machine=machine) as box:
            stored = await box.put(alarm())
            streams.append((stored.stream, stored.seq))
        async with outbox(tmp_path, boot=boot, machine=machine):
            pass  # stores nothing
    assert [seq for _, seq in streams] == [1, 1, 1, 1]
    assert len({stream for stream, _ in streams}) == 4
    async with outbox(tmp_path, boot="b", machine="clone") as box:
        assert [(row.stream, row.seq) for row in await rows(box, "alarm")] == streams
        known = [numbers.stream for numbers in box.numbers()]
        assert known == [*(stream for stream, _ in streams), box.book.current.id]


async def test_a_file_rolled_back_never_gives_a_number_twice(tmp_path):
    given = set()
    async with outbox(tmp_path) as box:
        given.add((await box.put(alarm()))[1:4])
    snapshot = (tmp_path / "outbox.db").read_bytes()
    for _ in range(3):
        async with outbox(tmp_path) as box:
            given |= {(await box.put(alarm()))[1:4] for _ in range(3)}
        (tmp_path / "outbox.db").write_bytes(snapshot)
    assert len(given) == 10


async def test_a_new_stream_on_request(tmp_path):
    async with outbox(tmp_path) as box:
        before = await box.put(alarm())
        stream = await box.begin_stream()
        after = await box.put(alarm())
        assert (after.stream, after.seq) == (stream, 1)
        assert after.stream != before.stream


async def test_what_is_settled_is_remembered_and_counted(tmp_path):
    async with outbox(tmp_path) as box:
        for _ in range(5):
            await box.put(alarm())
        box.settle("alarm", 1, 2)
        box.settle("alarm", 4, 4)
        assert box.waiting()["alarm"] == 2
        numbers = box.numbers()[0].lanes["alarm"]
        assert (numbers.oldest_kept, numbers.oldest_unacked, numbers.next) == (1, 3, 6)
    async with outbox(tmp_path) as box:
        assert box.book.lanes["alarm"].unsettled() == [(3, 3), (5, 5)]


async def test_pictures_are_numbered_with_their_event(tmp_path):
    async with outbox(tmp_path) as box:
        await box.put(draft(Picture(owner="")), jpegs=[JPEG, JPEG + b"2"])
        (row,) = await rows(box, "record")
        refs = msgspec.json.decode(row.body)["data"]["pictures"]
        media = await rows(box, "media")
        assert [ref["seq"] for ref in refs] == [row.seq for row in media] == [1, 2]
        assert await box.jpeg(media[0]) == JPEG
        (tmp_path / "pictures").joinpath("stray.jpg").write_bytes(b"left by a crash")
    async with outbox(tmp_path) as box:
        assert len(list((tmp_path / "pictures").iterdir())) == 2


async def test_the_oldest_picture_goes_when_pictures_are_full_and_is_declared(tmp_path):
    big = b"\xff\xd8\xff" + b"x" * 300_000
    async with outbox(tmp_path, LIMITS._replace(pictures_max_mb=1)) as box:
        for _ in range(5):
            await box.put(draft(Picture()), jpegs=[big])
        assert len(list((tmp_path / "pictures").iterdir())) == 3
        gaps = [msgspec.json.decode(row.body) for row in await rows(box, "record")]
        lost = [gap["data"] for gap in gaps if gap["type"] == "cn.gridwire.gap.v1"]
        assert [(gap["lane"], gap["ranges"], gap["reason"]) for gap in lost] == [
            ("media", [[1, 1]], "quota"),
            ("media", [[2, 2]], "quota"),
        ]


async def test_settled_rows_and_readings_make_room_for_alarms(tmp_path):
    announced = []
    async with outbox(tmp_path, LIMITS._replace(max_mb=4)) as box:
        box.on_commit = announced.extend
        text = {"x": "y" * 2000}
        stored = await asyncio.gather(*(box.put(alarm(detail=text)) for _ in range(500)))
        box.settle("alarm", 1, 200)
        await asyncio.gather(*(box.put(draft(Reading(quantity="q", value=1.0))) for _ in range(1000)))
        more = 0
        with pytest.raises(OutboxFull) as full:
            for _ in range(5000):
                stored.append(await box.put(alarm(detail=text)))
                more += 1
        assert "outbox.full" in full.value.text("zh")
        assert more > 500
        kept = [row.seq for row in await rows(box, "alarm")]
        assert kept == list(range(201, len(stored) + 1))
        gaps = [row for row in announced if row.lane == "record"]
        lost = [msgspec.json.decode(row.body)["data"] for row in gaps]
        assert {gap["lane"] for gap in lost} == {"reading"}
        assert sum(last - first + 1 for gap in lost for first, last in gap["ranges"]) == box.room.evicted["reading"] > 0
        # what was refused took no number: the next one that fits has the next number
        box.settle("alarm", 201, len(stored))
        assert (await box.put(alarm())).seq == len(stored) + 1


async def test_what_matters_least_makes_room_first(tmp_path):
    """Also of what the hub has: it may ask for an alarm again, hardly for a reading."""
    text = {"x": "y" * 2000}
    async with outbox(tmp_path, LIMITS._replace(max_mb=4)) as box:
        await asyncio.gather(*(box.put(alarm(detail=text)) for _ in range(300)))
        await asyncio.gather(*(box.put(draft(Reading(quantity="q", value=1.0))) for _ in range(600)))
        for lane, last in (("alarm", 300), ("reading", 600)):
            box.settle(lane, 1, last)
        while not any(box.room.evicted.values()):
            await box.put(alarm(detail=text))
        assert (box.room.evicted["reading"] > 0, box.room.evicted["alarm"]) == (True, 0)


async def test_what_fits_is_stored_beside_what_does_not_and_nothing_settled_is_forgotten(tmp_path):
    def large():
        return alarm(detail={"x": "x" * 60_000})

    async with outbox(tmp_path, LIMITS._replace(max_mb=1)) as box:
        await box.put(draft(Checkin(method="card", person="p", key="k")))
        with pytest.raises(OutboxFull):
            while True:
                await box.put(large())
        box.settle("record", 1, 1)
        refused, stored = await asyncio.gather(box.put(large()), box.put(alarm()), return_exceptions=True)
        assert isinstance(refused, OutboxFull)
        assert stored.seq == len(await rows(box, "alarm"))
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        assert db.execute("SELECT ranges FROM settled WHERE lane = 'record'").fetchone() == ("[[1,1]]",)


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    def work(db):
        db.execute("CREATE TABLE half(x)")
        raise ValueError

    db = connection.open_at(tmp_path / "outbox.db")
    with pytest.raises(ValueError):
        connection.transaction(work)(db)
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: what is told as stored is on the disk"
    db.close()


async def test_an_event_that_is_too_large_hurts_nobody_else(tmp_path):
    async with outbox(tmp_path) as box:
        results = await asyncio.gather(
            box.put(alarm()), box.put(alarm(detail={"x": "y" * 70_000})), box.put(alarm()), return_exceptions=True
        )
        assert isinstance(results[1], EventTooLarge)
        assert [results[0].seq, results[2].seq] == [1, 2]


async def test_cancelling_the_driver_does_not_stop_the_commit(tmp_path):
    async with outbox(tmp_path) as box:
        task = asyncio.create_task(box.put(alarm()))
        await asyncio.sleep(0)  # it has handed its event over, and waits for the commit
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await box.put(alarm())).seq == 2


async def test_settled_rows_expire_after_running_hours_but_never_the_newest(tmp_path):
    async with outbox(tmp_path, LIMITS._replace(retain_days=2 / 24)) as box:
        for _ in range(10):
            await box.put(alarm())
        box.settle("alarm", 1, 4)
        for _ in range(4):
            await box.tick_hour()
        assert [row.seq for row in await rows(box, "alarm")] == [5, 6, 7, 8, 9, 10]
        box.settle("alarm", 5, 10)
        await box.tick_hour()
        assert [row.seq for row in await rows(box, "alarm")] == [10]
    async with outbox(tmp_path) as box:
        assert (await box.put(alarm())).seq == 1
        assert box.numbers()[0].lanes["alarm"].oldest_kept == 10


async def test_old_streams_are_forgotten_when_nothing_of_them_is_left(tmp_path):
    async with outbox(tmp_path, boot="a") as box:
        await box.put(alarm())
        await box.put(alarm())
    async with outbox(tmp_path, LIMITS._replace(retain_days=0), boot="b") as box:
        await box.put(alarm())
        assert len(box.numbers()) == 2
        box.settle("alarm", 1, 3)
        await box.tick_hour()
        await box.tick_hour()
        assert len(box.numbers()) == 1
        assert [row.n for row in await rows(box, "alarm")] == [3]


async def test_a_damaged_row_is_declared(tmp_path):
    async with outbox(tmp_path) as box:
        for _ in range(3):
            await box.put(alarm())
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        db.execute("UPDATE alarm SET body = substr(body, 1, 20) WHERE n = 2")
    async with outbox(tmp_path) as box:
        assert [row.seq for row in await rows(box, "alarm")] == [1, 3]
        (gap,) = await rows(box, "record")
        data = msgspec.json.decode(gap.body)["data"]
        assert msgspec.convert(data, Gap).reason == "corrupt"
        assert box.book.lanes["alarm"].unsettled() == [(1, 1), (3, 3)]


async def test_a_gap_makes_room_for_itself_as_every_event_does(tmp_path):
    """An outbox at its quota is usual: what the hub has stays until its room is needed."""
    async with outbox(tmp_path, LIMITS._replace(max_mb=1)) as box:
        for event in (
            lambda: alarm(detail={"x": "x" * 60_000}),
            lambda: draft(Checkin(method="card", person="p", key="k")),
        ):
            with pytest.raises(OutboxFull):
                while True:
                    await box.put(event())
        last, records = box.book.lanes["alarm"].next - 1, box.book.lanes["record"].next - 1
        box.settle("alarm", 3, last)
        with closing(sqlite3.connect(tmp_path / "outbox.db")) as db, db:
            db.execute("UPDATE alarm SET crc = crc + 1 WHERE n = 2")
        assert [row.n for row in await rows(box, "alarm")] == [1, *range(3, last + 1)]
        (gap,) = await box.read("record", records + 1, records + 9, 9)
        assert msgspec.json.decode(gap.body)["data"]["ranges"] == [[2, 2]]
        assert box.book.lanes["alarm"].unsettled() == [(1, 1)]


async def test_a_stream_makes_room_for_itself_and_without_any_says_so(tmp_path):
    async with outbox(tmp_path, LIMITS._replace(max_mb=1)) as box:
        for event in (lambda: alarm(detail={"x": "x" * 60_000}), alarm):
            with pytest.raises(OutboxFull):
                while True:
                    await box.put(event())
        before = box.book.current
        with pytest.raises(OutboxFull):
            for _ in range(2000):  # each takes some bytes of a page that is there already
                await box.begin_stream()
        last = box.book.lanes["alarm"].next - 1
        box.settle("alarm", 1, last)
        assert await box.begin_stream() == box.book.current.id != before.id
        assert box.room.evicted["alarm"] > 0


async def test_a_file_that_is_damaged_again_and_again_is_rescued_so_often_and_no_more(tmp_path):
    async with outbox(tmp_path) as box:
        for _ in range(MAX_RESCUES + 1):
            await asyncio.gather(*(box.put(alarm(detail={"x": "y" * 500})) for _ in range(40)))
            with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            rescued = box.damaged
            os.truncate(tmp_path / "outbox.db", 4096)
            if rescued < MAX_RESCUES:
                await box.read("alarm", 1, 10**6, 1)
        assert box.damaged == MAX_RESCUES
        for _ in range(2):
            with pytest.raises(OutboxUnwritable):
                await box.put(alarm())
            with pytest.raises(sqlite3.DatabaseError):
                await box.read("alarm", 1, 10**6, 1)
        assert (box.damaged, box.full) == (MAX_RESCUES, False)
        assert len(list(tmp_path.glob("outbox.db.damaged-*[A-Z0-9]"))) == 1


async def test_a_destroyed_file_is_put_aside_and_a_new_stream_begun(tmp_path):
    async with outbox(tmp_path) as box:
        before = await box.put(alarm())
    (tmp_path / "outbox.db").write_bytes(b"this was a database once" * 500)
    async with outbox(tmp_path) as box:
        after = await box.put(alarm())
        assert after.stream != before.stream
    assert len(list(tmp_path.glob("outbox.db.damaged-*"))) >= 1


async def test_newer_and_foreign_files_are_refused_untouched(tmp_path):
    path = tmp_path / "outbox.db"
    async with outbox(tmp_path) as box:
        await box.put(alarm())
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutboxNewer):
        async with outbox(tmp_path):
            pass
    assert path.read_bytes() == before
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE recipes(x)")
    db.close()
    with pytest.raises(NotAnOutbox):
        async with outbox(tmp_path):
            pass


async def test_an_older_file_is_brought_forward_step_by_step(tmp_path):
    async with outbox(tmp_path) as box:
        before = await box.put(alarm())

    def add_a_table(db):
        db.execute("CREATE TABLE later(x)")

    def fail(db):
        db.execute("CREATE TABLE half(x)")
        raise sqlite3.OperationalError("the power went")

    db = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(db, schema.VERSION, (*schema.STEPS, add_a_table, fail))
    assert db.execute("PRAGMA user_version").fetchone() == (schema.VERSION + 1,)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert "later" in tables
    assert "half" not in tables
    assert db.execute("SELECT count(*) FROM alarm").fetchone() == (1,)
    assert before.seq == 1
    db.close()


async def test_a_picture_is_on_the_disk_before_its_row(tmp_path, monkeypatch):
    """Its bytes before its name, and its name before anything speaks of it. No trace is left of the order in which the
    kernel was asked: its function is called as ever, and noted."""
    synced, fsync = [], os.fsync

    def spy(descriptor):
        file = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        rows = sqlite3.connect(f"file:{tmp_path}/outbox.db?mode=ro", uri=True).execute("SELECT count(*) FROM media")
        synced.append((file.suffix or file.name, rows.fetchone()[0]))
        fsync(descriptor)

    async with outbox(tmp_path) as box:
        monkeypatch.setattr(os, "fsync", spy)
        await box.put(draft(Picture()), jpegs=[JPEG, JPEG])
    assert [step for step in synced if step[0] in (".tmp", "pictures")] == [(".tmp", 0), (".tmp", 0), ("pictures", 0)]


async def test_a_picture_that_is_not_what_was_written_is_none(tmp_path):
    async with outbox(tmp_path) as box:
        await box.put(draft(Picture()), jpegs=[JPEG])
        (row,) = await rows(box, "media")
        (file,) = (tmp_path / "pictures").iterdir()
        file.write_bytes(JPEG.replace(b"x", b"y", 1))
        assert await box.jpeg(row) is None


async def test_the_end_of_the_loop_takes_no_picture_whose_row_is_committed(tmp_path):
    """`asyncio.run` cancels every task when it ends, the one that stores pictures too."""
    async with outbox(tmp_path) as box:
        storing = asyncio.create_task(box._put_with_pictures(draft(Picture()), {}, (JPEG,)))
        while not box._commits.waiting:
            await asyncio.sleep(0)  # and not one turn longer: the commit is under way
        storing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await storing
        await box.put(alarm())
        (row,) = await rows(box, "media")
        assert await box.jpeg(row) == JPEG
