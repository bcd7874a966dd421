"""The one table of topics: what each carries, how, in which direction; the only place that builds or parses one."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import msgspec

from gridwire import compression, messages
from gridwire.events import Envelope
from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN, END, ULID_PATTERN, within
from gridwire.problem import Problem

ROOT = "grid/1"
MAX_SEQ = 2**53 - 1


class ForeignTopic(Problem):
    code = "wire.foreign-topic"
    en = "topic “{topic}” is none of ours"
    zh = "主题“{topic}”不属于本系统"


class Topic(NamedTuple):
    """One row: `path` below the box's base, who sends it, how, and the Struct in it."""

    path: str
    sender: Literal["box", "hub"]
    retain: bool
    carries: type[msgspec.Struct] | None
    description: str
    expiry_s: int | None = None


TOPICS: dict[str, Topic] = {
    "status": Topic("up/status", "box", True, messages.Status, "online, offline or (by last will) lost"),
    "birth": Topic("up/birth", "box", True, messages.Birth, "devices, versions, kept streams"),
    "event": Topic("up/event", "box", False, Envelope, "one event"),
    "batch": Topic("up/batch", "box", False, Envelope, "several events, a JSON array, zstd where smaller"),
    "media": Topic("up/media/{stream}/{seq}", "box", False, None, "a JPEG"),
    "health": Topic(
        "up/health", "box", False, messages.Health, "numbers of each lane, devices, clock; zstd where smaller", 600
    ),
    "reply": Topic("up/reply", "box", False, messages.Reply, "result of a command; zstd where smaller"),
    "ack": Topic("down/ack", "hub", False, messages.Ack, "numbers that the hub has durably"),
    "cmd": Topic("down/cmd", "hub", False, messages.Command, "an order, idempotent by id"),
    "board": Topic("down/board", "hub", True, messages.Board, "notice board and open answers"),
    "config": Topic("down/config", "hub", True, messages.CountyConfig, "county part of the configuration, signed"),
}
"""All are QoS 1, the default of `MqttClient.publish`; which of them an event takes, says `edgeagent.uplink.packer`."""

_CONTENT_TYPES = {
    "event": "application/cloudevents+json",
    "batch": "application/cloudevents-batch+json",
    "media": "image/jpeg",
}


def content_type(name: str, payload: bytes = b"") -> str:
    """The content type of a row, for others: our own ends look at the first bytes."""
    if payload.startswith(compression.MAGIC):
        return "application/zstd"
    return _CONTENT_TYPES.get(name, "application/json")


_MEDIA = TOPICS["media"].path
_PLAIN = {row.path: name for name, row in TOPICS.items() if row.sender == "box" and name != "media"}
"""Rows without parameters, by their paths."""
_UP = re.compile(
    rf"^{ROOT}/(?P<county>{within(COUNTY_PATTERN)})/(?P<box>{within(BOX_PATTERN)})/(?:(?P<path>{'|'.join(_PLAIN)})|"
    + _MEDIA.format(stream=rf"(?P<stream>{within(ULID_PATTERN)})", seq="(?P<seq>[1-9][0-9]{0,15})")
    + rf"){END}",
    re.ASCII,
)


class Address(NamedTuple):
    """A topic of a box, taken apart. `stream` and `seq` only for media."""

    county: str
    box: str
    name: str
    stream: str = ""
    seq: int = 0


def base(county: str, box: str) -> str:
    """`grid/1/{county}/{box}`: also the CloudEvents source of the box's events."""
    return f"{ROOT}/{county}/{box}"


def topic(county: str, box: str, name: str) -> str:
    """The full topic of a row without parameters."""
    return f"{base(county, box)}/{TOPICS[name].path}"


def media_topic(county: str, box: str, stream: str, seq: int) -> str:
    return f"{base(county, box)}/{_MEDIA.format(stream=stream, seq=seq)}"


def parse_up(full: str) -> Address:
    """Takes apart a topic that a box publishes on; raises `ForeignTopic`."""
    match = _UP.match(full)
    if match is None or int(match["seq"] or 0) > MAX_SEQ:
        raise ForeignTopic(topic=full[:200])
    name = _PLAIN[match["path"]] if match["path"] else "media"
    return Address(match["county"], match["box"], name, match["stream"] or "", int(match["seq"] or 0))


def hub_filters(county: str) -> list[str]:
    """What the hub of a county subscribes to."""
    return [f"{ROOT}/{county}/+/up/#"]


def box_filters(county: str, box: str) -> list[str]:
    """What a box subscribes to: each of the hub's topics by name."""
    return [f"{base(county, box)}/{row.path}" for row in TOPICS.values() if row.sender == "hub"]
