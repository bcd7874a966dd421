"""The work of notifying, round by round: follow the timelines, wake, pack, send. Any number of processes may do it.

Sending never holds up the rest: a mail server that hangs must not keep a call for help from being passed on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement

from countyhub.config import Config
from countyhub.configfile import SecretUnreadable
from countyhub.ingest.committed import either
from countyhub.notify import channels, delivery, making, oldmessages
from countyhub.notify.channel import Channel
from countyhub.notify.delivery import Claim
from countyhub.notify.telling import World
from countyhub.notify.webhook import BadSecret
from countyhub.registry.live import LiveRegistry
from countyhub.store import aside
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from countyhub.store.notifytables import parcel

log = logging.getLogger(__name__)

LOOK_S = 1.0
BUSY_S = 2.0
MISCONFIGURED_S = 60.0
SLOTS = 8
FOR_URGENT = 4
"""Of the slots: an ordinary message does not take them."""
GRACE_S = 10.0
"""At the end, what is under way may still finish: what is cut off there would be `unknown`."""
CLEAN_EVERY = timedelta(hours=1)


class Done(NamedTuple):
    """Of one round: lines looked at, calls for help that went a step further, parcels that were sent or tried."""

    lines: int
    woken: int
    tried: int


async def run(store: Store, registry: LiveRegistry, config: Config) -> None:
    """For as long as it is not cancelled. Without any channel it only waits. A secret or certificate that cannot be
    read is told in the log and tried again: it must not keep the hub from storing events."""
    while True:
        try:
            built = channels.build(config)
        except (SecretUnreadable, BadSecret, channels.CaUnreadable) as problem:
            log.error("nobody can be told anything: %s", problem)
            await asyncio.sleep(MISCONFIGURED_S)
            continue
        if not built:
            log.info("no channel is set up: nobody is told anything")
            await asyncio.Event().wait()
        try:
            await Notifier(store, registry, config, built).run()
        finally:
            await channels.close(built)


async def once(store: Store, registry: LiveRegistry, config: Config, now: datetime | None = None) -> Done:
    """One round, at `now`: everything that is due is made, packed and tried. Raises what `channels.build` raises, and
    `store.engine.UNAVAILABLE`."""
    built = channels.build(config)
    try:
        return await Notifier(store, registry, config, built, lambda: now or datetime.now(UTC)).once()
    finally:
        await channels.close(built)


class Notifier:
    """One process's share of the work, with channels that stay open."""

    def __init__(
        self,
        store: Store,
        registry: LiveRegistry,
        config: Config,
        built: Mapping[str, Channel],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.holder = f"{socket.gethostname()[:24]}-{os.getpid()}-{os.urandom(6).hex()}"
        self._store, self._registry, self._config, self._channels, self._clock = store, registry, config, built, clock
        self._sending: dict[asyncio.Task[None], bool] = {}
        """Each with whether it is urgent."""
        self._ended = asyncio.Event()
        self._cleaned = datetime.fromtimestamp(0, UTC)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._always(self._make_once))
                tasks.create_task(self._always(self._send_once))
        finally:
            await self._let_finish()

    async def once(self) -> Done:
        lines, woken = await self.make()
        tried = 0
        while claims := await self.claim(SLOTS):
            tried += len(claims)
            await asyncio.gather(*(self.send(each) for each in claims))
        return Done(lines, woken, tried)

    def _world(self) -> World:
        return World(self._config, self._registry.current, self._channels, self._clock())

    # Making

    async def make(self) -> making.Made:
        """Everything that is due is made and packed."""
        await self._registry.refresh()
        return await making.make(self._store, self._world)

    async def _make_once(self) -> None:
        lines, woken = await self.make()
        if self._clock() - self._cleaned > CLEAN_EVERY:
            self._cleaned = self._clock()
            await oldmessages.clean(self._store, self._clock() - timedelta(days=self._config.notify.keep_days))
        if lines or woken:
            self._ended.set()  # there may be something to send
        await asyncio.sleep(LOOK_S)

    async def _is_due(self, what: ColumnElement[bool]) -> bool:
        async with self._store.read() as connection:
            return await making.is_due(connection, what)

    # Sending

    async def claim(self, limit: int, *, urgent: bool = False) -> list[Claim]:
        """Parcels that this process alone may send now. Looks first: an idle hub writes nothing."""
        if not await self._is_due((parcel.c.state == "waiting") & (parcel.c.due <= self._clock())):
            return []
        await self._registry.refresh()  # an address is looked up as it is now
        async with self._store.write() as connection:
            return await delivery.claim(connection, self._world(), self.holder, limit, urgent=urgent)

    async def send(self, claim: Claim) -> None:
        """Hands over, and commits what became of it; a database that is away just then is waited for."""
        if delivery.is_stale(claim):
            log.error("message %s: this process stood still for long, another one decides", claim.parcel.id)
            return
        outcome = await self._channels[claim.channel].send(claim.parcel)
        while True:
            try:
                async with self._store.write() as connection:
                    await delivery.finish(connection, self._world(), self.holder, claim, outcome)
            except UNAVAILABLE as error:
                log.error("message %s is done, which waits for the database: %s", claim.parcel.id, error)
                await asyncio.sleep(BUSY_S / 4)
            else:
                return

    async def _send_once(self) -> None:
        """Fills the free slots, then waits until one is free again or a second has passed."""
        self._ended.clear()
        ordinary = sum(not urgent for urgent in self._sending.values())
        free = SLOTS - len(self._sending)
        claims = await self.claim(free, urgent=True) if free else []
        few = min(free - len(claims), SLOTS - FOR_URGENT - ordinary)
        claims += await self.claim(few) if few > 0 else []
        for each in claims:
            task = asyncio.create_task(self.send(each))
            self._sending[task] = each.parcel.urgent
            task.add_done_callback(lambda _task: self._ended.set())
        for task in [task for task in self._sending if task.done()]:
            del self._sending[task]
            task.result()
        if not claims:
            await either(self._ended, LOOK_S)

    async def _let_finish(self) -> None:
        left = set(self._sending)
        if left:
            _, late = await asyncio.wait(left, timeout=GRACE_S)
            for task in late:
                task.cancel()

    async def _always(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except aside.REFUSED as error:
                log.error("messages are not made or sent: %s", reason_of(error))
                await asyncio.sleep(BUSY_S)
            except UNAVAILABLE as error:
                log.error("messages wait for the database: %s", reason_of(error))
                await asyncio.sleep(BUSY_S)
