"""Gives up rows of the audit that are older than they must be kept, from the old end alone, and notes that it did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update

from countyhub.audit import trail
from countyhub.store.audittables import audit, audit_head
from countyhub.store.engine import Store

LEAST_DAYS: Final = 183
"""Six months, as article 21 of the Cybersecurity Law has it for logs, whatever the settings say."""
PIECE: Final = 5000


async def prune(store: Store, days: int, now: datetime, *, dry_run: bool = False) -> int:
    """How many rows went, or would go. The newest always stays. Raises `engine.UNAVAILABLE`."""
    before = now - timedelta(days=max(days, LEAST_DAYS))
    total: int = 0
    while True:
        async with store.read() as connection:
            ends = (await connection.execute(select(func.min(audit.c.id), func.max(audit.c.id)))).one()
            oldest, newest = int(ends[0] or 0), int(ends[1] or 0)
            if not oldest:
                return total
            upto = min(newest, oldest + PIECE) - 1
            late = select(func.min(audit.c.id)).where(audit.c.id <= upto, audit.c.at >= before)
            first_kept = (await connection.execute(late)).scalar()
            last = (first_kept or upto + 1) - 1
            hashes = select(audit.c.hash).where(audit.c.id == last)
            mark = (await connection.execute(hashes)).scalar()
        if last < oldest or mark is None:
            return total
        total += last - oldest + 1
        if dry_run:
            return total
        async with store.write() as connection:
            await connection.execute(update(audit_head).values(pruned=last, pruned_hash=mark))
            await connection.execute(delete(audit).where(audit.c.id <= last))
            await trail.note(connection, "audit.pruned", f"audit/{oldest}-{last}", by=trail.HUB, before=before.date())
