"""The MQTT client of box and hub: connects, and connects again, until told to stop. No thread, no queue in memory.

What is published here and not acknowledged when the link drops is forgotten here: its future fails with NotConnected,
and the caller sends it again from its own store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from socket import socket
from typing import TYPE_CHECKING, Any, TypeVar

from gridwire.mqtt.brokers import Choice
from gridwire.mqtt.dial import dial
from gridwire.mqtt.errors import ConnectFailed, LinkLost, MqttError, NotConnected, ReasonCode
from gridwire.mqtt.settings import MqttSettings, Will
from gridwire.mqtt.state import Counts, MqttState

if TYPE_CHECKING:  # link imports paho, which takes as long as all the rest of a small program
    from gridwire.mqtt.link import Link
    from gridwire.mqtt.packets import Message, Session

T = TypeVar("T")
log = logging.getLogger(__name__)

# A connection that lived so long was a good one: the next attempt comes soon. Shorter ones (two clients with one id
# throwing each other out, a broker that drops us over a packet) keep the pause growing.
GOOD_AFTER_S = 30.0
STOP_TIMEOUT_S = 8.0  # a link takes 5 s by itself at most


class MqttClient:
    """One client id at one broker. `run()` once; a stopped client stays stopped.

    The callbacks are plain functions, called on the loop from within `run()`, one after the other, never under a lock
    of paho's. They must not block; they may call `publish` and `ack`, and start tasks for what has to wait
    (`subscribe`). What they raise comes out of `run()`.

    - `will(counter)`: the last will of each connection attempt, computed afresh
    - `on_up(session)`: connected. Before any message of that connection
    - `on_message(message)`: with `manual_ack` it comes again in a later connection until `ack(message)`
    - `on_down(error)`: exactly once for each `on_up`; None when we ended it (stop, cancellation, a callback's error).
      Futures of what was not acknowledged have failed by then

    `first_counter` is the number before the first connection's, for those who count over restarts.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        will: Callable[[int], Will] | None = None,
        on_message: Callable[[Message], None] | None = None,
        on_up: Callable[[Session], None] | None = None,
        on_down: Callable[[MqttError | None], None] | None = None,
        manual_ack: bool = False,
        first_counter: int = 0,
    ) -> None:
        self.settings = settings
        self.manual_ack = manual_ack
        self._will = will
        self._on_message = on_message if on_message is not None else _ignore
        self._on_up = on_up if on_up is not None else _ignore
        self._on_down = on_down if on_down is not None else _ignore
        self._current: Link | None = None  # from CONNECT on
        self._link: Link | None = None  # the same, once it is up
        self._counter = first_counter
        self._connects = self._attempts = self._stale_acks = 0
        self._ended = Counts()  # of the links before
        self._since = datetime.now(UTC)
        self._last_error: MqttError | None = None
        self._stopping = self._renewing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._pause: asyncio.Timeout | None = None  # around what stop() may interrupt
        self._choice = Choice(settings.endpoints)
        self._used = self._choice.now  # by the link that is up; the choice may have gone on already

    # For the owner.

    async def run(self) -> None:
        """Connect and reconnect until `stop()` or cancellation. Cancelled, it drops the link and the will fires."""
        self._idle.clear()
        failures = 0
        try:
            while not self._stopping:
                started = asyncio.get_running_loop().time()
                error = await self._connect_once()
                renewing, self._renewing = self._renewing, False
                if error is None or self._stopping or renewing:
                    continue
                lived_s = asyncio.get_running_loop().time() - started
                failures = 1 if isinstance(error, LinkLost) and lived_s > GOOD_AFTER_S else failures + 1
                self._note(error)
                if failures == 1 and isinstance(error, LinkLost):
                    self._choice.prefer()
                elif not self._choice.failed():
                    continue  # a pause only when none of the brokers has answered
                await self._interruptible(asyncio.sleep(self.backoff_s(failures, error)))
        finally:
            self._idle.set()

    async def stop(self) -> None:
        """Have what is published acknowledged, say DISCONNECT (no will), and end `run()`. Takes 5 s at the most.

        A last message ("offline") is published before the call; from then on publish() raises NotConnected.
        """
        self._stopping = True
        if self._current is not None:
            self._current.stop()
        self.retry_now()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._idle.wait()
        except TimeoutError:
            if self._current is not None:
                self._current.abort()
            await self._idle.wait()

    def retry_now(self) -> None:
        """End the pause between two attempts (or the dialling under way): the network or the clock has just changed."""
        if self._pause is not None:
            self._pause.reschedule(0)
            self._pause = None

    def renew(self) -> None:
        """Drop the connection with all that is under way, and connect again at once. Nothing while not connected."""
        if self._link is not None:
            self._renewing = True
            self._link.abort(reset=True)

    def backoff_s(self, failures: int, error: MqttError) -> float:
        """Pause before the next attempt: `backoff_min_s`, doubled up to `backoff_max_s` (a box: `hub.backoff_max_s`),
        or `backoff_refused_s` where only a person can help; 1, 60 and 300 s unless configured (`MqttSettings`).
        With jitter: 400 boxes do not come back in one second."""
        settings = self.settings
        if error.retry_helps:
            longest = min(settings.backoff_max_s, settings.backoff_min_s * 2.0 ** min(failures - 1, 30))
        else:
            longest = settings.backoff_refused_s
        return random.uniform(longest / 2, longest)

    # For whoever uses the connection.

    @property
    def connected(self) -> bool:
        return self._link is not None

    @property
    def session(self) -> Session | None:
        """What the broker granted; None when not connected."""
        return self._link.session if self._link is not None else None

    @property
    def free_slots(self) -> int:
        """How many more QoS 1 messages may be published now: Receive Maximum (at most `max_inflight`) less unacked."""
        return self._link.free_slots if self._link is not None else 0

    @property
    def state(self) -> MqttState:
        link, error = self._link, self._last_error
        counts = self._ended.plus(link.counts) if link is not None else self._ended
        return MqttState(
            connected=link is not None,
            broker=str(self._used if link is not None else self._choice.now),
            since=self._since,
            counter=self._counter,
            connects=self._connects,
            attempts=self._attempts,
            last_error_code=error.code if error is not None else None,
            last_error=str(error) if error is not None else None,
            retry_helps=error.retry_helps if error is not None else True,
            stale_acks=self._stale_acks,
            **counts._asdict(),
        )

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        content_type: str | None = None,
        expiry_s: int | None = None,
        user_properties: Sequence[tuple[str, str]] = (),
    ) -> asyncio.Future[ReasonCode]:
        """Send one message; the future is the broker's PUBACK (QoS 0: Success at once).

        Look at the ReasonCode: under MQTT 5 a refused message is acknowledged too, with `is_failure`; 3.1.1 says
        success to everything. The future fails with NotConnected if the link drops first (the broker may have it).
        `content_type`, `expiry_s` and `user_properties` exist in MQTT 5 only and are left out under 3.1.1.

        Raises NotConnected, WindowFull (ask `free_slots` first), PacketTooLarge; nothing has been sent then.
        Raises ValueError for a topic with wildcards or QoS 2.
        """
        if self._link is None:
            raise NotConnected(str(self._last_error or ""))
        return self._link.publish(
            topic,
            payload,
            qos=qos,
            retain=retain,
            content_type=content_type,
            expiry_s=expiry_s,
            user_properties=tuple(user_properties),
        )

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> list[ReasonCode]:
        """Subscribe to (topic filter, QoS 0 or 1) and wait for the SUBACK. Returns what was granted, in that order.

        Raises NotConnected, SubscribeRefused, ValueError (malformed filter).
        mosquitto grants filters that its ACL forbids, and then delivers nothing.
        """
        if self._link is None:
            raise NotConnected(str(self._last_error or ""))
        return await self._link.subscribe(filters)

    async def unsubscribe(self, filters: Sequence[str]) -> list[ReasonCode]:
        """Wait for the UNSUBACK. Returns the reasons (none under 3.1.1). Raises NotConnected."""
        if self._link is None:
            raise NotConnected(str(self._last_error or ""))
        return await self._link.unsubscribe(filters)

    def ack(self, message: Message) -> None:
        """Tell the broker that `message` is safe with us (`manual_ack`). MQTT wants acks in order of arrival.

        The ack of a message from an earlier connection, or a second one, is not sent but counted (`stale_acks`): the
        broker delivers that message again.
        """
        if self.manual_ack and message.qos and (self._link is None or not self._link.ack(message)):
            self._stale_acks += 1

    # One connection.

    async def _connect_once(self) -> MqttError | None:
        """Connect and serve till the end. None if we ended it ourselves, else what went wrong."""
        self._attempts += 1
        self._used = self._choice.now
        try:
            sock = await self._interruptible(dial(self.settings, self._used))
            if sock is not None:
                await self._use(sock)
        except (ConnectFailed, LinkLost) as error:
            return error
        return None

    async def _use(self, sock: socket) -> None:
        """From CONNECT to the end of the connection. Raises ConnectFailed, LinkLost, and whatever a callback raises."""
        link = self._current = self._new_link(sock)
        ended: MqttError | None = None
        try:
            session = await link.open(sock)
            self._link = link
            self._connects += 1
            self._since = datetime.now(UTC)
            self._last_error = None
            log.info("%s: connected, %s", self.settings.client_id, session)
            self._on_up(session)
            async with self._looking_back(link):
                await link.serve(self._on_message)
        except LinkLost as error:
            ended = error
            raise
        finally:
            link.close()
            self._current = None
            self._ended = self._ended.plus(link.counts)
            if self._link is not None:
                self._link = None
                self._since = datetime.now(UTC)
                self._on_down(ended)

    @contextlib.asynccontextmanager
    async def _looking_back(self, link: Link) -> AsyncIterator[None]:
        """While on another broker than the preferred one, look now and then whether that one is back."""
        if self._choice.is_preferred:
            yield
            return
        looking = asyncio.create_task(self._look_back(link))
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait({looking})

    async def _look_back(self, link: Link) -> None:
        while True:
            await asyncio.sleep(self.settings.prefer_again_s)
            try:
                sock = await dial(self.settings, self._choice.preferred)
            except ConnectFailed:
                continue
            sock.close()
            log.info("%s: %s answers again, going back to it", self.settings.client_id, self._choice.preferred)
            self._choice.prefer()
            link.stop()
            return

    def _new_link(self, sock: socket) -> Link:
        from gridwire.mqtt.link import Link

        self._counter += 1
        with contextlib.ExitStack() as undo:
            undo.callback(sock.close)
            will = self._will(self._counter) if self._will is not None else None
            link = Link(self.settings, counter=self._counter, will=will, manual_ack=self.manual_ack)
            undo.pop_all()
        return link

    async def _interruptible(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` returns, or None if stop() or retry_now() ended it."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._pause = scope
                return await work
        except TimeoutError:
            if not scope.expired():
                raise
            return None
        finally:
            self._pause = None

    def _note(self, error: MqttError) -> None:
        if str(error) != str(self._last_error):
            log.warning("%s: %s", self.settings.client_id, error)
        self._last_error = error


def _ignore(_: object) -> None:
    """For callbacks that were not given."""
