"""What other systems get: CloudEvents 1.0, structured JSON, with the hub's attributes beside those of the box. Pure.

An event keeps the id and source that its box gave it, so that both together name it wherever it comes from. `time` is
the true time where the hub can tell it; `recordedtime` is passed on as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from countyhub.ingest.truetime import true_time
from gridwire.events import Lane, Seq, Time

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
CASE_TYPE = "cn.gridwire.case.v1"
PICTURE_PATH = "/api/1/pictures/{box}/{stream}/{seq}"
"""Where the hub's API has a picture, below `feeds.public_url`."""
SEQUENCE_DIGITS = 19
"""As many as the largest row number has: texts then sort as numbers."""

TimeQuality = Literal["synced", "corrected", "unknown"]
D = TypeVar("D")


Village = Annotated[str, Meta(description="code of the village, as the registry says of that time; absent: unknown")]
VillageName = Annotated[str, Meta(description="name that the village had then")]
Township = Annotated[str, Meta(description="code of the township then; absent: unknown")]
TownshipName = Annotated[str, Meta(description="name that the township had then")]
Grid = Annotated[str, Meta(description="grid that it happened in, where known")]
Drill = Annotated[bool, Meta(description="an exercise: shown, never counted")]


class HubEvent(msgspec.Struct, Generic[D], frozen=True, kw_only=True, omit_defaults=True):
    """An event of a box as the hub sends it on."""

    specversion: Annotated[Literal["1.0"], Meta(description="version of CloudEvents")]
    id: Annotated[str, Meta(description="id that the box gave it, a ULID; with `source` unique")]
    source: Annotated[str, Meta(description="the box: grid/1/{county}/{box}")]
    type: Annotated[str, Meta(description="cn.gridwire.<kind>.v1")]
    subject: Annotated[str, Meta(description="device that it is about; `box` for the box itself")]
    time: Annotated[Time, Meta(description="when it happened; see `timequality`")]
    datacontenttype: Annotated[Literal["application/json"], Meta(description="what `data` is")]
    sequence: Annotated[
        str,
        Meta(description="place in the hub's order, 19 digits: rises, with holes, never comes again"),
    ]
    recordedtime: Annotated[Time, Meta(description="the box's wall clock when it stored the event, right or wrong")]
    received: Annotated[Time, Meta(description="when it reached the hub")]
    timequality: Annotated[
        TimeQuality,
        Meta(
            description="of `time`. synced: the box's clock was right; corrected: it was wrong, the hub knows how far; "
            "unknown: it was wrong, and this is what it said"
        ),
    ]
    stream: Annotated[str, Meta(description="stream in which the box numbered it")]
    lane: Annotated[Lane, Meta(description="lane in which it travelled")]
    seq: Seq
    grid: Grid = ""
    village: Village = ""
    villagename: VillageName = ""
    township: Township = ""
    townshipname: TownshipName = ""
    drill: Drill = False
    data: D


class CaseStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a case's timeline, and what of the case does not change."""

    number: Annotated[str, Meta(description="number of the case")]
    version: Annotated[int, Meta(description="version of the case after it")]
    act: Annotated[
        str,
        Meta(description="act of the life cycle, or turned_yellow, turned_red, escalate, attached, joined, rated"),
    ]
    actor: Annotated[str, Meta(description="code of the person; empty: the hub itself")] = ""
    role: Annotated[str, Meta(description="in which role")] = ""
    before: Annotated[str, Meta(description="stage before")] = ""
    after: Annotated[str, Meta(description="stage after")] = ""
    level_before: Annotated[str, Meta(description="level whose matter it was before")] = ""
    owner_before: Annotated[str, Meta(description="office whose matter it was before")] = ""
    level: Annotated[str, Meta(description="level whose matter it is now")] = ""
    owner: Annotated[str, Meta(description="office whose matter it is now")] = ""
    text: Annotated[str, Meta(description="what was written")] = ""
    category: Annotated[str, Meta(description="category of the case, as it is now")] = ""
    title: Annotated[str, Meta(description="title of the case, as it is now")] = ""
    box: Annotated[str, Meta(description="box that it came from")] = ""
    device: Annotated[str, Meta(description="device that it came from")] = ""
    urgent: Annotated[bool, Meta(description="a call for help")] = False


class HubCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of a case as the hub sends it on."""

    specversion: Annotated[Literal["1.0"], Meta(description="version of CloudEvents")]
    id: Annotated[str, Meta(description="id of the step; with `source` unique")]
    source: Annotated[str, Meta(description="the hub: hub/1/{county}")]
    type: Annotated[Literal["cn.gridwire.case.v1"], Meta(description="a step of a case")]
    subject: Annotated[str, Meta(description="number of the case")]
    time: Annotated[Time, Meta(description="when it was done")]
    datacontenttype: Annotated[Literal["application/json"], Meta(description="what `data` is")]
    sequence: Annotated[str, Meta(description="place in the order of all steps of cases, 19 digits: sorts as text")]
    grid: Grid = ""
    village: Village = ""
    villagename: VillageName = ""
    township: Township = ""
    townshipname: TownshipName = ""
    drill: Drill = False
    data: CaseStep


class _Body(msgspec.Struct):
    data: msgspec.Raw


_body = msgspec.json.Decoder(_Body)
_encoder = msgspec.json.Encoder()


def encode(event: HubEvent[Any] | HubCase) -> bytes:
    return _encoder.encode(event)


def sequence(row_id: int) -> str:
    return f"{row_id:0{SEQUENCE_DIGITS}d}"


def happened(row: Mapping[str, Any]) -> tuple[datetime, TimeQuality]:
    """When, as well as the hub knows. `row`: the columns of `event`, and `booted` of its stream."""
    clock, time = row["clock"], row["time"]
    if clock == "synced":
        return time, "synced"
    found = true_time(time, row["recorded"], clock=clock, monotonic_ms=row["monotonic_ms"], booted=row["booted"])
    return (time, "unknown") if found is None else (found, "corrected")


def data_of(row: Mapping[str, Any], public_url: str) -> msgspec.Raw | dict[str, Any]:
    """The event's data as the box wrote it; each picture in it with `dataref`, where it can be fetched."""
    raw = _body.decode(row["raw"]).data
    if b'"pictures"' not in bytes(raw):
        return raw
    data: dict[str, Any] = msgspec.json.decode(raw)
    pictures = data.get("pictures")
    if isinstance(pictures, list):
        data["pictures"] = [_with_reference(each, row["box"], public_url) for each in pictures]
    return data


def _with_reference(picture: dict[str, Any], box: str, public_url: str) -> dict[str, Any]:
    path = PICTURE_PATH.format(box=box, stream=picture["stream"], seq=picture["seq"])
    return {**picture, "dataref": public_url.rstrip("/") + path}
