"""A process that does what cases do by themselves, round after round, at one moment: `python -m … URL MOMENT`.

Says the number of changed cases after each round, and ends when three rounds in a row had nothing to do.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from countyhub import escalation
from countyhub.store.engine import Store, parse
from tests.casebooks import book


async def main(url: str, now: datetime) -> None:
    store, of, idle = Store(parse(url)), book(), 0
    while idle < 3:
        changed = await escalation.once(store, of, now, limit=40)
        print(changed, flush=True)
        idle = 0 if changed else idle + 1
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
