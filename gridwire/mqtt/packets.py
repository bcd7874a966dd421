"""What goes into packets and comes out of them, as far as paho-mqtt does it; its client, fitted to our own wire."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode as PahoReason

from gridwire.mqtt.errors import ReasonCode
from gridwire.mqtt.settings import MqttSettings, Will
from gridwire.mqtt.wire import Wire

LARGEST_PACKET: Final = 268435455 + 5  # MQTT 5, 2.1.4: what four length bytes can say, and the fixed header
LARGEST_WINDOW: Final = 65535
UserProperties = tuple[tuple[str, str], ...]


class Session(Struct, frozen=True, kw_only=True):
    """What the broker granted with its CONNACK. `counter` is the number that the will of this connection was given.

    `maximum_packet_size` in bytes, headers included; `receive_maximum` in messages.
    """

    counter: int
    session_present: bool
    client_id: str
    maximum_packet_size: int
    receive_maximum: int
    keepalive_s: int
    session_expiry_s: int


class Message(Struct, frozen=True, kw_only=True, gc=False):
    """One message from the broker. `connection` is the Session's counter: a later connection cannot ack it."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    mid: int
    connection: int
    content_type: str | None = None
    user_properties: UserProperties = ()


class PahoClient(Client):
    """paho's client for one connection, over a wire that is open already instead of one that it opens, blocking."""

    def __init__(self, settings: MqttSettings, *, will: Will | None, manual_ack: bool) -> None:
        self._settings = settings
        self._v5 = settings.protocol == "5"
        self._wire: Wire | None = None
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if self._v5 else settings.clean_start,
            protocol=MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,  # else a refusal of 3.1.1 makes paho try 3.1 by itself
            manual_ack=manual_ack,
        )
        self.max_inflight_messages_set(0)  # no window of its own: past it, paho queues in memory
        if settings.username is not None:
            self.username_pw_set(settings.username, settings.password)
        if will is not None:
            properties = _will_properties(will) if self._v5 else None
            self.will_set(will.topic, will.payload, will.qos, will.retain, properties)

    def connect_over(self, wire: Wire) -> None:
        """Put CONNECT on `wire`. Does not block."""
        self._wire = wire
        settings = self._settings
        if self._v5:
            self.connect(
                settings.host,
                settings.port,
                settings.keepalive_s,
                clean_start=settings.clean_start,
                properties=_connect_properties(settings),
            )
        else:
            self.connect(settings.host, settings.port, settings.keepalive_s)

    def _create_socket(self) -> Wire:
        """paho's own would resolve, dial and shake hands here."""
        assert self._wire is not None
        return self._wire


class PackedProperties(Properties):
    """Properties as they go over the wire. paho takes 40 µs to build and pack them, for each message anew."""

    packed: bytes

    def __init__(self, packed: bytes) -> None:
        object.__setattr__(self, "packed", packed)  # paho's own __setattr__ knows the names of MQTT 5 only

    def pack(self) -> bytes:
        return self.packed


@lru_cache(maxsize=256)
def publish_properties(
    content_type: str | None, expiry_s: int | None, user_properties: UserProperties
) -> PackedProperties:
    """Properties of a PUBLISH, ready to send; the same few are asked for again and again."""
    properties = _properties(
        PacketTypes.PUBLISH,
        ContentType=content_type,
        MessageExpiryInterval=expiry_s,
        UserProperty=list(user_properties) or None,
    )
    return PackedProperties(properties.pack())  # type: ignore[no-untyped-call]  # paho leaves it untyped


def packet_bytes(topic: str, payload: bytes, qos: int, properties: bytes) -> int:
    """Size of a PUBLISH on the wire, all headers included, as Maximum Packet Size counts it (MQTT 5, 3.1.2.11.4)."""
    remaining = 2 + len(topic.encode()) + (2 if qos else 0) + len(properties) + len(payload)
    length_bytes = 1 if remaining < 128 else 2 if remaining < 16384 else 3 if remaining < 2097152 else 4
    return 1 + length_bytes + remaining


def session_of(settings: MqttSettings, counter: int, session_present: bool, properties: Properties | None) -> Session:
    """What a CONNACK says, and where it is silent (always, under 3.1.1) what that means."""

    def granted(name: str, default: Any) -> Any:
        return getattr(properties, name, default)

    return Session(
        counter=counter,
        session_present=session_present,
        client_id=granted("AssignedClientIdentifier", settings.client_id),
        maximum_packet_size=granted("MaximumPacketSize", LARGEST_PACKET),
        receive_maximum=granted("ReceiveMaximum", LARGEST_WINDOW),
        keepalive_s=granted("ServerKeepAlive", settings.keepalive_s),
        session_expiry_s=granted("SessionExpiryInterval", settings.session_expiry_s),
    )


def reason_code(reason: PahoReason) -> ReasonCode:
    """Ours for paho's, which copies the whole table of names into each one."""
    return ReasonCode(reason.value, reason.getName())


def _connect_properties(settings: MqttSettings) -> Properties:
    return _properties(
        PacketTypes.CONNECT,
        # Without it the broker forgets the session at once, whatever clean_start says.
        SessionExpiryInterval=settings.session_expiry_s,
        ReceiveMaximum=settings.inbound_receive_maximum,
        MaximumPacketSize=settings.inbound_max_packet_bytes,
    )


def _will_properties(will: Will) -> Properties:
    return _properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will.delay_s, ContentType=will.content_type)


def _properties(packet_type: int, **values: object) -> Properties:
    """Those that are not None, under the names of MQTT 5 without spaces."""
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    for name, value in values.items():
        if value is not None:
            setattr(properties, name, value)
    return properties
