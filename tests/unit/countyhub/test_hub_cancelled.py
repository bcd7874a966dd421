"""Whoever is interrupted in the midst of a transaction holds nobody up, and ends."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from countyhub import hub
from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.store.sqlite import LockFree

CANCELLED = 150
LONG = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT count(*) FROM n")


@pytest.fixture
def no_collection():
    gc.disable()
    yield
    gc.enable()


def test_a_connection_may_be_closed_twice() -> None:
    """As it is when whoever waits for the first time is interrupted too."""
    connection = sqlite3.connect(":memory:", factory=LockFree)
    connection.close()
    connection.close()


@pytest.mark.usefixtures("no_collection")
async def test_an_interrupted_transaction_holds_no_lock(store: Store) -> None:
    """Also while its cursors live on in the error's frames, until the next garbage collection."""

    async def work() -> None:
        async with store.write() as connection:
            await connection.execute(LONG)

    chance, errors = random.Random(4), []
    for _ in range(CANCELLED if not store.is_postgres else CANCELLED // 5):
        task = asyncio.create_task(work())
        await asyncio.sleep(chance.uniform(0.0, 0.002))  # anywhere in its work
        task.cancel()
        errors += await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(8), store.write() as connection:
            await connection.execute(text("DELETE FROM lease"))
    assert any(isinstance(error, asyncio.CancelledError) for error in errors)


async def test_who_is_cancelled_is_not_told_that_the_database_is_away(store: Store) -> None:
    turns, inside = 0, asyncio.Event()

    async def patient() -> None:
        nonlocal turns
        while True:
            turns += 1
            try:
                async with store.write():
                    inside.set()
                    try:
                        await asyncio.Event().wait()
                    finally:
                        raise OperationalError("SELECT 1", None, RuntimeError("gone meanwhile"))
            except UNAVAILABLE:
                await asyncio.sleep(0.01)  # as all that tries again

    task = asyncio.create_task(patient())
    await asyncio.wait_for(inside.wait(), 8)
    task.cancel()
    _, left = await asyncio.wait({task}, timeout=8)
    assert (turns, left) == (1, set())


async def test_a_work_that_misses_its_end_is_told_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "END_S", 0.05)
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)  # it begins
    async with asyncio.timeout(8):
        await hub._end({task})
    assert heard == 3
