"""Work that only one of several hub processes may do at a time, such as correlation.

A holder that dies is followed by another once its time is over. One that was only slow finds out in the transaction in
which it wants to write: `prove` raises `LeaseLost` there, so clocks that differ delay work but never double it. `hold`
does a work for as long as this process has its lease.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.store.upsert import insert
from countyhub.store.worktables import lease
from gridwire.problem import Both, Problem

log = logging.getLogger(__name__)

LASTS = timedelta(seconds=15)
RENEW_S = 5.0
"""A third of what a lease lasts."""
AGAIN_S = 5.0
WRONG_S = 60.0
"""After a mistake in the settings, such as an unreadable password file."""


class LeaseLost(Exception):
    """Another process has taken the work over: what is not committed is not to be."""


class Lease:
    """The right to do the work `name`. `take` again and again, `prove` in each transaction, `give_back` at the end."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self.holder = f"{_here()}{os.getpid()}-{os.urandom(6).hex()}"
        self._store = store

    async def take(self) -> bool:
        """Takes or renews it; False while another process has it. Raises `engine.UNAVAILABLE`."""
        now = datetime.now(UTC)
        mine = {"holder": self.holder, "until": now + LASTS}
        async with self._store.write() as connection:
            new = insert(connection, lease).values(name=self.name, **mine).on_conflict_do_nothing()
            if (await connection.execute(new)).rowcount == 1:
                return True
            holder = (await connection.execute(select(lease.c.holder).where(lease.c.name == self.name))).scalar_one()
            free = or_(lease.c.holder == self.holder, lease.c.until < now)
            if _is_dead(holder):
                free = or_(free, lease.c.holder == holder)
            taken = update(lease).where(lease.c.name == self.name, free).values(**mine)
            return (await connection.execute(taken)).rowcount == 1

    async def prove(self, connection: AsyncConnection) -> None:
        """Renews it in the transaction that does the work. Raises `LeaseLost`: then roll back."""
        held = (lease.c.name == self.name, lease.c.holder == self.holder)
        renewed = await connection.execute(update(lease).where(*held).values(until=datetime.now(UTC) + LASTS))
        if renewed.rowcount != 1:
            raise LeaseLost(self.name)

    async def give_back(self) -> None:
        """So that the next one need not wait. Raises `engine.UNAVAILABLE`."""
        async with self._store.write() as connection:
            held = (lease.c.name == self.name, lease.c.holder == self.holder)
            await connection.execute(update(lease).where(*held).values(until=datetime.fromtimestamp(0, UTC)))


async def hold(lease: Lease, work: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled: `work` whenever the lease is ours. What it meets with (database away, lease lost, a `Problem`
    of the settings) ends it, and it begins anew later."""
    try:
        while True:
            pause_s = await _attempt(lease, work)
            await asyncio.sleep(pause_s)
    finally:
        await _give_back(lease)


async def _attempt(lease: Lease, work: Callable[[], Awaitable[None]]) -> float:
    """Once; returns for how long to wait before the next time."""
    pause_s = AGAIN_S
    try:
        if await lease.take():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_renew(lease))
                await work()
    except* LeaseLost:
        log.warning("%s: another process has taken over", lease.name)
    except* Problem as problems:
        log.error("%s: %s", lease.name, "; ".join(str(each) for each in problems.exceptions))
        pause_s = WRONG_S
    except* UNAVAILABLE as errors:
        log.error("%s waits for the database: %s", lease.name, "; ".join(str(each) for each in errors.exceptions))
    return pause_s


async def _renew(lease: Lease) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        if not await lease.take():
            raise LeaseLost(lease.name)


async def _give_back(lease: Lease) -> None:
    """So that another process need not wait; without a database it will have to."""
    try:
        await lease.give_back()
    except UNAVAILABLE as error:
        log.info("%s is not given back: %s", lease.name, error)


def _here() -> str:
    """This machine, and on it the space in which process numbers mean something (a container has its own)."""
    try:
        space = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        space = 0
    return f"{socket.gethostname()[:20]}-{space}-"


def process(holder: str) -> Both:
    """The process that holds a lease, for people: on this machine by its number, else with its machine's name."""
    here = _here()
    if holder.startswith(here):
        number = holder.removeprefix(here).partition("-")[0]
        return Both(f"本机进程 {number}", f"this machine, pid {number}")
    parts = holder.rsplit("-", 3)
    if len(parts) < 4:  # of another release
        return Both(holder, holder)
    machine, _, number, _ = parts
    return Both(f"{machine} 进程 {number}", f"{machine}, pid {number}")


def _is_dead(holder: str) -> bool:
    """Whether it was a process of this machine that is no more: nobody need wait for it. One whose number another
    process has by now is waited for."""
    here = _here()
    number = holder.removeprefix(here).partition("-")[0]
    if not holder.startswith(here) or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
