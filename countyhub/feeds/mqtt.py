"""Sends committed events and steps of cases on over MQTT, one by one, in the hub's order.

The place in the order is kept in the database and moved only after the broker's PUBACK, so nothing is left out; after
a crash the last few (at most `PAGE`) come again, under the same ids. What the broker refuses is held, with all that
comes after it, and told: nothing is passed over. Nothing is read while the broker is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from countyhub.config import BrokerSettings, Config
from countyhub.configfile import own_file, secret
from countyhub.feeds.envelope import CONTENT_TYPE, encode
from countyhub.feeds.source import Item, Page, Source, put_aside, sources
from countyhub.lease import Lease, hold
from countyhub.registry.live import LiveRegistry
from countyhub.store import cursors
from countyhub.store.engine import Store
from gridwire.mqtt import (
    MqttClient,
    MqttError,
    MqttSettings,
    NotConnected,
    PacketTooLarge,
    ReasonCode,
    TlsSettings,
)

if TYPE_CHECKING:
    from gridwire.mqtt import Session

log = logging.getLogger(__name__)

NAME = "mqtt"
"""Under which it tells why it is held."""
PAGE = 100
"""Messages between two moves of the cursor: so many may come again after a crash."""
PAGE_S = 2.0
"""And so long: over a slow line the cursor moves more often."""
POLL_S = 0.5
HELD_MIN_S, HELD_MAX_S = 1.0, 60.0


class _Held(Exception):
    """The broker does not take a message: nothing after it may go."""


def mqtt_settings(config: Config) -> MqttSettings:
    """The feed's connection; raises `SecretUnreadable`. At the boxes' broker it has a client id of its own."""
    own = config.feeds.mqtt.broker
    broker: BrokerSettings = own or config.broker
    tls = broker.tls
    return MqttSettings(
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        client_id=(own.client_id if own else "") or f"{config.client_id}-feed",
        username=broker.username or None,
        password=secret(broker.password) or None,
        keepalive_s=broker.keepalive_s,
        session_expiry_s=0,
        clean_start=True,
        backoff_max_s=broker.backoff_max_s,
        tls=TlsSettings(ca_file=tls.ca, cert_file=tls.cert or None, key_file=own_file(tls.key) or None)
        if tls
        else None,
    )


async def run(store: Store, registry: LiveRegistry, config: Config, held: dict[str, str] | None) -> None:
    """See the package."""
    await MqttFeed(store, registry, config, held).run()


class MqttFeed:
    """One for a hub process; `run()` until cancelled. `trouble`: why nothing goes at present; empty when it does."""

    def __init__(
        self, store: Store, registry: LiveRegistry, config: Config, held: dict[str, str] | None = None
    ) -> None:
        self._store = store
        self._registry = registry
        self._config = config
        self._sources: list[Source] = sources(config)
        self._lease = Lease(store, "feed-mqtt")
        self._cursors: dict[str, int] = {}
        self._up = asyncio.Event()
        self._careful = False
        self._held = {} if held is None else held

    @property
    def trouble(self) -> str:
        return self._held.get(NAME, "")

    @property
    def connected(self) -> bool:
        return self._up.is_set()

    async def run(self) -> None:
        await hold(self._lease, self._work)

    async def _work(self) -> None:
        """As the only process that does it. Raises what `hold` expects."""
        await self._find_cursors()
        client = MqttClient(mqtt_settings(self._config), on_up=self._went_up, on_down=self._went_down)
        running = asyncio.create_task(client.run())
        try:
            await self._send_on(client)
        finally:
            await client.stop()
            await running

    def _went_up(self, _session: Session) -> None:
        self._careful = False
        self._up.set()

    def _went_down(self, _error: MqttError | None) -> None:
        self._up.clear()

    async def _send_on(self, client: MqttClient) -> None:
        held_s = HELD_MIN_S
        while True:
            await self._up.wait()
            await self._registry.refresh()
            try:
                moved = [await self._forward(client, source) for source in self._sources]
            except NotConnected:
                await asyncio.sleep(HELD_MIN_S)
            except (_Held, PacketTooLarge) as error:
                self._held[NAME] = str(error)
                log.error("the feed is held, again in %.0f s: %s", held_s, error)
                await asyncio.sleep(held_s)
                held_s = min(held_s * 2, HELD_MAX_S)
            else:
                self._held.pop(NAME, None)
                held_s = HELD_MIN_S
                if not any(moved):
                    await asyncio.sleep(POLL_S)

    async def _forward(self, client: MqttClient, source: Source) -> bool:
        """The next page of a source; whether there was anything. Raises `NotConnected`, `PacketTooLarge`, `_Held`:
        then what was acknowledged before is noted all the same."""
        after = self._cursors[source.name]
        async with self._store.read() as connection:
            page = await source.page(connection, self._registry.current, after, self._config.feeds.mqtt.types, PAGE)
        try:
            await self._publish(client, source, page)
        finally:
            if self._cursors[source.name] != after:
                await self._note(source, page)
        return bool(page.items)

    async def _publish(self, client: MqttClient, source: Source, page: Page) -> None:
        """Each with its PUBACK in order; `_cursors` follows."""
        under_way: deque[tuple[Item, asyncio.Future[ReasonCode]]] = deque()
        until = asyncio.get_running_loop().time() + PAGE_S
        for item in page.items:
            while under_way and (len(under_way) >= self._window or not client.free_slots):
                await self._confirm(source, *under_way.popleft())
            topic = item.topic(self._config.county)
            under_way.append((item, client.publish(topic, encode(item.event), content_type=CONTENT_TYPE)))
            if asyncio.get_running_loop().time() > until:
                break
        while under_way:
            await self._confirm(source, *under_way.popleft())
        if not page.items or self._cursors[source.name] == page.items[-1].row_id:
            self._cursors[source.name] = page.through

    @property
    def _window(self) -> int:
        """After a refusal one at a time, until the connection is a new one: what would overtake a refused one must
        not be on its way."""
        return 1 if self._careful else self._config.feeds.mqtt.window

    async def _confirm(self, source: Source, item: Item, taken: asyncio.Future[ReasonCode]) -> None:
        reason = await taken
        if reason.is_failure:
            self._careful = True
            raise _Held(f"the broker refuses {item.topic(self._config.county)}: {reason}")
        self._cursors[source.name] = item.row_id

    # The place in the order.

    async def _find_cursors(self) -> None:
        """Where the last run ended. The first time: here and now, or the beginning of what is kept."""
        for source in self._sources:
            async with self._store.write() as connection:
                found = await cursors.position(connection, _cursor(source))
                if found is None:
                    beginning = self._config.feeds.mqtt.from_beginning
                    found = 0 if beginning else await source.last_id(connection)
                    await cursors.move(connection, {_cursor(source): found})
                await self._lease.prove(connection)
            self._cursors[source.name] = found

    async def _note(self, source: Source, page: Page) -> None:
        place = self._cursors[source.name]
        passed = {row_id: why for row_id, why in page.unreadable.items() if row_id <= place}
        async with self._store.write() as connection:
            await self._lease.prove(connection)
            await cursors.move(connection, {_cursor(source): place})
            await put_aside(connection, "feed-mqtt", passed)


def _cursor(source: Source) -> str:
    return f"feed-mqtt-{source.name}"
