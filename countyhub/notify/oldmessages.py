"""Messages, parcels and calls for help that were done with long ago are given up, after `notify.keep_days`; never what
waits. `loop` asks for it from time to time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, or_, select

from countyhub.store.engine import Store
from countyhub.store.notifytables import alert, message, parcel

CLEAN_AT_ONCE = 2000


async def clean(store: Store, before: datetime) -> None:
    """Gives up what was done with before then, in small pieces; never what waits."""
    p, m = parcel.c, message.c
    waits = exists().where(p.id == m.parcel, p.due.is_not(None))
    for table, key, old in (
        (message, m.id, (m.made < before, m.due.is_(None), or_(m.parcel.is_(None), ~waits))),
        (parcel, p.id, (p.made < before, p.due.is_(None))),
        (alert, alert.c.number, (alert.c.ended < before,)),
    ):
        gone = CLEAN_AT_ONCE
        while gone == CLEAN_AT_ONCE:
            async with store.write() as connection:
                some = select(key).where(*old).limit(CLEAN_AT_ONCE)
                gone = (await connection.execute(delete(table).where(key.in_(some)))).rowcount
