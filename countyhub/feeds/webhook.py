"""Delivers committed events and steps of cases by webhook, to each receiver in order and at least once.

A receiver has one delivery under way; the next one goes when that was taken, or given up after the last retry. A few
are made in advance, the rest is read from the inbox when those are through, however long a receiver is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from countyhub.config import Config
from countyhub.feeds import outbox, subscriptions, topics
from countyhub.feeds.outbox import Delivery
from countyhub.feeds.post import Answer, Poster
from countyhub.feeds.source import Source, put_aside, sources
from countyhub.feeds.subscriptions import NoSuchWebhook, Subscription
from countyhub.lease import Lease, hold
from countyhub.outbound import signature
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import Store
from gridwire.identifiers import new_ulid

log = logging.getLogger(__name__)

POLL_S = 0.5
PAGE = 200
"""So many are made ready at a time, once those before are through."""


async def attempt(poster: Poster, hook: Subscription, message: str, body: bytes) -> Answer:
    """Sign and send once; also for `countyhub webhook test`."""
    now = datetime.now(UTC)
    return await poster.post(hook.url, signature.headers(message, now, body, hook.secrets(now)), body)


def test_message(county: str) -> tuple[str, bytes]:
    """A CloudEvent that says nothing: (its id, its bytes)."""
    found = new_ulid()
    event = {
        "specversion": "1.0",
        "id": found,
        "source": topics.base(county),
        "type": "cn.gridwire.test.v1",
        "time": datetime.now(UTC),
        "datacontenttype": "application/json",
        "data": {},
    }
    return found, msgspec.json.encode(event)


async def run(store: Store, registry: LiveRegistry, config: Config, held: dict[str, str] | None) -> None:
    """See the package; what a receiver does not take is told with its deliveries, never in `held`."""
    await Webhooks(store, registry, config).run()


class Webhooks:
    """One for a hub process; `run()` until cancelled."""

    def __init__(self, store: Store, registry: LiveRegistry, config: Config) -> None:
        self._store = store
        self._registry = registry
        self._settings = config.feeds
        self._sources: list[Source] = sources(config)
        self._lease = Lease(store, "feed-webhook")
        self._busy: set[str] = set()

    async def run(self) -> None:
        await hold(self._lease, self._work)

    async def _work(self) -> None:
        """As the only process that does it. Raises what `hold` expects."""
        poster = Poster(self._settings)
        self._busy.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for hook in await self._find_due():
                    self._busy.add(hook.id)
                    tasks.create_task(self._serve(poster, hook.id))
                await asyncio.sleep(POLL_S)

    async def _find_due(self) -> list[Subscription]:
        """Who is to be served: something new has been committed, or the first that waits is due."""
        now = datetime.now(UTC)
        async with self._store.read() as connection:
            hooks = [hook for hook in await subscriptions.every(connection) if hook.state == "active"]
            if not hooks:
                return []
            heads = await outbox.heads(connection)
            newest = {source.name: await source.last_id(connection) for source in self._sources}
        return [hook for hook in hooks if hook.id not in self._busy and _is_due(hook, heads, newest, now)]

    async def _serve(self, poster: Poster, id_: str) -> None:
        """One receiver, until there is nothing to do for it at present."""
        try:
            while await self._step(poster, id_):
                pass
        except NoSuchWebhook:
            log.info("webhook %s was removed", id_)
        finally:
            self._busy.discard(id_)

    async def _step(self, poster: Poster, id_: str) -> bool:
        """One delivery, or one page made ready; False: nothing is due. Raises `NoSuchWebhook`."""
        async with self._store.read() as connection:
            hook = await subscriptions.one(connection, id_)
            first = await outbox.head(connection, id_)
        if hook.state != "active":
            return False
        if first is None:
            return await self._make_ready(hook)
        if first.due > datetime.now(UTC):
            return False
        await self._deliver(poster, hook, first)
        return True

    async def _make_ready(self, hook: Subscription) -> bool:
        """The next page of what the receiver wants; whether there was anything new at all."""
        await self._registry.refresh()
        registry, now, moved = self._registry.current, datetime.now(UTC), False
        for source in self._sources:
            after = hook.cursor(source.name)
            async with self._store.read() as connection:
                page = await source.page(connection, registry, after, hook.types, PAGE)
            if page.through == after:
                continue
            wanted = [item for item in page.items if hook.wants(item, registry, now)]
            async with self._store.write() as connection:
                await self._lease.prove(connection)
                if await subscriptions.move_cursor(connection, hook, source.name, page.through):
                    await outbox.put(connection, hook, source.name, wanted, now)
                    await put_aside(connection, "feed-webhook", page.unreadable)
            moved = True
        return moved

    async def _deliver(self, poster: Poster, hook: Subscription, first: Delivery) -> None:
        answer = await attempt(poster, hook, first.message, first.body)
        if not answer.taken:
            log.warning("webhook %s (%s) has not taken %s: %s %s", hook.id, hook.name, first.message,
                        answer.status or "", answer.text)  # fmt: skip
        async with self._store.write() as connection:
            await self._lease.prove(connection)
            await outbox.record(connection, hook, first, answer, datetime.now(UTC))


def _is_due(hook: Subscription, heads: Mapping[str, datetime], newest: Mapping[str, int], now: datetime) -> bool:
    if hook.id in heads:
        return heads[hook.id] <= now
    return any(hook.cursor(name) < last_id for name, last_id in newest.items())
