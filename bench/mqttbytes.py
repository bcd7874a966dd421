"""As much of MQTT 3.1.1 as a fast sink and a fast filler need, on plain bytes. Pure.

A client library takes 200 µs a message and would be what is measured; this takes 3. Source: OASIS MQTT 3.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
PUBLISH_QOS1 = 0x32


class Packet(NamedTuple):
    """`kind` is the first byte with its flags, `body` what follows the remaining length."""

    kind: int
    body: bytes


class Published(NamedTuple):
    """A PUBLISH taken apart; `mid` is 0 at QoS 0."""

    topic: str
    payload: bytes
    mid: int


def packet(kind: int, body: bytes) -> bytes:
    length = len(body)
    head = bytearray([kind])
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def connect(client_id: str) -> bytes:
    """Clean session, no keepalive."""
    return packet(0x10, text("MQTT") + b"\x04\x02\x00\x00" + text(client_id))


def subscribe(mid: int, *filters: str) -> bytes:
    return packet(0x82, mid.to_bytes(2, "big") + b"".join(text(name) + b"\x01" for name in filters))


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """At QoS 1; `mid` from 1 to 65535."""
    return packet(PUBLISH_QOS1, text(topic) + mid.to_bytes(2, "big") + payload)


def puback(mid: int) -> bytes:
    return b"\x40\x02" + mid.to_bytes(2, "big")


def published(found: Packet) -> Published:
    size = int.from_bytes(found.body[:2], "big")
    topic = found.body[2 : 2 + size].decode()
    if not found.kind & 0x06:
        return Published(topic, found.body[2 + size :], 0)
    return Published(topic, found.body[4 + size :], int.from_bytes(found.body[2 + size : 4 + size], "big"))


class Cutter:
    """Cuts a stream of bytes into packets, wherever the network tore it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are complete by now. Raises ValueError for a length of more than four digits."""
        data = self._rest + data
        start = 0
        while (found := _head(data, start)) is not None:
            begin, end = found
            if end > len(data):
                break
            yield Packet(data[start], data[begin:end])
            start = end
        self._rest = data[start:]


def _head(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the body of the packet at `start` begins and ends; None while its length is not complete."""
    length = 0
    for place in range(4):
        index = start + 1 + place
        if index >= len(data):
            return None
        length |= (data[index] & 0x7F) << (7 * place)
        if data[index] < 0x80:
            return index + 1, index + 1 + length
    raise ValueError("not MQTT: a remaining length of more than four digits")
