"""One example of every event and message, with real bytes: made by the codec, so that they cannot be wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from gridwire import codec
from gridwire import messages as m
from gridwire.events import (
    LANE_OF,
    TYPE_OF,
    Alarm,
    Checkin,
    Data,
    DeviceState,
    Envelope,
    Gap,
    Picture,
    PictureRef,
    Rating,
    Reading,
    Request,
    Sos,
)

BOX = "431126001001"
STREAM = "01JTAKYV8MZ5E9K0T3Q6R4W7XB"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EVENT_ID = "01JTAKZ0V2HCY8T5B6D1N4P9SE"
_NOON = datetime(2025, 5, 3, 4, 0, 0, 250000, UTC)
_PERSON = "5d41402abc4b2a76b9719d911017c592ae2b1b9c4b7bb0f0f3f1b7c2c7e2d3a4"

_PICTURE = PictureRef(stream=STREAM, seq=17, sha256=_SHA, bytes=48211)
EVENTS: tuple[Data, ...] = (
    Alarm(
        kind="line_crossing",
        state="start",
        severity="warning",
        source="VideoSourceToken=1;Rule=Gate",
        topic="tns1:RuleEngine/LineDetector/Crossed",
        object="Human",
    ),
    Checkin(
        method="card", person=_PERSON, key="2025a", masked="0004******77", verified=True, point="村部", slot="morning"
    ),
    Request(item="0203", mode="proxy", receipt="R250503-0012", person=_PERSON, key="2025a", text="申请医疗救助"),
    Rating(score=5, receipt="R250503-0012"),
    Sos(point="counter"),
    Reading(quantity="water_level", value=3.42, unit="m"),
    DeviceState(state="up", blind_from=_NOON.replace(hour=2), blind_until=_NOON),
    Picture(pictures=(_PICTURE,), owner=_EVENT_ID, cause="alarm"),
    Gap(stream=STREAM, lane="reading", ranges=((101, 350),), reason="quota"),
)

_LANE = m.LaneNumbers(oldest_kept=1, oldest_unacked=42, next=44)
_NUMBERS = m.StreamNumbers(
    stream=STREAM, boot="2f1c7d1e", current=True, booted=_NOON.replace(hour=1), lanes={"alarm": _LANE}
)
_CAMERA = m.DeviceInfo(id="cam-1", name="村口", driver="onvif", grid=BOX + "003", info={"maker": "HIKVISION"})
MESSAGES: dict[str, m.Message] = {
    "status": m.Status(state="online", boot="2f1c7d1e", connection=12, version="0.1.0", at=_NOON),
    "status-lost": m.Status(state="lost", boot="2f1c7d1e", connection=12, version="0.1.0"),
    "birth": m.Birth(
        box=BOX,
        name="李家村",
        version="0.1.0",
        boot="2f1c7d1e",
        started=_NOON,
        config_hash=_SHA,
        devices=(_CAMERA,),
        streams=(_NUMBERS,),
    ),
    "health": m.Health(
        at=_NOON,
        uptime_s=86400.0,
        clock="synced",
        streams=(_NUMBERS,),
        devices=(m.DeviceHealth(id="cam-1", state="down", reason="timeout", since=_NOON),),
        waiting={"alarm": 2},
        oldest_waiting_s=3.5,
        data_bytes=1048576,
        counters={"suppressed": 17},
    ),
    "reply": m.Reply(id=_EVENT_ID, op="ping", ok=True),
    "ack": m.Ack(stream=STREAM, lane="alarm", ranges=((1, 41), (43, 43))),
    "cmd": m.Command(id=_EVENT_ID, op="snapshot", args={"device": "cam-1"}, by="county/wang", expires=_NOON),
    "board": m.Board(
        revision=3,
        notices=(m.Notice(id="n1", title="低保公示", text="……"),),
        answers=(m.Answer(receipt="R250503-0012", text="已办结，请带身份证来取。"),),
    ),
    "config": m.CountyConfig(box=BOX, revision=4, toml="[hub]\nhealth_every_s = 600\n", signature="c2lnbmF0dXJl" * 7),
}


def event(data: Data) -> bytes:
    """The bytes of an event with this data."""
    envelope = Envelope(
        specversion="1.0",
        id=_EVENT_ID,
        source=f"grid/1/431126/{BOX}",
        type=TYPE_OF[type(data)],
        subject="cam-1" if isinstance(data, Alarm | DeviceState | Picture) else "box",
        time=_NOON,
        recordedtime=_NOON.replace(microsecond=312000),
        monotonic="86400.125",
        clock="synced",
        stream=STREAM,
        lane=LANE_OF[type(data)],
        seq=42,
        grid=BOX + "003",
        data=data,
    )
    return codec.encode_event(envelope)


def message(name: str) -> bytes:
    return codec.encode_message(MESSAGES[name])


def pretty(payload: bytes) -> str:
    return msgspec.json.format(payload, indent=2).decode()
