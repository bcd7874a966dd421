"""A truly full disk: the outbox refuses aloud, keeps what it has, and goes on when there is room again."""

from __future__ import annotations

import pytest

from edgeagent.driver import OutboxFull, Picture
from tests import smalldisk
from tests.outboxes import LIMITS, alarm, draft, outbox, rows
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
