"""How a client is, at one moment, and what its connections have carried. Plain values."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct


class Counts(NamedTuple):
    """What one connection has carried, or several. Bytes are those of MQTT packets, without TLS and TCP."""

    bytes_sent: int = 0
    bytes_received: int = 0
    messages_sent: int = 0
    messages_received: int = 0
    malformed: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(*(one + two for one, two in zip(self, other, strict=True)))


class MqttState(Struct, frozen=True, kw_only=True):
    """A snapshot. `counter` numbers the attempts that got as far as CONNECT, `connects` counts those accepted.

    Bytes are those of MQTT packets, without TLS and TCP. `last_error` stays until the next connection stands.
    """

    connected: bool
    since: datetime
    broker: str
    counter: int
    connects: int
    attempts: int
    last_error_code: str | None
    last_error: str | None
    retry_helps: bool
    bytes_sent: int
    bytes_received: int
    messages_sent: int
    messages_received: int
    malformed: int
    stale_acks: int
