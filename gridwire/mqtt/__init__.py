"""The asyncio MQTT client that box and hub share (MQTT 5 and 3.1.1, on paho-mqtt).

paho takes as long to import as all the rest here together, so it is loaded with the first connection.

connects again and again → `client`, to which broker next `brokers`; one connection → `link`, opened by `dial`
how long between two attempts, `hub.backoff_max_s` of the settings at most → `client.backoff_s`
what can be wrong, by name → `errors`; what a client needs to know, and how it is → `settings`, `state`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridwire.mqtt.client import MqttClient
from gridwire.mqtt.errors import (
    NO_MATCHING_SUBSCRIBERS,
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
from gridwire.mqtt.settings import MqttSettings, TlsSettings, Will
from gridwire.mqtt.state import MqttState

if TYPE_CHECKING:
    from gridwire.mqtt.packets import Message, Session

__all__ = [
    "NO_MATCHING_SUBSCRIBERS",
    "SUCCESS",
    "ConnectFailed",
    "ConnectRefused",
    "LinkLost",
    "Message",
    "MqttClient",
    "MqttError",
    "MqttSettings",
    "MqttState",
    "NotConnected",
    "PacketTooLarge",
    "ReasonCode",
    "Session",
    "SubscribeRefused",
    "TlsSettings",
    "Will",
    "WindowFull",
]


def __getattr__(name: str) -> Any:
    """Those that need paho, when somebody asks for them."""
    if name in ("Message", "Session"):
        from gridwire.mqtt import packets

        return getattr(packets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
