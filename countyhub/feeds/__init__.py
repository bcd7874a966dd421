"""What the hub sends on to other systems, in its own order and at least once: over MQTT and by webhook.

`run` is all that the hub needs: started once beside the subscriber, ended by cancelling it. It raises nothing: what a
broker, a receiver, a setting or the database does wrong is logged and tried again. With several hub processes each may
run it; the work is done by one at a time (leases `feed-mqtt` and `feed-webhook`).

A feed is a module here with the same `run`, found by the name of its table in `config.feeds`.

over MQTT → `mqtt`, on which `topics`; by webhook → `webhook`, to whom `subscriptions`
what is sent on → `source`, in which form `envelope`; not delivered yet `outbox`
one attempt → `post`, when again `schedule`
"""

from __future__ import annotations

import asyncio
import importlib

from countyhub.config import Config
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import Store


async def run(store: Store, registry: LiveRegistry, config: Config, held: dict[str, str] | None = None) -> None:
    """Send on whatever is committed, as `config.feeds` says, until cancelled. `held` is kept: feed -> why it does not
    go on at present; nothing stands in it while it does."""
    async with asyncio.TaskGroup() as tasks:
        for name in config.feeds.running:  # no other is imported: httpx alone takes a third of a second
            feed = importlib.import_module(f"countyhub.feeds.{name}")
            tasks.create_task(feed.run(store, registry, config, held))
