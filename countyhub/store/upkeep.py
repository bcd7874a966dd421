"""What the database needs while the hub runs: months made ahead, and once a day what is old given up (`retention`).

Others have their own: the audit and the sessions `accounts.auditupkeep`, messages `notify.oldmessages`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from countyhub.config import RetentionSettings
from countyhub.store import retention
from countyhub.store.engine import UNAVAILABLE, Store, reason_of

log = logging.getLogger(__name__)

FIRST_AFTER_S = 600.0
"""After a start the boxes send what they have kept: that goes first."""
_EVERY_S = 86400.0
_AGAIN_S = 900.0


async def run(store: Store, settings: RetentionSettings) -> None:
    """For as long as it is not cancelled."""
    await daily("upkeep", lambda now: once(store, settings, now), first_after_s=FIRST_AFTER_S)


async def daily(name: str, work: Callable[[datetime], Awaitable[None]], *, first_after_s: float) -> None:
    """Once a day, again soon while one of `UNAVAILABLE` is raised; for as long as it is not cancelled."""
    pause_s = first_after_s
    while True:
        await asyncio.sleep(pause_s)
        try:
            await work(datetime.now(UTC))
        except UNAVAILABLE as error:
            log.error("%s waits: %s", name, reason_of(error))
            pause_s = _AGAIN_S
        else:
            pause_s = _EVERY_S


async def once(store: Store, settings: RetentionSettings, now: datetime) -> None:
    """One round. Raises one of `UNAVAILABLE`."""
    for month in await retention.make_months(store, now, settings.events_days):
        log.info("the inbox has a part for %d-%02d", *month)
    for pruned in await retention.prune(store, settings, now):
        if pruned.rows:
            log.info("%d rows of %s from before %s given up", pruned.rows, pruned.kind, pruned.before.date())
