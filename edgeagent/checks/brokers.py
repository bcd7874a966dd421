"""The brokers of the configuration, and one connection to each, for the checks of DNS, TCP and TLS."""

from __future__ import annotations

import asyncio
import socket

import msgspec

from edgeagent.checks.scene import Scene
from edgeagent.hublink import client_settings
from gridwire.mqtt.brokers import Endpoint
from gridwire.mqtt.dial import dial
from gridwire.mqtt.settings import MqttSettings

TIMEOUT_S = 15.0


def settings(scene: Scene) -> MqttSettings:
    """As the agent connects, with the patience of somebody who stands before the box."""
    usual = client_settings(scene.config.hub, scene.config.box)
    return msgspec.structs.replace(usual, connect_timeout_s=TIMEOUT_S)


def endpoints(scene: Scene) -> tuple[Endpoint, ...]:
    """In order of preference."""
    return settings(scene).endpoints


def connect(scene: Scene, broker: Endpoint, *, tls: bool) -> socket.socket:
    """A connected, non-blocking socket. Raises ConnectFailed."""
    wanted = settings(scene) if tls else msgspec.structs.replace(settings(scene), tls=None)
    return asyncio.run(dial(wanted, broker))
