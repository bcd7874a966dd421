"""A hub process with its feeds, for tests: `python -m tests.feedhub --config PATH`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from countyhub import configfile, feeds
from countyhub.hub import Hub, Signals
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import locate, open_store


async def main(path: Path) -> None:
    config = configfile.load(path)
    store = await open_store(locate(config))
    hub = Hub(config, store)
    registry = LiveRegistry(store, ZoneInfo(config.web.timezone))
    with Signals(hub):
        beside = asyncio.create_task(feeds.run(store, registry, config))
        await hub.run()
        beside.cancel()
        await asyncio.wait({beside})
    await store.close()


logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
asyncio.run(main(Path(sys.argv[sys.argv.index("--config") + 1])))
