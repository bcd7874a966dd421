"""The events that cross the wire: one CloudEvents 1.0 envelope and a `data` Struct for each type.

This is the definition; JSON Schema, AsyncAPI and reference pages are generated from it. A field may be added, never
changed: what breaks is a new type ending in `.v2`. Unknown fields are ignored. An unknown type is refused by
`codec`, by name (`refusals.UnknownType`); the hub keeps it as a dead letter and acknowledges it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Generic, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from gridwire.identifiers import DEVICE_PATTERN, END, GRID_PATTERN, NAME_PATTERN, ULID_PATTERN

Lane = Literal["urgent", "alarm", "record", "reading", "media"]
LANES: tuple[Lane, ...] = ("urgent", "alarm", "record", "reading", "media")
EVENT_LANES: tuple[Lane, ...] = ("urgent", "alarm", "record", "reading")
KEPT_LANES: tuple[Lane, ...] = ("urgent", "alarm", "record")
"""Lanes whose events are never dropped: a full outbox refuses new ones instead."""

Severity = Literal["info", "notice", "warning", "critical"]
ClockState = Literal["synced", "unsynced"]
GapReason = Literal["quota", "refused", "corrupt", "picture_lost"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}" + END, description="SHA-256, 64 hex digits")]
Ulid = Annotated[str, Meta(pattern=ULID_PATTERN, description="ULID, 26 characters of Crockford base 32")]
Seq = Annotated[int, Meta(ge=1, lt=2**53, description="number in its stream and lane, from 1, without holes")]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, UTC, ending in Z")]
DeviceId = Annotated[str, Meta(pattern=DEVICE_PATTERN, description="device id, unique on the box")]
GridId = Annotated[str, Meta(pattern=GRID_PATTERN, description="village code and 3 digits")]


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything that may stand in `data`."""


class PictureRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names a JPEG that travels on its own, in lane `media`."""

    stream: Annotated[Ulid, Meta(description="stream of the picture")]
    seq: Annotated[Seq, Meta(description="number of the picture in lane media")]
    sha256: Sha256
    bytes: Annotated[int, Meta(ge=1, description="size of the JPEG in bytes")]


Pictures = Annotated[tuple[PictureRef, ...], Meta(description="pictures that belong to this event")]
Drill = Annotated[bool, Meta(description="an exercise: shown, never counted")]


class Alarm(Data, frozen=True, kw_only=True):
    """A sensor or a camera's rule changed its state."""

    kind: Annotated[str, Meta(pattern=NAME_PATTERN, description="alarm kind, e.g. motion, tamper")]
    state: Annotated[
        Literal["start", "end", "pulse"], Meta(description="start and end of a state, or a pulse that has no end")
    ]
    severity: Annotated[Severity, Meta(description="as the box's rules set it")] = "warning"
    source: Annotated[
        str, Meta(max_length=256, description="which of the device's inputs or rules, as it names it")
    ] = ""
    topic: Annotated[str, Meta(max_length=256, description="the device's own name of the event, kept as evidence")] = ""
    object: Annotated[str, Meta(max_length=64, description="object class or id as the device gives it")] = ""
    at_start: Annotated[bool, Meta(description="was already on when the box began to watch")] = False
    detail: Annotated[dict[str, str], Meta(description="further values that the device sent")] = {}
    pictures: Pictures = ()
    drill: Drill = False


class Checkin(Data, frozen=True, kw_only=True):
    """A grid worker (or a resident) showed a card or a code at the terminal."""

    method: Annotated[Literal["card", "id", "qr"], Meta(description="IC card, identity card, QR or barcode")]
    person: Annotated[str, Meta(max_length=64, description="HMAC-SHA256 of the number under the village key, hex")]
    key: Annotated[str, Meta(max_length=32, description="id of the key that made the hash")]
    masked: Annotated[str, Meta(max_length=32, description="masked number, e.g. 110101********1006")] = ""
    name: Annotated[str, Meta(max_length=64, description="name, only where configured")] = ""
    verified: Annotated[bool, Meta(description="the box knew the person from its roster")] = False
    point: Annotated[str, Meta(max_length=64, description="patrol point")] = ""
    slot: Annotated[str, Meta(max_length=16, description="patrol slot, e.g. morning, afternoon")] = ""
    drill: Drill = False


class Request(Data, frozen=True, kw_only=True):
    """A resident asked for a service, or reported a matter."""

    item: Annotated[str, Meta(max_length=32, description="item of the service list, or category of the matter")]
    mode: Annotated[
        Literal["direct", "proxy", "authorised", "report"], Meta(description="直办, 代办, 授权办; report: a matter")
    ]
    receipt: Annotated[str, Meta(max_length=32, description="number on the receipt")]
    person: Annotated[str, Meta(max_length=64, description="keyed hash of the person, if one was read")] = ""
    key: Annotated[str, Meta(max_length=32, description="id of the key that made the hash")] = ""
    masked: Annotated[str, Meta(max_length=32, description="masked number")] = ""
    text: Annotated[str, Meta(max_length=2000, description="what the resident entered")] = ""
    pictures: Pictures = ()
    drill: Drill = False


class Rating(Data, frozen=True, kw_only=True):
    """A resident rated how a request was handled."""

    score: Annotated[int, Meta(ge=1, le=5, description="5 is best")]
    receipt: Annotated[str, Meta(max_length=32, description="receipt it belongs to; empty: unbound")] = ""
    drill: Drill = False


