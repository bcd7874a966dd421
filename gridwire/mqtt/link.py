"""One MQTT connection, from CONNECT to its end: paho-mqtt's packets on our own wire, window and events.

Every connection gets a paho client of its own. paho keeps what was not acknowledged and sends it again after a
reconnect, past any window; here that memory dies with the connection, and the caller's store is the only one.
paho's callbacks run under its locks: they only set futures or append to `_arrived`; callers' code runs outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from socket import socket
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode as PahoReason

from gridwire.mqtt.dial import tls_failure
from gridwire.mqtt.errors import (
    SUCCESS,
    ConnectFailed,
    ConnectRefused,
    LinkLost,
    MqttError,
    NotConnected,
    PacketTooLarge,
    ReasonCode,
    SubscribeRefused,
    WindowFull,
)
from gridwire.mqtt.packets import (
    LARGEST_PACKET,
    Message,
    PahoClient,
    Session,
    UserProperties,
    packet_bytes,
    publish_properties,
    reason_code,
    session_of,
)
from gridwire.mqtt.settings import MqttSettings, Will
from gridwire.mqtt.state import Counts
from gridwire.mqtt.wire import Wire

# A stop takes no longer than both together, whatever the broker does.
STOP_ACKS_S = 3.0
HANG_UP_S = 2.0


class Link:
    """`open()`, then `serve()` until it ends. Everything runs on the loop; nothing here blocks."""

    def __init__(self, settings: MqttSettings, *, counter: int, will: Will | None, manual_ack: bool) -> None:
        self.settings = settings
        self.counter = counter
        self.manual_ack = manual_ack
        self.session: Session | None = None
        self.messages_sent = 0
        self.messages_received = 0
        self.malformed = 0
        self._wire: Wire | None = None
        self._wake = asyncio.Event()
        self._arrived: deque[Message] = deque()
        self._publishing: dict[int, asyncio.Future[ReasonCode]] = {}
        self._subscribing: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        self._unacked: set[int] = set()
        self._largest_packet = LARGEST_PACKET
        self._window = settings.max_inflight
        self._failure: MqttError | None = None
        self._stopping = self._hurried = self._goodbye_sent = self._reset = False
        self._tick_due = False
        self._ticker: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._paho = self._new_paho(will)

    # The life of a connection.

    async def open(self, sock: socket) -> Session:
        """CONNECT over `sock`, which is connected, and ours from now on. Raises ConnectRefused, ConnectFailed."""
        self._wire = Wire(sock, self._wake.set)
        self._paho.connect_over(self._wire)
        self._tick()
        try:
            async with asyncio.timeout(self.settings.connect_timeout_s):
                while self.session is None:
                    await self._turn()
        except TimeoutError as error:
            raise ConnectFailed("no_connack", f"{self.settings.connect_timeout_s:g} s") from error
        except LinkLost as lost:
            if self._goodbye_sent:
                await self._hang_up()
            raise ConnectFailed(lost.code, lost.detail, reason=lost.reason, retry_helps=lost.retry_helps) from lost
        return self.session

    async def serve(self, on_message: Callable[[Message], None]) -> None:
        """Hand over messages until the connection ends. Returns after `stop()`; raises LinkLost otherwise."""
        while True:
            while self._arrived:
                on_message(self._arrived.popleft())
            try:
                await self._turn()
            except LinkLost:
                while self._arrived:  # arrived before the end: without manual_ack the broker thinks we have them
                    on_message(self._arrived.popleft())
                if not self._goodbye_sent:
                    raise
                await self._hang_up()
                return

    def stop(self) -> None:
        """Say DISCONNECT once everything published is acknowledged (or 3 s have passed); the will is then discarded."""
        self._stopping = True
        self._wake.set()
        self._deadline = asyncio.get_running_loop().call_later(STOP_ACKS_S, self._hurry)

    def _hurry(self) -> None:
        self._hurried = True
        self._wake.set()

    def abort(self, *, reset: bool = False) -> None:
        """End it without waiting for anything. `reset`: what is still in the kernel's hands is not sent either."""
        self._failure = LinkLost("closed")
        self._reset = reset
        self._wake.set()

    def close(self) -> None:
        """Drop the connection, without DISCONNECT if `stop()` has not sent one. Whoever waits is told NotConnected."""
        for timer in (self._ticker, self._deadline):
            if timer is not None:
                timer.cancel()
        if self._wire is not None:
            self._wire.dispose(reset=self._reset)
        detail = str(self._failure) if self._failure is not None else ""
        waiting: list[asyncio.Future[Any]] = [*self._publishing.values(), *self._subscribing.values()]
        self._publishing.clear()
        self._subscribing.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(NotConnected(detail))
                future.exception()  # who dropped the future does not want a log line about it; on_down tells

    async def _turn(self) -> None:
        """Wait for something to do, and do it: read, write, keep alive. Raises LinkLost, ConnectRefused."""
        await self._wake.wait()
        self._wake.clear()
        assert self._wire is not None
        if self._tick_due:
            self._tick_due = False
            self._paho.loop_misc()
        while self._wire.readable:
            self._paho.loop_read()
        self._write(self._wire)
        if self._failure is not None:
            raise self._failure

    def _write(self, wire: Wire) -> None:
        if self._paho.want_write():
            self._paho.loop_write()
        wire.flush()
        done = self._hurried or (not self._publishing and not wire.unsent_bytes)
        if self._stopping and done and not self._goodbye_sent and not wire.ended:
            self._goodbye_sent = True
            self._paho.disconnect()
            self._paho.loop_write()  # paho closes the wire behind DISCONNECT, and says so through on_disconnect

    async def _hang_up(self) -> None:
        """DISCONNECT is on its way: see it arrive, as the broker closing its side."""
        wire = self._wire
        assert wire is not None
        wire.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_S):
                while not wire.ended:
                    self._wake.clear()
                    await self._wake.wait()

    def _tick(self) -> None:
        self._tick_due = True
        self._wake.set()
        self._ticker = asyncio.get_running_loop().call_later(1.0, self._tick)

    # What callers do with it.

    @property
    def free_slots(self) -> int:
        return self._window - len(self._publishing)

    @property
    def counts(self) -> Counts:
        """What it has carried so far."""
        wire = self._wire
        sent, received = (wire.bytes_sent, wire.bytes_received) if wire is not None else (0, 0)
        return Counts(sent, received, self.messages_sent, self.messages_received, self.malformed)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int,
        retain: bool,
        content_type: str | None,
        expiry_s: int | None,
        user_properties: UserProperties,
    ) -> asyncio.Future[ReasonCode]:
        """See MqttClient.publish."""
        if self._failure is not None or self._stopping:
            raise NotConnected
        properties = None
        if self.settings.protocol == "5":
            properties = publish_properties(content_type, expiry_s, user_properties)
        size = packet_bytes(topic, payload, qos, properties.packed if properties is not None else b"")
        if size > self._largest_packet:
            raise PacketTooLarge(size, self._largest_packet)
        if qos and len(self._publishing) >= self._window:
            raise WindowFull(self._window)
        info = self._paho.publish(topic, payload, qos, retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            # "Queue size" means that 65,535 later packets went out while this number was waiting.
            raise WindowFull(self._window) if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else NotConnected
        self.messages_sent += 1
        future: asyncio.Future[ReasonCode] = asyncio.get_running_loop().create_future()
        if qos:
            self._publishing[info.mid] = future
        else:
            future.set_result(SUCCESS)
        return future

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> list[ReasonCode]:
        """See MqttClient.subscribe."""
        granted = await self._request(self._paho.subscribe(list(filters)))
        refused = [(topic, code) for (topic, _), code in zip(filters, granted, strict=False) if code.is_failure]
        if refused:
            raise SubscribeRefused(refused)
        return granted

    async def unsubscribe(self, filters: Sequence[str]) -> list[ReasonCode]:
        """See MqttClient.unsubscribe."""
        return await self._request(self._paho.unsubscribe(list(filters)))

    async def _request(self, sent: tuple[MQTTErrorCode, int | None]) -> list[ReasonCode]:
        code, mid = sent
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise NotConnected
        future: asyncio.Future[list[ReasonCode]] = asyncio.get_running_loop().create_future()
        self._subscribing[mid] = future
        try:
            return await future
        finally:
            self._subscribing.pop(mid, None)

    def ack(self, message: Message) -> bool:
        """PUBACK `message`. False if it is of another connection, or acknowledged before."""
        if message.connection != self.counter or message.mid not in self._unacked or self._failure is not None:
            return False
        self._unacked.discard(message.mid)
        self._paho.ack(message.mid, message.qos)
        return True

    # What paho calls, some of it under its locks: note it and leave.

    def _new_paho(self, will: Will | None) -> PahoClient:
        paho = PahoClient(self.settings, will=will, manual_ack=self.manual_ack)
        paho.on_connect = self._on_connect
        paho.on_disconnect = self._on_disconnect
        paho.on_publish = self._on_publish
        paho.on_message = self._on_message
        paho.on_subscribe = paho.on_unsubscribe = self._on_suback
        # With this set paho never writes by itself, whichever lock it holds.
        paho.on_socket_register_write = self._on_register_write
        return paho

    def _on_register_write(self, _client: Client, _data: object, _sock: object) -> None:
        self._wake.set()

    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, reason: PahoReason, properties: Properties | None
    ) -> None:
        code = reason_code(reason)
        if code.is_failure:
            self._failure = ConnectRefused(code)
            return
        self.session = session_of(self.settings, self.counter, flags.session_present, properties)
        self._largest_packet = self.session.maximum_packet_size
        self._window = min(self.settings.max_inflight, self.session.receive_maximum)

    def _on_disconnect(
        self, _client: Client, _data: object, flags: DisconnectFlags, reason: PahoReason, _properties: Properties | None
    ) -> None:
        if self._failure is None:
            self._failure = self._why(flags.is_disconnect_packet_from_server, reason_code(reason))

    def _why(self, from_broker: bool, reason: ReasonCode) -> LinkLost:
        wire = self._wire
        if from_broker:
            return LinkLost("broker_disconnect", str(reason), reason=reason)
        if self._goodbye_sent:
            return LinkLost("closed")
        if wire is not None and isinstance(wire.error, ssl.SSLError):
            failure = tls_failure(wire.error)
            return LinkLost(failure.code, failure.detail, retry_helps=failure.retry_helps)
        if wire is not None and wire.ended:
            return LinkLost("lost", str(wire.error) if wire.error is not None else "closed by the broker")
        if reason.value == 0x8D:  # Keep alive timeout, as paho translates its own finding
            return LinkLost("keepalive", f"{self.settings.keepalive_s} s")
        return LinkLost("protocol", str(reason))

    def _on_publish(
        self, _client: Client, _data: object, mid: int, reason: PahoReason, _properties: Properties | None
    ) -> None:
        future = self._publishing.pop(mid, None)
        if future is not None and not future.done():
            future.set_result(SUCCESS if reason.value == 0 else reason_code(reason))

    def _on_suback(
        self, _client: Client, _data: object, mid: int, reasons: list[PahoReason], _properties: Properties | None
    ) -> None:
        future = self._subscribing.get(mid)
        if future is not None and not future.done():
            future.set_result([reason_code(reason) for reason in reasons])

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.messages_received += 1
        properties = message.properties
        try:
            topic = message.topic
        except UnicodeDecodeError:  # the broker should have refused it; unacknowledged it would come again for ever
            self.malformed += 1
            self._paho.ack(message.mid, message.qos)
            return
        if message.qos and self.manual_ack:
            self._unacked.add(message.mid)
        self._arrived.append(
            Message(
                topic=topic,
                payload=bytes(message.payload),
                qos=message.qos,
                retain=message.retain,
                dup=message.dup,
                mid=message.mid,
                connection=self.counter,
                content_type=getattr(properties, "ContentType", None),
                user_properties=tuple(getattr(properties, "UserProperty", ())),
            )
        )
