"""Takes apart what the broker delivers, before any database is touched. Pure, and never raises: what cannot be read
comes back as `refused`, with its number where that can be told. `inbox` commits it, `subscriber` tries that again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

import msgspec

from gridwire import messages
from gridwire.codec import Arrived, Key, Refused, decode_message, decode_up, digest_of
from gridwire.jpeg import check_jpeg
from gridwire.problem import Problem
from gridwire.topics import TOPICS, Address, ForeignTopic, base, parse_up

MAX_KEPT_BYTES = 512 * 1024
"""Of a payload that cannot be read, so much is kept: as much as a batch may have."""

Message: TypeAlias = messages.Status | messages.Birth | messages.Health | messages.Reply


class Picture(NamedTuple):
    """A JPEG in order."""

    key: Key
    sha256: str
    jpeg: bytes

    @property
    def digest(self) -> bytes:
        return bytes.fromhex(self.sha256)[:16]


class Intake(NamedTuple):
    """One message of the broker, read. `box` is empty for a foreign topic, `message` is None for events and pictures.

    `retained`: the broker's memory rather than news. `payload`: the JSON of `message`.
    """

    topic: str
    box: str
    received: datetime
    retained: bool = False
    arrived: tuple[Arrived, ...] = ()
    refused: tuple[Refused, ...] = ()
    picture: Picture | None = None
    message: Message | None = None
    payload: bytes = b""


def read(topic: str, payload: bytes, *, received: datetime, retained: bool = False) -> Intake:
    """What a message means. Never raises."""
    try:
        address = parse_up(topic)
    except ForeignTopic as problem:
        return _refuse(Intake(topic[:256], "", received, retained), payload, problem, None)
    empty = Intake(topic, address.box, received, retained)
    if address.name in ("event", "batch"):
        return _with_events(empty, decode_up(payload, source=base(address.county, address.box)))
    if address.name == "media":
        return _with_picture(empty, address, payload)
    return _with_message(empty, address, payload)


def _with_events(intake: Intake, found: Sequence[Arrived | Refused]) -> Intake:
    arrived = tuple(item for item in found if isinstance(item, Arrived))
    refused = tuple(item for item in found if isinstance(item, Refused))
    return intake._replace(arrived=arrived, refused=refused)


def _with_picture(intake: Intake, address: Address, payload: bytes) -> Intake:
    key = Key(address.stream, "media", address.seq)
    try:
        return intake._replace(picture=Picture(key, check_jpeg(payload), payload))
    except Problem as problem:
        return _refuse(intake, payload, problem, key)


def _with_message(intake: Intake, address: Address, payload: bytes) -> Intake:
    struct = TOPICS[address.name].carries
    assert struct is not None
    if not payload and intake.retained is False and TOPICS[address.name].retain:
        return intake  # somebody has cleared the broker's memory of a retained message: nothing is said by it
    try:
        message = decode_message(payload, struct, topic=intake.topic)
    except Problem as problem:
        return _refuse(intake, payload, problem, None)
    assert isinstance(message, messages.Status | messages.Birth | messages.Health | messages.Reply)
    plain = payload if payload.startswith(b"{") else msgspec.json.encode(message)
    return intake._replace(message=message, payload=plain)


def _refuse(intake: Intake, payload: bytes, problem: Problem, key: Key | None) -> Intake:
    return intake._replace(refused=(Refused(payload, problem, key, digest_of(payload)),))