class Sos(Data, frozen=True, kw_only=True):
    """Somebody pressed the SOS button, or let it go."""

    state: Annotated[Literal["start", "end"], Meta(description="pressed, released")] = "start"
    point: Annotated[str, Meta(max_length=64, description="which button")] = ""
    drill: Drill = False


class Reading(Data, frozen=True, kw_only=True):
    """A measured value."""

    quantity: Annotated[str, Meta(pattern=NAME_PATTERN, description="what, e.g. water_level")]
    value: Annotated[float, Meta(description="value in `unit`")]
    unit: Annotated[str, Meta(max_length=16, description="unit, UCUM where there is one")] = ""


class DeviceState(Data, frozen=True, kw_only=True):
    """A device became reachable or unreachable; on `up` the interval that nobody watched."""

    state: Annotated[Literal["up", "degraded", "down"], Meta(description="whether the box can watch it")]
    reason: Annotated[str, Meta(max_length=64, description="stable reason, e.g. refused, timeout, wrong-password")] = ""
    detail: Annotated[str, Meta(max_length=512, description="for people")] = ""
    blind_from: Annotated[Time | None, Meta(description="from here on nothing was seen (on `up`)")] = None
    blind_until: Annotated[Time | None, Meta(description="until here nothing was seen (on `up`)")] = None


class Picture(Data, frozen=True, kw_only=True):
    """Pictures that came after their event, on schedule, or on command."""

    pictures: Pictures = ()
    owner: Annotated[str, Meta(max_length=26, description="id of the event that they belong to; empty: none")] = ""
    cause: Annotated[Literal["alarm", "schedule", "command"], Meta(description="why it was taken")] = "alarm"


class Gap(Data, frozen=True, kw_only=True):
    """The box gave up these numbers: they will never come."""

    stream: Annotated[Ulid, Meta(description="stream of the lost numbers")]
    lane: Annotated[Lane, Meta(description="lane of the lost numbers")]
    ranges: Annotated[tuple[tuple[Seq, Seq], ...], Meta(description="first and last of each run, both included")]
    reason: Annotated[
        GapReason,
        Meta(description="made room; refused by the broker for good; unreadable; the JPEG file is gone"),
    ]


class EventType(NamedTuple):
    """One type of event: its name on the wire, the Struct of its `data`, and the lane in which it travels."""

    name: str
    data: type[Data]
    lane: Lane


def kind_of(type_name: str) -> str:
    """The short name: `cn.gridwire.alarm.v1` -> `alarm`."""
    return type_name.split(".")[2]


EVENT_TYPES: tuple[EventType, ...] = (
    EventType("cn.gridwire.alarm.v1", Alarm, "alarm"),
    EventType("cn.gridwire.checkin.v1", Checkin, "record"),
    EventType("cn.gridwire.request.v1", Request, "record"),
    EventType("cn.gridwire.rating.v1", Rating, "record"),
    EventType("cn.gridwire.sos.v1", Sos, "urgent"),
    EventType("cn.gridwire.reading.v1", Reading, "reading"),
    EventType("cn.gridwire.device.v1", DeviceState, "record"),
    EventType("cn.gridwire.picture.v1", Picture, "record"),
    EventType("cn.gridwire.gap.v1", Gap, "record"),
)
"""The one table of types: codec, lanes, schemas, feeds and what they can be told to send are derived from it."""

TYPES: Mapping[str, type[Data]] = MappingProxyType({each.name: each.data for each in EVENT_TYPES})
TYPE_OF: Mapping[type[Data], str] = MappingProxyType({each.data: each.name for each in EVENT_TYPES})
LANE_OF: Mapping[type[Data], Lane] = MappingProxyType({each.data: each.lane for each in EVENT_TYPES})
KIND_OF: Mapping[str, str] = MappingProxyType({name: kind_of(name) for name in TYPES})
"""Type on the wire -> its short name, as people and settings say it."""

if TYPE_CHECKING:
    EventKind = str
else:
    EventKind = Literal[tuple(dict.fromkeys(KIND_OF.values()))]
"""A short name, checked where it is read."""

D = TypeVar("D")


class Envelope(msgspec.Struct, Generic[D], frozen=True, kw_only=True, omit_defaults=True):
    """CloudEvents 1.0, structured JSON, with our extension attributes.

    CloudEvents has no floating point attribute, hence `monotonic` is text.
    """

    specversion: Annotated[Literal["1.0"], Meta(description="version of CloudEvents")]
    id: Annotated[Ulid, Meta(description="id of the event")]
    source: Annotated[str, Meta(max_length=64, description="base topic of the box: grid/1/{county}/{box}")]
    type: Annotated[str, Meta(max_length=64, description="cn.gridwire.<kind>.v1")]
    subject: Annotated[DeviceId, Meta(description="device that it is about; `box` for the box itself")]
    time: Annotated[Time, Meta(description="when it happened, as well as the box knows")]
    recordedtime: Annotated[Time, Meta(description="the box's wall clock when it was stored")]
    monotonic: Annotated[
        str,
        Meta(pattern=r"^[0-9]{1,12}\.[0-9]{3}" + END, description="seconds since the machine's boot, when stored"),
    ]
    clock: Annotated[ClockState, Meta(description="whether the box's wall clock was synchronised then")]
    stream: Annotated[Ulid, Meta(description="stream in which it was born")]
    lane: Annotated[Lane, Meta(description="lane in which it travels")]
    seq: Seq
    grid: Annotated[GridId | None, Meta(description="grid that it happened in, when configured")] = None
    data: D


Event = Envelope[Data]
"""An event whose data has been decoded to the Struct of its type."""
RawEvent = Envelope[msgspec.Raw]
"""An event whose envelope has been decoded and whose data has not."""
