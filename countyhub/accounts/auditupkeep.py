"""What accounts and the audit need while the hub runs: its end noted elsewhere each day, old rows given up, sessions
and failures that are over forgotten; and at a start a row when the settings are others than before.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import desc, select

from countyhub.accounts import lockout, session
from countyhub.accounts.session import Limits
from countyhub.audit import anchors, pruning, trail
from countyhub.config import Config
from countyhub.store.audittables import audit
from countyhub.store.engine import Store
from countyhub.store.upkeep import daily

log = logging.getLogger(__name__)
FIRST_AFTER_S = 60.0


async def run(store: Store, config: Config) -> None:
    """For as long as it is not cancelled."""
    await daily("the audit's upkeep", lambda now: once(store, config, now), first_after_s=FIRST_AFTER_S)


async def once(store: Store, config: Config, now: datetime) -> None:
    """One round. Raises one of `UNAVAILABLE`; OSError, which is one of them, also for the file of anchors."""
    await note_settings(store, config)
    rows = await pruning.prune(store, config.retention.audit_days, now)
    if rows:
        log.info("%d rows of the audit are older than %d days and were given up", rows, config.retention.audit_days)
    limits = Limits.of(config.accounts.idle_minutes, config.accounts.longest_hours)
    async with store.write() as connection:
        await session.tidy(connection, now, limits)
        await lockout.tidy(connection, now)
    async with store.read() as connection:
        await anchors.note(connection, Path(config.data_dir), now)


async def note_settings(store: Store, config: Config) -> None:
    """A row that names the tables of the configuration that are others than at the last start. Never their content:
    passwords may stand in it."""
    tables = {name: _digest(getattr(config, name)) for name in config.__struct_fields__}
    async with store.write() as connection:
        newest = select(audit.c.detail).where(audit.c.kind == "settings.changed").order_by(desc(audit.c.id)).limit(1)
        before = (await connection.execute(newest)).scalar()
        known = msgspec.json.decode(before, type=dict[str, str]) if before else {}
        known.pop("changed", None)
        if known == tables:
            return
        names = sorted(name for name in tables if known.get(name) != tables[name]) if known else ["–"]
        await trail.note(
            connection, "settings.changed", "settings", by=trail.HUB, facts=tables, changed=", ".join(names)
        )


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:12]
