"""A truly full disk: the outbox refuses aloud, keeps what it has, and goes on when there is room again."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing, contextmanager

import msgspec
import pytest

from edgeagent.driver import OutboxFull, Picture
from edgeagent.outbox.ballast import Ballast
from edgeagent.uplink.packer import Packer
from edgeagent.uplink.queue import Queue
from edgeagent.uplink.unheard import Unheard
from gridwire.events import LANES
from tests import smalldisk
from tests.outboxes import JPEG, LIMITS, alarm, draft, outbox, rows
from tests.smalldisk import fill

pytestmark = pytest.mark.root


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MiB of its own."""
    with smalldisk.small_disk(tmp_path / "disk", 16) as folder:
        yield folder


async def test_a_full_disk_refuses_aloud_and_loses_nothing(small_disk):
    text = {"x": "y" * 2000}
    async with outbox(small_disk) as box:
        stored = [await box.put(alarm(detail=text)) for _ in range(300)]
        filler = fill(small_disk)
        assert (small_disk / "ballast").exists()
        with pytest.raises(OutboxFull):
            for _ in range(5000):
                stored.append(await box.put(alarm(detail=text)))
        assert not (small_disk / "ballast").exists()
        assert len(stored) > 600, "the ballast is worth two megabytes of alarms"
        assert box.full
        filler.unlink()
        stored.append(await box.put(alarm(detail=text)))
        assert not box.full
        await box.tick_hour()
        assert (small_disk / "ballast").exists()
    async with outbox(small_disk) as box:
        assert [row.seq for row in await rows(box, "alarm")] == [it.seq for it in stored]


def test_a_disk_that_has_become_read_only_takes_no_ballast_and_ends_nothing(tmp_path):
    with smalldisk.small_disk(tmp_path / "disk", 16, read_only=True) as folder:
        assert not Ballast(folder).take()


async def test_settled_rows_make_room_on_a_full_disk(small_disk):
    async with outbox(small_disk, LIMITS._replace(max_mb=64)) as box:
        for _ in range(1500):
            await box.put(alarm(detail={"x": "y" * 1000}))
        box.settle("alarm", 1, 1400)
        fill(small_disk)
        for _ in range(1300):
            await box.put(alarm(detail={"x": "y" * 1000}))
        assert box.room.evicted["alarm"] > 0


async def test_new_pictures_take_the_place_of_old_ones(small_disk):
    picture = b"\xff\xd8\xff" + b"x" * 200_000
    async with outbox(small_disk) as box:
        for _ in range(5):
            await box.put(draft(Picture()), jpegs=[picture])
        fill(small_disk)
        await box.put(draft(Picture()), jpegs=[picture])
        assert box.room.evicted["media"] >= 2


async def until_full(box, folder):
    """Not even the ballast is left, nor what its end has freed."""
    filler = fill(folder)
    with pytest.raises(OutboxFull) as refused:
        while True:
            await box.put(alarm(detail={"x": "y" * 60_000}))
            fill(folder)
    return filler, refused.value


async def gaps(box):
    found = [msgspec.json.decode(row.body) for row in await rows(box, "record")]
    lost = [event["data"] for event in found if event["type"] == "cn.gridwire.gap.v1"]
    return [(gap["lane"], gap["ranges"], gap["reason"]) for gap in lost]


async def test_what_the_disk_has_no_room_for_is_put_off_and_holds_up_nothing(small_disk):
    """A damaged row, a picture whose file is gone, rows that vanished: each is declared once there is room."""
    async with outbox(small_disk) as box:
        for _ in range(5):
            await box.put(alarm())
        await box.put(draft(Picture()), jpegs=[JPEG])
        with closing(sqlite3.connect(small_disk / "outbox.db")) as db, db:
            db.execute("UPDATE alarm SET crc = crc + 1 WHERE n = 2")
        next((small_disk / "pictures").iterdir()).unlink()
        filler, refused = await until_full(box, small_disk)
        assert (refused.facts["quota_mb"], refused.facts["free_mb"]) == (64, 0)
        assert await box.answers()
        assert box.full, "a question of the watchdog is no event that was stored"
        with pytest.raises(OutboxFull):
            await box.tick_hour()
        packer = Packer(box, queue := Queue(), Unheard(), "1", "2")
        queue.restart({lane: [] for lane in LANES} | {"alarm": [(1, 5)], "media": [(1, 1)]})
        message = await packer.next(["alarm"])
        assert [row.n for row in message.rows] == [1, 3, 4, 5]
        assert await packer.next(["record"]) is None
        box._lost = [("alarm", [(5, 5)])]
        with pytest.raises(OutboxFull):
            await box.sync()
        filler.unlink()
        assert await gaps(box) == []
        await box.sync()
        await rows(box, "alarm")
        queue.restart({lane: [] for lane in LANES} | {"media": [(1, 1)]})
        assert await packer.next(["record"]) is None
        assert await gaps(box) == [
            ("alarm", [[5, 5]], "corrupt"),
            ("alarm", [[2, 2]], "corrupt"),
            ("media", [[1, 1]], "picture_lost"),
        ]
        await box.tick_hour()


@contextmanager
def writes_fail():
    """Whatever this process writes to a file is refused by the kernel, and not for want of room."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_a_picture_that_finds_no_room_says_so_and_one_on_a_bad_disk_something_else(small_disk):
    async with outbox(small_disk) as box:
        await box.put(alarm(detail={"x": "y" * 60_000}))
        filler = fill(small_disk)
        with pytest.raises(OutboxFull) as refused:
            await box.put(draft(Picture()), jpegs=[b"\xff\xd8\xff" + b"x" * 200_000])
        assert refused.value.code == "outbox.full"
        assert "MiB free on its disk" in str(refused.value)
        assert (box.full, box.unwritable) == (True, "")
        filler.unlink()
        with writes_fail():
            for jpegs in ([], [JPEG]):
                with pytest.raises(OutboxFull) as refused:
                    await box.put(draft(Picture()), jpegs=jpegs)
                assert refused.value.code == "outbox.unwritable"
                assert not box.full
                assert box.unwritable
            assert (await box.use()).unwritable == box.unwritable
            with pytest.raises(OutboxFull):
                await box.tick_hour()
        await box.put(alarm())
        assert not box.unwritable
