"""Work for one process at a time: who holds it, who follows, and what becomes of one that was only slow."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from countyhub.lease import Lease, LeaseLost
from countyhub.store.engine import Store
from countyhub.store.worktables import cursor, lease


async def expire(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(lease).values(until=datetime.now(UTC) - timedelta(seconds=1)))


async def test_one_holds_it_and_another_follows_when_its_time_is_over(store: Store) -> None:
    first, second = Lease(store, "correlate"), Lease(store, "correlate")
    assert [await first.take(), await second.take(), await first.take()] == [True, False, True]
    await expire(store)
    assert [await second.take(), await first.take()] == [True, False]


async def test_one_that_was_only_slow_writes_nothing(store: Store) -> None:
    slow, other = Lease(store, "correlate"), Lease(store, "correlate")
    assert await slow.take()
    await expire(store)
    assert await other.take()
    with pytest.raises(LeaseLost):
        async with store.write() as connection:
            await connection.execute(insert(cursor).values(name="correlate", value=7))
            await slow.prove(connection)
    async with store.read() as connection:
        assert (await connection.execute(select(cursor))).all() == []


async def test_what_is_given_back_need_not_be_waited_for(store: Store) -> None:
    first, second, elsewhere = Lease(store, "correlate"), Lease(store, "correlate"), Lease(store, "notify")
    assert await first.take()
    assert await elsewhere.take()
    await first.give_back()
    assert await second.take()
    async with store.write() as connection:
        await second.prove(connection)


async def test_nobody_waits_for_a_process_of_this_machine_that_is_no_more(store: Store) -> None:
    first, second = Lease(store, "correlate"), Lease(store, "correlate")
    assert await first.take()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = first.holder.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    async with store.write() as connection:
        await connection.execute(update(lease).values(holder=dead))
    assert await second.take()
    elsewhere = f"another-machine-{first.holder.partition('-')[2]}"[:64].replace(str(os.getpid()), str(gone.pid))
    async with store.write() as connection:
        await connection.execute(update(lease).values(holder=elsewhere))
    assert not await first.take()
