"""A process that does nothing but notify: `python -m tests.chaos.notifier DATABASE-URL GATEWAY-URL`.

A claim lasts seconds here instead of minutes, so that a test need not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from datetime import timedelta

from countyhub import notify
from countyhub.notify import delivery
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import open_store
from tests.registries import ZONE
from tests.waking import config

CLAIM = timedelta(seconds=8)


async def main(url: str, gateway: str) -> None:
    delivery.CLAIM = CLAIM
    store = await open_store(url)
    work = asyncio.create_task(
        notify.run(store, LiveRegistry(store, ZONE), config(gateway, sms={"max_chars": 1000}, quiet="", pass_on_s=3600))
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    await asyncio.wait([work])
    await store.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(*sys.argv[1:]))
