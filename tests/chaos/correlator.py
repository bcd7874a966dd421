"""The follower of matters as a process of its own, to be killed: `python -m tests.chaos.correlator URL SEED`.

The registry is made of the storm's sites, as the tests make it; the clock is the newest event's, so that a day passes
as fast as it is read.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import func, select

from bench.storm import storm
from bench.works.storm_cases import content
from countyhub.lease import LeaseLost
from countyhub.matters import round as rounds
from countyhub.store.engine import UNAVAILABLE, open_store
from countyhub.store.tables import event
from gridwire.instants import instant
from tests.matters import Office, registry

rounds.DUMP_EVENTS = 700
"""So that many kills fall between a dump and the next."""


async def main(url: str, seed: int, alarms: int) -> None:
    found = storm(seed, alarms=alarms)
    store = await open_store(url)
    office = Office(store, registry(content(found)), instant(found.signals[0].at_us))
    while True:
        async with store.read() as connection:
            office.now = (await connection.execute(select(func.max(event.c.received)))).scalar() or office.now
        try:
            if await office.follower.lease.take():
                await office.follower.step()
        except (*UNAVAILABLE, LeaseLost) as error:
            print(error, file=sys.stderr)
            office.follower = office.another()
        await asyncio.sleep(0.005)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
