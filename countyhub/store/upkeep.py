"""What the database needs while the hub runs: months made ahead, and once a day what is old given up."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from countyhub.config import RetentionSettings
from countyhub.store import retention
from countyhub.store.engine import UNAVAILABLE, Store

log = logging.getLogger("countyhub.upkeep")

FIRST_AFTER_S = 600.0
"""After a start the boxes send what they have kept: that goes first."""
EVERY_S = 86400.0
AGAIN_S = 900.0


async def run(store: Store, settings: RetentionSettings) -> None:
    """For as long as it is not cancelled."""
    pause_s = FIRST_AFTER_S
    while True:
        await asyncio.sleep(pause_s)
        try:
            await once(store, settings, datetime.now(UTC))
        except UNAVAILABLE as error:
            log.error("upkeep waits for the database: %s", getattr(error, "orig", None) or error)
            pause_s = AGAIN_S
        else:
            pause_s = EVERY_S


async def once(store: Store, settings: RetentionSettings, now: datetime) -> None:
    """One round. Raises one of `UNAVAILABLE`."""
    for month in await retention.make_months(store, now, settings.events_days):
        log.info("the inbox has a part for %d-%02d", *month)
    for pruned in await retention.prune(store, settings, now):
        if pruned.rows:
            log.info("%d rows of %s from before %s given up", pruned.rows, pruned.kind, pruned.before.date())
