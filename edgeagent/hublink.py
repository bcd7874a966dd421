"""The box's one connection to the broker: last will, subscriptions, status, birth and health; and who hears of it.

Birth is told here, at each connection and when it has changed; when health is told, `health` says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from edgeagent import __version__
from edgeagent.clock import Clock
from edgeagent.config import Config, HubSettings
from edgeagent.driver import OutboxFull
from edgeagent.outbox import Outbox
from gridwire import topics
from gridwire.codec import encode_message
from gridwire.compression import smaller
from gridwire.messages import Birth, Health, Reply, Status
from gridwire.mqtt import (
    Message,
    MqttClient,
    MqttError,
    MqttSettings,
    NotConnected,
    ReasonCode,
    Session,
    SubscribeRefused,
    TlsSettings,
    Will,
)
from gridwire.mqtt.brokers import Endpoint
from gridwire.problem import Problem

log = logging.getLogger(__name__)

_STARTS = "starts"
_PER_START = 1_000_000
"""Connections of one process that the counter has room for; the number of starts stands above them."""
_SUBACK_S = 30.0
_BIRTH_CHECK_S = 10.0
SESSION_EXPIRY_S = 30 * 86400


class HubLink:
    """Owns the client. `on_up`, `on_down`, `on_message`: set by the agent before `run`."""

    def __init__(self, config: Config, clock: Clock, starts: int) -> None:
        self.county = config.county_code
        self.box = config.box
        self.base = topics.base(self.county, self.box)
        self.on_up: Callable[[Session], None] = lambda session: None
        self.on_down: Callable[[], None] = lambda: None
        self.on_message: Callable[[Message], None] = lambda message: None
        self.birth: Callable[[], Birth] | None = None
        self._clock, self._will_delay_s = clock, config.hub.will_delay_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: Birth | None = None
        self.client = MqttClient(
            client_settings(config.hub, self.box),
            will=self._will,
            on_message=self._hear,
            on_up=self._went_up,
            on_down=self._went_down,
            first_counter=starts * _PER_START,
        )

    @property
    def connection(self) -> int:
        return self.client.state.counter

    def trouble(self) -> str:
        """Code of what keeps us from the broker; empty while connected."""
        return "" if self.client.connected else self.client.state.last_error_code or ""

    async def run(self) -> None:
        """Connect and reconnect until cancelled."""
        await self.client.run()

    async def stop(self, reason: str) -> None:
        """Say that we go on purpose, then go."""
        if self.client.connected:
            self._publish("status", self._status("offline", reason))
        await self.client.stop()

    def tell_birth(self) -> None:
        """Publish the birth message if anything in it has changed but the numbers, which health tells as well."""
        if self.birth is None or not self.client.connected:
            return
        birth = self.birth()
        lasting = _without_numbers(birth)
        if lasting != self._told and self._publish("birth", birth):
            self._told = lasting

    async def tell_births(self) -> None:
        """Look from time to time whether there is something to tell. For as long as it is not cancelled."""
        while True:
            await asyncio.sleep(_BIRTH_CHECK_S)
            self.tell_birth()

    def tell_health(self, health: Health) -> None:
        self._publish("health", health)

    def reply(self, reply: Reply) -> None:
        self._publish("reply", reply)

    # -- the client's callbacks ----------------------------------------------------------------------------------

    def _went_up(self, session: Session) -> None:
        self._told = None
        self._publish("status", self._status("online"))
        task = asyncio.ensure_future(self._subscribe(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _subscribe(self, session: Session) -> None:
        """First the ears, then the mouth: an acknowledgement must find its way back, and so must a command that a hub
        gives upon our birth."""
        try:
            async with asyncio.timeout(_SUBACK_S):
                await self.client.subscribe([(path, 1) for path in topics.box_filters(self.county, self.box)])
        except TimeoutError:
            log.error("the broker does not answer our subscriptions; sending all the same")
        except SubscribeRefused as error:
            log.error("the broker refuses our subscriptions (%s): nothing will be acknowledged", error)
        except NotConnected:
            return
        if self.client.session == session:
            self.tell_birth()
            self.on_up(session)

    def _went_down(self, error: MqttError | None) -> None:
        self.on_down()

    def _hear(self, message: Message) -> None:
        self.on_message(message)

    def _will(self, counter: int) -> Will:
        lost = Status(state="lost", boot=self._clock.boot, connection=counter, version=__version__)
        path = topics.topic(self.county, self.box, "status")
        return Will(topic=path, payload=encode_message(lost), retain=True, delay_s=self._will_delay_s)

    def _status(self, state: str, reason: str = "") -> Status:
        return msgspec.convert(
            {
                "state": state,
                "boot": self._clock.boot,
                "connection": self.connection,
                "version": __version__,
                "at": self._clock.stamp().wall,
                "reason": reason,
            },
            Status,
        )

    def _publish(self, name: str, message: msgspec.Struct) -> bool:
        """Send a message that need not be kept: the next one says it better. False when it did not go."""
        row = topics.TOPICS[name]
        try:
            payload = encode_message(message)
            if not row.retain:  # what is retained is also read by people, with mosquitto_sub
                payload = smaller(payload)
            self.client.publish(
                topics.topic(self.county, self.box, name),
                payload,
                retain=row.retain,
                expiry_s=row.expiry_s,
                content_type=topics.content_type(name, payload),
            ).add_done_callback(_look)
        except (MqttError, Problem) as error:
            log.warning("%s not published: %s", name, error)
            return False
        return True


def _without_numbers(birth: Birth) -> Birth:
    """What makes a birth worth telling again: the streams, but not how far they have come."""
    streams = tuple(msgspec.structs.replace(stream, lanes={}) for stream in birth.streams)
    return msgspec.structs.replace(birth, streams=streams)


def _look(future: asyncio.Future[ReasonCode]) -> None:
    """Take the result, so that a link that drops now is not reported as an error nobody looked at."""
    if not future.cancelled():
        future.exception()


async def count_start(outbox: Outbox) -> int:
    """How often an agent has started on this outbox, this time included."""
    saved = outbox.recall(_STARTS)
    starts = (msgspec.json.decode(saved, type=int) if saved is not None else 0) + 1
    try:
        await outbox.remember({_STARTS: msgspec.json.encode(starts)})
    except OutboxFull as problem:
        log.warning("this start is not counted: %s", problem)  # a full outbox must start all the same, to be emptied
    return starts


def client_settings(hub: HubSettings, box: str) -> MqttSettings:
    """The MQTT client's settings for a box."""
    tls = hub.tls
    return MqttSettings(
        host=hub.host,
        port=hub.port,
        others=tuple(Endpoint(host, int(port)) for host, _, port in (other.rpartition(":") for other in hub.others)),
        client_id=box,
        protocol=hub.protocol,
        keepalive_s=hub.keepalive_s,
        session_expiry_s=SESSION_EXPIRY_S,
        username=hub.username or box,
        password=hub.password or None,
        tls=TlsSettings(ca_file=tls.ca, cert_file=tls.cert or None, key_file=tls.key or None) if tls else None,
        backoff_max_s=hub.backoff_max_s,
    )
