"""From what was measured of each piece to a month's megabytes. Pure.

A month has 30 days. Every 300 s a health message; between two of them the link is quiet for 240 s at least once, so at
most one ping each. One reconnection a day, as a SIM card's link has it.
"""

from __future__ import annotations

from typing import NamedTuple

DAYS = 30
EVENTS_A_DAY = 100
PICTURES_A_DAY = 20
RECONNECTIONS_A_DAY = 1
HEALTH_EVERY_S = 300
DAY_S = 86400
HEADER_BYTES = 40
"""IPv4 and TCP, without options."""


class Pieces(NamedTuple):
    """Bytes in both directions, TLS records included, TCP and IP left out. `picture`: an alarm with its JPEG."""

    connection: float
    event: float
    health: float
    ping: float
    picture: float


class Line(NamedTuple):
    what: str
    bytes_each: float
    a_day: float

    @property
    def mb_a_month(self) -> float:
        return self.bytes_each * self.a_day * DAYS / 1e6


def month(pieces: Pieces, *, pictures: bool) -> list[Line]:
    """The lines whose sum is a month. With pictures, 20 of the 100 events bring one."""
    reports = DAY_S / HEALTH_EVERY_S
    with_picture = PICTURES_A_DAY if pictures else 0
    return [
        Line("connection: TCP, TLS 1.3, MQTT, birth, subscriptions", pieces.connection, RECONNECTIONS_A_DAY),
        Line("event, one by one, with PUBACK and the hub's acknowledgement", pieces.event, EVENTS_A_DAY - with_picture),
        *([Line("event with a picture", pieces.picture, with_picture)] if with_picture else []),
        Line("health message", pieces.health, reports),
        Line("ping and answer, at most", pieces.ping, reports),
    ]


def total_mb(lines: list[Line]) -> float:
    return sum(line.mb_a_month for line in lines)
