"""The smallest of what the mixed run has found: an outbox that is damaged opens all the same, and says what it lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from edgeagent.driver import Picture
from edgeagent.outbox.salvage import PAGE_BYTES
from gridwire.ranges import RangeSet
from tests.outboxes import alarm, draft, outbox


async def stored(folder: Path) -> None:
    """Alarms and pictures, none of which the hub has got."""
    async with outbox(folder) as box:
        for _ in range(60):
            await box.put(alarm(detail={"x": "y" * 500}))
            await box.put(draft(Picture()), jpegs=[b"\xff\xd8\xff" + b"x" * 500])


async def test_any_one_page_may_be_noise(tmp_path: Path) -> None:
    """One after the other, the first included; what can no longer be read is declared, and storing goes on."""
    await stored(tmp_path / "whole")
    pages = (tmp_path / "whole" / "outbox.db").stat().st_size // PAGE_BYTES
    for page in range(pages):
        folder = tmp_path / f"page-{page}"
        shutil.copytree(tmp_path / "whole", folder)
        with (folder / "outbox.db").open("r+b") as file:
            file.seek(page * PAGE_BYTES)
            file.write(bytes(range(256)) * 16)
        async with outbox(folder) as box:
            await box.put(alarm())
    assert pages > 15


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE media SET body = X'7B22'",
        "INSERT OR REPLACE INTO settled VALUES ('alarm', '[[1,', '[]')",
        "DELETE FROM part WHERE lane = 'alarm'",
        "UPDATE part SET lane = 'alarn' WHERE lane = 'alarm'",
        "UPDATE stream SET no = no + 7",
    ],
)
async def test_what_can_be_read_may_make_no_sense(tmp_path: Path, change: str) -> None:
    """A bit that flips within a value: SQLite has no checksum that would tell."""
    await stored(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as db, db:
        db.execute(change)
    async with outbox(tmp_path) as box:
        await box.put(alarm())


@pytest.mark.parametrize("suffix", ["-wal", ""])
async def test_a_tail_that_is_gone_is_declared_by_number(tmp_path: Path, suffix: str) -> None:
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


async def test_a_file_that_is_gone_while_in_use_ends_in_a_gap_and_not_in_a_loop(tmp_path: Path) -> None:
    async with outbox(tmp_path) as box:
        stream = box.book.current.id
        for _ in range(300):
            await box.put(alarm(detail={"x": "y" * 500}))
        with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
            db.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
        os.truncate(tmp_path / "outbox.db", PAGE_BYTES)
        assert await box.read("alarm", 1, 300, 300) == []
        (row,) = await box.read("record", 1, 100, 100)
        gap = msgspec.json.decode(row.body)["data"]
        assert (gap["stream"], gap["ranges"]) == (stream, [[1, 300]])
