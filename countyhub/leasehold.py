"""Does a work for as long as this process has the lease on it, and renews the lease beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from countyhub.lease import Lease, LeaseLost
from countyhub.store.engine import UNAVAILABLE
from gridwire.problem import Problem

log = logging.getLogger("countyhub.lease")

RENEW_S = 5.0
"""A third of what a lease lasts."""
AGAIN_S = 5.0
WRONG_S = 60.0
"""After a mistake in the settings, such as an unreadable password file."""


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
