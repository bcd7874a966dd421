"""docs/reference/wire.md: topics, events and messages with their fields and an example of real bytes."""

from __future__ import annotations

import msgspec
from msgspec import inspect

from gridwire import limits
from gridwire.events import LANE_OF, TYPES, Data, Envelope
from gridwire.topics import ROOT, TOPICS
from reference import examples, schemas
from reference.tables import doc, field_table, fields, table


def text() -> str:
    """The whole page."""
    lines = [
        "# The wire",
        "",
        f"MQTT, base `{ROOT}/{{county}}/{{box}}/`, QoS 1 throughout. Payloads are UTF-8 JSON; unknown fields are",
        "ignored. A payload says itself what it is: `{` an event or a message, `[` a batch of events, `28 B5 2F FD` a",
        "zstd frame of one of these, `FF D8` a JPEG. The same as [AsyncAPI](../schema/asyncapi.json) and as",
        "[JSON Schema](../schema/), one file for each event and message.",
        "",
        "## Topics",
        "",
        *_topics(),
        "",
        "## Limits",
        "",
        *_limits(),
        "",
        "## The envelope of an event",
        "",
        doc(Envelope),
        "",
        *[line for line in field_table(Envelope[Data]) if "(#data)" not in line],
        "| `data` | object | **required** | as the type says, below |",
        "",
        "## Events",
    ]
    for name, data in TYPES.items():
        lines += ["", f"### {schemas.event_name(name)}", "", doc(data), ""]
        lines += [f"Type `{name}`, lane `{LANE_OF[data]}`.", "", *field_table(data), "", *_example(_event(data))]
    lines += ["", "## Messages"]
    for name, struct in schemas.messages().items():
        lines += ["", f"### {struct.__name__}", "", doc(struct), "", f"Topic `{TOPICS[name].path}`.", ""]
        lines += [*field_table(struct), "", *_example(examples.message(name))]
    lines += ["", "## Parts of events and messages"]
    for struct in _parts():
        lines += ["", f"### {struct.__name__}", "", doc(struct), "", *field_table(struct)]
    return "\n".join(lines) + "\n"


def _topics() -> list[str]:
    rows = []
    for name, row in TOPICS.items():
        how = "retained" if row.retain else f"expires {row.expiry_s} s" if row.expiry_s else ""
        rows.append([f"`{row.path}`", row.sender, how, row.description, name])
    return table(["topic", "sent by", "how", "carries", "name in code"], rows)


def _limits() -> list[str]:
    rows = [
        ["event", f"{limits.MAX_EVENT_BYTES} bytes"],
        ["picture", f"{limits.MAX_PICTURE_BYTES} bytes"],
        ["message", f"{limits.MAX_MESSAGE_BYTES} bytes"],
        [
            "batch as sent",
            f"{limits.MAX_BATCH_EVENTS} events, {limits.MAX_PACKED_BYTES} bytes; one event alone may be larger",
        ],
        ["batch unpacked", f"{limits.MAX_BATCH_BYTES} bytes"],
        ["batch as accepted", f"{limits.MAX_ACCEPTED_EVENTS} events"],
        ["nesting of JSON", f"{limits.MAX_DEPTH} levels"],
        ["window of a zstd frame", f"{limits.MAX_WINDOW_BYTES} bytes"],
    ]
    return table(["what", "at most"], rows)


def _event(data: type[Data]) -> bytes:
    return next(examples.event(each) for each in examples.EVENTS if type(each) is data)


def _example(payload: bytes) -> list[str]:
    return [
        f"Example, {len(payload)} bytes as sent, here with line breaks:",
        "",
        "```json",
        examples.pretty(payload),
        "```",
    ]


def _parts() -> list[type[msgspec.Struct]]:
    """The Structs nested in others, in the order of their names."""
    found: dict[str, type[msgspec.Struct]] = {}
    for struct in [*TYPES.values(), *schemas.messages().values()]:
        for field in fields(struct):
            _collect(field.type, found)
    return [found[name] for name in sorted(found)]


def _collect(kind: inspect.Type, found: dict[str, type[msgspec.Struct]]) -> None:
    match kind:
        case inspect.Metadata():
            _collect(kind.type, found)
        case inspect.VarTupleType():
            _collect(kind.item_type, found)
        case inspect.DictType():
            _collect(kind.value_type, found)
        case inspect.UnionType():
            for each in kind.types:
                _collect(each, found)
        case inspect.StructType():
            found[kind.cls.__name__] = kind.cls
            for field in kind.fields:
                _collect(field.type, found)
