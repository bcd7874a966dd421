"""What is not an event: status, birth, health, acknowledgements, commands, replies, the notice board, configuration.

Defined once, like the events; unknown fields are ignored, a field may be added and never changed.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gridwire.events import ClockState, DeviceId, GridId, Lane, Seq, Time, Ulid

Count = Annotated[int, Meta(ge=0)]
Range = Annotated[tuple[Seq, Seq], Meta(description="first and last number, both included")]

MAX_ACK_RANGES = 1000


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all messages."""


class Status(Message, frozen=True, kw_only=True):
    """Whether the box is there. Retained; `lost` is the last will."""

    state: Annotated[Literal["online", "offline", "lost"], Meta(description="lost: the link broke without goodbye")]
    boot: Annotated[str, Meta(max_length=64, description="boot id of the machine")]
    connection: Annotated[
        Count,
        Meta(description="rises with every connection of the box; a `lost` with a lower one than the last is stale"),
    ]
    version: Annotated[str, Meta(max_length=32, description="version of the agent")]
    at: Annotated[Time | None, Meta(description="the box's wall clock; absent in `lost`")] = None
    reason: Annotated[str, Meta(max_length=64, description="why it went offline, e.g. stop, restart")] = ""


class LaneNumbers(Message, frozen=True, kw_only=True):
    """Where one lane of one kept stream stands."""

    oldest_kept: Annotated[Seq, Meta(description="lowest number that the box still has; `next` when it has none")]
    oldest_unacked: Annotated[Seq, Meta(description="lowest number not acknowledged; `next` when all are")]
    next: Annotated[Seq, Meta(description="number that the next event will get")]


class StreamNumbers(Message, frozen=True, kw_only=True):
    """A stream that the box still keeps something of, or is writing."""

    stream: Ulid
    boot: Annotated[str, Meta(max_length=64, description="boot id under which it was written")]
    current: Annotated[bool, Meta(description="new events go into this one")] = False
    booted: Annotated[
        Time | None,
        Meta(description="true time of the stream's monotonic zero; absent while unknown: booted + monotonic is right"),
    ] = None
    lanes: Annotated[dict[Lane, LaneNumbers], Meta(description="numbers of each lane that was ever used")] = {}


class DeviceInfo(Message, frozen=True, kw_only=True):
    """A configured device."""

    id: DeviceId
    name: Annotated[str, Meta(max_length=64, description="name for people")] = ""
    driver: Annotated[str, Meta(max_length=64, description="driver's name")]
    grid: Annotated[GridId | None, Meta(description="grid in which it stands")] = None
    info: Annotated[dict[str, str], Meta(description="maker, model, firmware … as the device says")] = {}


class Birth(Message, frozen=True, kw_only=True):
    """What this box is. Retained, sent at every connection and whenever something in it changes."""

    box: Annotated[str, Meta(max_length=16, description="box id")]
    name: Annotated[str, Meta(max_length=64, description="name of the place")] = ""
    version: Annotated[str, Meta(max_length=32, description="version of the agent")]
    boot: Annotated[str, Meta(max_length=64, description="boot id of the machine")]
    started: Annotated[Time, Meta(description="when the agent started, by the box's wall clock")]
    config_hash: Annotated[
        str, Meta(max_length=64, description="SHA-256 of the effective configuration, without secrets")
    ]
    config_revision: Annotated[Count, Meta(description="revision of the county's part; 0: none yet")] = 0
    board_revision: Annotated[Count, Meta(description="revision of the notice board that the box has; 0: none yet")] = 0
    devices: Annotated[tuple[DeviceInfo, ...], Meta(description="every configured device")] = ()
    streams: Annotated[tuple[StreamNumbers, ...], Meta(description="every stream that is kept")] = ()


PictureFault = Annotated[str, Meta(max_length=16, description="blur, covered, moved …")]


class DeviceHealth(Message, frozen=True, kw_only=True):
    """How one device is."""

    id: DeviceId
    state: Annotated[Literal["starting", "up", "degraded", "down"], Meta(description="whether the box can watch it")]
    reason: Annotated[str, Meta(max_length=64, description="stable reason")] = ""
    detail: Annotated[str, Meta(max_length=512, description="for people")] = ""
    since: Annotated[Time | None, Meta(description="since when, by the box's wall clock")] = None
    faults: Annotated[
        tuple[PictureFault, ...] | None,
        Meta(description="what is wrong with its picture; empty: nothing; absent: not judged"),
    ] = None


