"""What an open outbox needs from time to time, events or none: acknowledgements written down, old rows expired.

A timer only. What is deleted then, and what when the disk is full, is decided in `eviction`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edgeagent.driver import OutboxFull
from edgeagent.outbox.outbox import Outbox

log = logging.getLogger(__name__)

SYNC_EVERY_S = 5.0
"""Acknowledgements reach the disk with the next event; when there is none, now and then."""
_HOUR_S = 3600.0


async def keep_house(outbox: Outbox) -> None:
    """Until cancelled. What a full outbox cannot do is put off."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_each(SYNC_EVERY_S, outbox.sync))
        group.create_task(_each(_HOUR_S, outbox.tick_hour))


async def _each(every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except OutboxFull as problem:
            log.debug("housekeeping of the outbox put off: %s", problem)
