"""A damaged outbox file: what can be read keeps its numbers, what cannot is declared, nothing is invented."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from edgeagent.driver import Picture
from gridwire.ranges import RangeSet
from tests.outboxes import JPEG, alarm, draft, outbox, rows

PAGE = 4096
COUNT = 2000


async def fill(folder: Path, settled: int = 0) -> set[tuple]:
    """An outbox with many alarms and some pictures; gives what the driver was told."""
    async with outbox(folder) as box:
        told = await asyncio.gather(*(box.put(alarm(detail={"no": str(no)})) for no in range(COUNT)))
        for _ in range(5):
            await box.put(draft(Picture()), jpegs=[JPEG])
        if settled:
            box.settle("alarm", 1, settled)
    return {(it.id, it.stream, it.seq) for it in told}


async def found(box, lane="alarm") -> set[tuple]:
    events = [msgspec.json.decode(row.body) for row in await rows(box, lane)]
    assert all((event["stream"], event["seq"]) == (row.stream, row.seq)
               for event, row in zip(events, await rows(box, lane), strict=True))  # fmt: skip
    return {(event["id"], event["stream"], event["seq"]) for event in events}


async def declared(box, lane="alarm") -> set[tuple]:
    """(stream, seq) of all gap events of a lane."""
    gaps = [msgspec.json.decode(row.body) for row in await rows(box, "record")]
    return {
        (gap["data"]["stream"], seq)
        for gap in gaps
        if gap["type"] == "cn.gridwire.gap.v1" and gap["data"]["lane"] == lane
        for first, last in gap["data"]["ranges"]
        for seq in range(first, last + 1)
    }


def destroy(path: Path, pages: list[int]) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(random.Random(page).randbytes(PAGE))


async def check(folder: Path, told: set[tuple], at_least: int) -> None:
    """Everything told is there or declared; nothing else is; new numbers are new."""
    async with outbox(folder) as box:
        assert box.damaged
        kept, lost = await found(box), await declared(box)
        assert kept <= told
        assert {(stream, seq) for _, stream, seq in told - kept} == lost
        assert len(kept) >= at_least
        again = await box.put(alarm())
        assert again.stream not in {stream for _, stream, _ in told}
        assert len(list(folder.glob("outbox.db.damaged-*"))) >= 1
    async with outbox(folder) as box:  # and it stays so
        assert not box.damaged
        assert {one[0] for one in await found(box)} == {one[0] for one in kept} | {again.id}


@pytest.mark.parametrize("seed", range(6))
async def test_destroyed_pages_cost_only_their_rows(tmp_path, seed):
    told = await fill(tmp_path)
    path = tmp_path / "outbox.db"
    pages = path.stat().st_size // PAGE
    destroy(path, random.Random(seed).sample(range(20, pages), 5))
    async with outbox(tmp_path) as box:  # found only when the rows are read
        kept = await found(box)
        lost = await declared(box)
        assert {(stream, seq) for _, stream, seq in told - kept} >= lost
        assert len(kept) >= COUNT - 5 * 30
        assert {(stream, seq) for _, stream, seq in told - kept} == await declared(box)


async def test_a_destroyed_first_page_costs_nothing(tmp_path):
    told = await fill(tmp_path)
    destroy(tmp_path / "outbox.db", [0])
    await check(tmp_path, told, COUNT)


async def test_destroyed_tables_of_streams_are_made_again_from_the_events(tmp_path):
    told = await fill(tmp_path)
    destroy(tmp_path / "outbox.db", [0, 1, 2, 3, 4])
    await check(tmp_path, told, COUNT)


async def test_pictures_survive_a_rescue(tmp_path):
    await fill(tmp_path)
    destroy(tmp_path / "outbox.db", [0])
    async with outbox(tmp_path) as box:
        media = await rows(box, "media")
        assert [await box.jpeg(row) for row in media] == [JPEG] * 5


async def test_memory_and_settled_rows_survive_a_rescue(tmp_path):
    async with outbox(tmp_path) as box:
        await asyncio.gather(*(box.put(alarm(), remember={"device/x": b"7"}) for _ in range(100)))
        box.settle("alarm", 1, 60)
    destroy(tmp_path / "outbox.db", [0])
    async with outbox(tmp_path) as box:
        assert box.recall("device/x") == b"7"
        assert box.book.lanes["alarm"].unsettled() == [(61, 100)]


async def test_an_empty_file_is_noticed_and_a_new_stream_begun(tmp_path):
    told = await fill(tmp_path)
    (tmp_path / "outbox.db").write_bytes(b"")
    async with outbox(tmp_path) as box:
        assert box.damaged
        assert (await box.put(alarm())).stream not in {stream for _, stream, _ in told}


async def test_garbage_is_noticed_and_a_new_stream_begun(tmp_path):
    told = await fill(tmp_path)
    (tmp_path / "outbox.db").write_bytes(random.Random(1).randbytes(200_000))
    async with outbox(tmp_path) as box:
        assert box.damaged
        assert (await box.put(alarm())).stream not in {stream for _, stream, _ in told}


async def test_a_flipped_bit_in_the_wal_never_gives_a_number_twice(tmp_path):
    """SQLite drops what follows the damaged frame in silence; the hub sees the hole, and new events get new numbers."""
    live, copy = tmp_path / "live", tmp_path / "copy"
    async with outbox(live) as box:
        told = [await box.put(alarm()) for _ in range(50)]
        shutil.copytree(live, copy)  # as a power cut would leave it
    wal = copy / "outbox.db-wal"
    raw = bytearray(wal.read_bytes())
    raw[len(raw) // 2] ^= 0x10
    wal.write_bytes(raw)
    async with outbox(copy, boot="after the cut") as box:
        kept = await found(box)
        assert 0 < len(kept) < 50
        again = await box.put(alarm())
        assert (again.stream, again.seq) not in {(it.stream, it.seq) for it in told}


async def test_the_agent_goes_on_when_the_file_is_destroyed_under_it(tmp_path):
    async with outbox(tmp_path) as box:
        first = await asyncio.gather(*(box.put(alarm(detail={"x": "y" * 300})) for _ in range(COUNT)))
        told = {(it.id, it.stream, it.seq) for it in first}
        await box.remember({"device/x": b"7"})
        box.settle("alarm", 1, 100)
        path = tmp_path / "outbox.db"
        await box._db.call(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        await box._db.call(lambda db: db.execute("PRAGMA shrink_memory").fetchall())
        pages = path.stat().st_size // PAGE
        destroy(path, list(range(pages - 40, pages)))  # where new rows go
        more = await asyncio.gather(*(box.put(alarm()) for _ in range(50)))
        assert box.damaged == 1
        assert box.recall("device/x") == b"7"
        told |= {(it.id, it.stream, it.seq) for it in more}
        kept, lost = await found(box), await declared(box)
        missing = {(stream, seq) for _, stream, seq in told - kept}
        assert lost <= missing
        # what the hub had already is no loss, all else is declared
        assert all(seq <= 100 for _, seq in missing - lost)
        assert {it.id for it in more} <= {one[0] for one in kept}
    async with outbox(tmp_path) as box:
        assert box.recall("device/x") == b"7"
        assert kept <= await found(box)


# -- of each place of the file, and of what SQLite has no checksum for ------------------------------------------------

KINDS = ("alarm", "record", "media")


async def small(folder: Path) -> dict[str, dict]:
    """Alarms and pictures, none of which the hub has got: of each lane (stream, seq) -> bytes."""
    async with outbox(folder) as box:
        for _ in range(60):
            await box.put(alarm(detail={"x": "y" * 500}))
            await box.put(draft(Picture()), jpegs=[b"\xff\xd8\xff" + b"x" * 500])
        return await readable(box)


async def readable(box) -> dict[str, dict]:
    return {lane: {(row.stream, row.seq): row.body for row in await rows(box, lane)} for lane in KINDS}


async def lost_of(folder: Path, told: dict[str, dict]) -> dict[str, set]:
    """What is missing in each lane, all of it declared; what is there is as it was, and new numbers are new."""
    async with outbox(folder) as box:
        again = await box.put(alarm())
        await readable(box)  # some damage is found only by reading
        kept, lost = await readable(box), {}
        for lane, before in told.items():
            there, lost[lane] = kept[lane].keys() & before.keys(), await declared(box, lane)
            assert {key: kept[lane][key] for key in there} == {key: before[key] for key in there}
            assert (lost[lane] | there, lost[lane] & there) == (before.keys(), set()), lane
        assert kept["alarm"].keys() - told["alarm"].keys() == {(again.stream, again.seq)}
    return lost


async def cost_of_noise(whole: Path, told: dict[str, dict], pages: list[int]) -> dict[str, int]:
    """How many rows of each lane are lost with these pages, of those that lose any."""
    folder = whole.with_name(f"without-{pages[0]}-{len(pages)}")
    shutil.copytree(whole, folder)
    for page in pages:
        with (folder / "outbox.db").open("r+b") as file:
            file.seek(page * PAGE)
            file.write(bytes(range(256)) * 16)
    lost = await lost_of(folder, told)
    return {lane: len(numbers) for lane, numbers in lost.items() if numbers}


async def test_any_page_may_be_noise_and_costs_what_stands_on_it(tmp_path):
    """One after the other, the first included; then those of the alarms, but for one in the midst of them."""
    whole = tmp_path / "whole"
    told = await small(whole)
    pages = range((whole / "outbox.db").stat().st_size // PAGE)
    costs = {page: cost for page in pages if (cost := await cost_of_noise(whole, told, [page]))}
    assert all(len(cost) == 1 for cost in costs.values()), "no page is of two lanes"
    leading = [page for page, cost in costs.items() if 60 in cost.values()]
    assert len(leading) == len(KINDS), "the page that leads to all others of a lane"
    leaves = [page for page in costs if page not in leading]
    assert sum((Counter(costs[page]) for page in leaves), Counter()) == dict.fromkeys(KINDS, 60), "each row on one"
    some = [page for page in leaves if "alarm" in costs[page]]
    del some[8]
    assert await cost_of_noise(whole, told, some) == sum((Counter(costs[page]) for page in some), Counter())


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("UPDATE media SET body = X'7B22'", {"media"}),
        ("INSERT OR REPLACE INTO settled VALUES ('alarm', '[[1,', '[]')", set()),
        ("DELETE FROM part WHERE lane = 'alarm'", set()),
        ("UPDATE part SET lane = 'alarn' WHERE lane = 'alarm'", set()),
        ("UPDATE stream SET no = no + 7", set()),
    ],
)
async def test_what_can_be_read_may_make_no_sense(tmp_path, change, lost):
    """A bit that flips within a value: SQLite has no checksum that would tell. Nothing else is lost by it."""
    told = await small(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as db, db:
        db.execute(change)
    assert await lost_of(tmp_path, told) == {lane: set(told[lane]) if lane in lost else set() for lane in KINDS}


@pytest.mark.parametrize("suffix", ["-wal", ""])
async def test_a_tail_that_is_gone_is_declared_by_number(tmp_path, suffix):
    """SQLite drops what stands behind a bad frame of the log and says that all is well; an empty file has no tail."""
    async with outbox(tmp_path / "box") as box:
        stream = box.book.current.id
        for _ in range(40):
            await box.put(alarm())
        shutil.copytree(tmp_path / "box", tmp_path / "killed")
    file = tmp_path / "killed" / f"outbox.db{suffix}"
    os.truncate(file, file.stat().st_size // 2 if suffix else 0)
    async with outbox(tmp_path / "killed") as box:
        gone = RangeSet()
        for row in await box.read("record", 1, 100, 100):
            gap = msgspec.json.decode(row.body)["data"]
            assert (gap["stream"], gap["lane"], gap["reason"]) == (stream, "alarm", "corrupt")
            for first, last in gap["ranges"]:
                gone.add_range(first, last)
        kept = RangeSet((row.n, row.n) for row in await box.read("alarm", 1, 100, 100))
        assert gone
        assert kept.count() + gone.count() == 40
        assert (await box.put(alarm())).stream != stream


async def test_a_file_that_is_gone_while_in_use_ends_in_a_gap_and_not_in_a_loop(tmp_path):
    async with outbox(tmp_path) as box:
        stream = box.book.current.id
        for _ in range(300):
            await box.put(alarm(detail={"x": "y" * 500}))
        with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
            db.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
        os.truncate(tmp_path / "outbox.db", PAGE)
        assert await box.read("alarm", 1, 300, 300) == []
        (row,) = await box.read("record", 1, 100, 100)
        gap = msgspec.json.decode(row.body)["data"]
        assert (gap["stream"], gap["ranges"]) == (stream, [[1, 300]])
