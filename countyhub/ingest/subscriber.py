"""From the broker into the inbox: nothing is acknowledged, to broker or box, before its commit.

While the database does not take anything, nothing more is asked of the broker: it holds back by itself after `window`
messages without acknowledgement, and keeps the rest in our session. mosquitto 2.0 delivers all of it at once after a
restart of its own; therefore what has come waits unread until a transaction takes it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from countyhub.config import Config
from countyhub.downlink.connection import mqtt_settings
from countyhub.downlink.sender import Downlink
from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox, Outcome
from countyhub.ingest.intake import Intake
from countyhub.ingest.sorting import Answer
from countyhub.store.engine import UNAVAILABLE
from gridwire import messages, topics
from gridwire.mqtt import (
    MqttClient,
    MqttError,
    NotConnected,
    PacketTooLarge,
    SubscribeRefused,
)
from gridwire.systemd import Rounds

if TYPE_CHECKING:
    from gridwire.mqtt import Message, Session

log = logging.getLogger(__name__)

MAX_MESSAGES = 500
MAX_EVENTS = 5000
RETRY_MIN_S, RETRY_MAX_S = 0.5, 30.0
REFUSED_RETRY_S = 60.0


def filters(config: Config) -> list[str]:
    """What is subscribed to. Of several processes each gets its share, but every status and every birth: these are
    retained, which shared subscriptions never are, and storing one twice changes nothing."""
    names = topics.hub_filters(config.county)
    if not config.broker.shared:
        return names
    shares = [f"$share/{config.broker.shared}/{name}" for name in names]
    return [*shares, topics.topic(config.county, "+", "status"), topics.topic(config.county, "+", "birth")]


class Subscriber:
    """One connection to the broker, one worker that commits. `on_commit` is called after each commit, with answers
    sent; `on_up` when the connection stands and is subscribed."""

    def __init__(
        self,
        config: Config,
        inbox: Inbox,
        downlink: Downlink,
        *,
        on_commit: Callable[[Outcome], None],
        on_up: Callable[[], None],
    ) -> None:
        self._filters = [(name, 1) for name in filters(config)]
        self._inbox = inbox
        self._downlink = downlink
        self._on_commit = on_commit
        self._on_subscribed = on_up
        self._waiting: deque[tuple[Message, datetime]] = deque()
        """What the broker has delivered, and when; unread: to read a night's queue first would starve the commits."""
        self._wake = asyncio.Event()
        self.rounds = Rounds(self._wake)
        self._stop = asyncio.Event()
        self._subscribing: asyncio.Task[None] | None = None
        self.trouble: str = ""
        """Why the database does not take anything at present; empty when it does."""
        self.client = MqttClient(
            mqtt_settings(config),
            on_message=self._on_message,
            on_up=self._on_up,
            on_down=self._on_down,
            manual_ack=True,
        )
        downlink.attach(self.client)

    async def run(self) -> None:
        """Until `stop()`; what is being committed then is still acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.client.run())
            await self._work()
            await self.client.stop()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    # Called by the client.

    def _on_message(self, message: Message) -> None:
        self._waiting.append((message, datetime.now(UTC)))
        self._wake.set()

    def _on_up(self, _session: Session) -> None:
        self._subscribing = asyncio.create_task(self._subscribe())

    def _on_down(self, _error: MqttError | None) -> None:
        # The broker sends all of it again; keeping it would let a flapping link fill the memory.
        self._waiting.clear()
        if self._subscribing is not None:
            self._subscribing.cancel()

    async def _subscribe(self) -> None:
        while True:
            try:
                await self.client.subscribe(self._filters)
            except NotConnected:
                return
            except SubscribeRefused as error:
                log.error("%s", error)
                await asyncio.sleep(REFUSED_RETRY_S)
            else:
                log.info("subscribed: what boxes say is taken in from now on")
                self._on_subscribed()
                return

    # The worker.

    async def _work(self) -> None:
        while not self._stop.is_set():
            await self._wake.wait()
            self._wake.clear()
            self.rounds.came()
            while self._waiting and not self._stop.is_set():
                self.rounds.came()
                await self._take_in(await self._take())

    async def _take(self) -> list[tuple[Message, Intake]]:
        """Whatever is waiting, read, within the limits of one transaction."""
        batch: list[tuple[Message, Intake]] = []
        events = 0
        while self._waiting and len(batch) < MAX_MESSAGES and events < MAX_EVENTS:
            message, received = self._waiting.popleft()
            found = intake.read(message.topic, message.payload, received=received, retained=message.retain)
            batch.append((message, found))
            events += len(found.arrived)
            await asyncio.sleep(0)  # a full batch takes a fifth of a second: pages and orders have their turn between
        return batch

    async def _take_in(self, batch: list[tuple[Message, Intake]]) -> None:
        outcome = await self._commit([found for _, found in batch])
        if outcome is None:
            return
        for message, _ in batch:
            self.client.ack(message)
        await self._answer(outcome.answers)
        self._on_commit(outcome)

    async def _commit(self, batch: list[Intake]) -> Outcome | None:
        """Try until the database takes it. None if told to stop first: then nothing has been acknowledged."""
        pause_s = RETRY_MIN_S
        while True:
            self.rounds.came()
            try:
                outcome = await self._inbox.commit(batch)
            except UNAVAILABLE as error:
                self.trouble = str(getattr(error, "orig", None) or error)
                log.error("the database takes nothing, again in %.1f s: %s", pause_s, self.trouble)
            else:
                self.trouble = ""
                return outcome
            if await self._stopped_within(pause_s):
                return None
            pause_s = min(pause_s * 2, RETRY_MAX_S)

    async def _stopped_within(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    async def _answer(self, answers: list[Answer]) -> None:
        """Tell the boxes. What does not leave is not missed: they send again, and a repeat gets the same answer."""
        for answer in answers:
            pairs = answer.ranges.to_pairs()
            for start in range(0, len(pairs), messages.MAX_ACK_RANGES):
                ranges = pairs[start : start + messages.MAX_ACK_RANGES]
                message = messages.Ack(stream=answer.stream, lane=answer.lane, ranges=ranges)
                try:
                    await self._downlink.send(answer.box, "ack", message)
                except (NotConnected, PacketTooLarge) as error:
                    log.info("no acknowledgement to %s: %s", answer.box, error)