class Health(Message, frozen=True, kw_only=True):
    """How the box is, every few minutes."""

    at: Annotated[Time, Meta(description="the box's wall clock")]
    uptime_s: Annotated[float, Meta(description="seconds since the agent started")]
    clock: Annotated[ClockState, Meta(description="whether the wall clock is synchronised")]
    offset_s: Annotated[float | None, Meta(description="true time minus wall clock, when known")] = None
    streams: Annotated[tuple[StreamNumbers, ...], Meta(description="every stream that is kept")] = ()
    devices: Annotated[tuple[DeviceHealth, ...], Meta(description="every device that is watched")] = ()
    waiting: Annotated[dict[Lane, int], Meta(description="events not yet acknowledged, by lane")] = {}
    oldest_waiting_s: Annotated[float, Meta(description="age of the oldest of them, in seconds")] = 0.0
    data_bytes: Annotated[Count, Meta(description="bytes sent and received since the agent started")] = 0
    counters: Annotated[dict[str, int], Meta(description="further counters, e.g. suppressed, refused, evicted")] = {}


class Ack(Message, frozen=True, kw_only=True):
    """The hub has these numbers durably: stored, already known, or dead-lettered."""

    stream: Ulid
    lane: Annotated[Lane, Meta(description="lane of the numbers")]
    ranges: Annotated[
        tuple[Range, ...], Meta(max_length=MAX_ACK_RANGES, description=f"runs of numbers, at most {MAX_ACK_RANGES}")
    ]


Op = Literal["ping", "replay", "new_stream", "snapshot"]
"""The operations of this release. On the wire a plain text: a box must be able to say that it does not know one."""


class Command(Message, frozen=True, kw_only=True):
    """An order from the hub. Idempotent by id, refused when overdue, refused when `op` is not known."""

    id: Ulid
    op: Annotated[
        str,
        Meta(
            max_length=32,
            description="ping; replay {stream, lane, ranges} or {since}; new_stream {stream}; snapshot {device}. "
            "Any other is refused by a reply, `command.unknown-op`",
        ),
    ]
    args: Annotated[dict[str, object], Meta(description="arguments of the operation")] = {}
    by: Annotated[str, Meta(max_length=64, description="who ordered it")]
    expires: Annotated[Time, Meta(description="after this it is refused")]


class Reply(Message, frozen=True, kw_only=True):
    """The result of a command, in parts when it is long."""

    id: Annotated[Ulid, Meta(description="id of the command")]
    op: Annotated[str, Meta(max_length=32, description="operation")]
    ok: Annotated[bool, Meta(description="whether it was done")]
    code: Annotated[str, Meta(max_length=64, description="stable error code; empty when ok")] = ""
    text: Annotated[str, Meta(max_length=16384, description="for people")] = ""
    result: Annotated[dict[str, object], Meta(description="values of the result")] = {}
    part: Annotated[int, Meta(ge=1, description="number of this part")] = 1
    parts: Annotated[int, Meta(ge=1, description="how many parts there are")] = 1


class Notice(Message, frozen=True, kw_only=True):
    """A notice of the village's board (民情公示栏)."""

    id: Annotated[str, Meta(max_length=64, description="id of the notice")]
    title: Annotated[str, Meta(max_length=200, description="its heading")]
    text: Annotated[str, Meta(max_length=8000, description="its text, plain")] = ""
    expires: Annotated[Time | None, Meta(description="from then on it is not shown; absent: until taken down")] = None


class Answer(Message, frozen=True, kw_only=True):
    """An answer that waits for a resident to come back."""

    receipt: Annotated[str, Meta(max_length=32, description="number on the receipt")]
    person: Annotated[str, Meta(max_length=64, description="keyed hash; empty: by receipt only")] = ""
    text: Annotated[str, Meta(max_length=4000, description="what the resident is told")]


class Worker(Message, frozen=True, kw_only=True):
    """A grid worker (网格员) whom the terminals of this box know."""

    person: Annotated[str, Meta(max_length=64, description="keyed hash of the card, number or badge")]
    name: Annotated[str, Meta(max_length=64, description="for the receipt; empty: not told")] = ""
    grid: Annotated[str, Meta(max_length=15, description="grid of which the worker is in charge; empty: any")] = ""


class Board(Message, frozen=True, kw_only=True):
    """The notice board, all open answers, and the grid workers. Retained; a lower revision is ignored."""

    revision: Annotated[Count, Meta(description="rises with every change")]
    notices: Annotated[tuple[Notice, ...], Meta(description="all notices, in the order in which they are shown")] = ()
    answers: Annotated[tuple[Answer, ...], Meta(description="all answers that wait")] = ()
    workers: Annotated[tuple[Worker, ...], Meta(description="grid workers whom terminals verify")] = ()


class CountyConfig(Message, frozen=True, kw_only=True):
    """The county's part of the configuration, signed. Retained."""

    box: Annotated[str, Meta(max_length=16, description="box id it was signed for")]
    revision: Annotated[int, Meta(ge=1, description="must rise; a replay is refused")]
    toml: Annotated[str, Meta(max_length=65536, description="the text of the file")]
    signature: Annotated[
        str, Meta(max_length=128, description="Ed25519 over box, revision and toml joined by line feeds, base64")
    ]
