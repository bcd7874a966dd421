"""What the hub sends on to other systems: the AsyncAPI 3.0 document of its topics, and docs/reference/feeds.md."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import msgspec

from countyhub.api.openapi import cleaned
from countyhub.feeds import envelope
from countyhub.feeds.envelope import CaseStep, HubCase, HubEvent
from countyhub.feeds.topics import ROOT, TOPICS, base, case_topic, event_topic
from gridwire.events import KIND_OF, TYPES, Alarm, Data
from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN
from gridwire.topics import base as box_base
from reference import examples
from reference.schemas import pin
from reference.tables import doc, field_table, table

Json = dict[str, Any]
MQTT_BINDING = "0.2.0"
COUNTY, TOWNSHIP, NUMBER = "431126", "431126001", "431126-20250503-0007"
PARAMETERS = {
    "county": f"6 digits, e.g. {COUNTY}; {COUNTY_PATTERN}",
    "township": f"code of the township, 9 digits, e.g. {TOWNSHIP}; `unknown` where the registry names none",
    "box": f"the box, e.g. {examples.BOX}; {BOX_PATTERN}",
    "kind": "kind of the event: " + ", ".join(KIND_OF.values()),
    "number": f"number of the case, e.g. {NUMBER}",
}
_REFERENCE = {"type": "string", "description": "where the hub's API has the JPEG; a token is needed"}


def asyncapi() -> str:
    """docs/schema/hub-asyncapi.json."""
    refs, found = _components()
    carried = {"event": [name for name in refs if name != "case"], "case": ["case"]}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "countyhub feeds",
            "version": version("gridwire"),
            "description": "What a county hub sends on to other systems over MQTT: every committed event and "
            "every step of a case, one by one in the hub's order, at least once, as CloudEvents 1.0 in "
            "structured JSON. The same bytes go to webhooks.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": envelope.CONTENT_TYPE,
        "servers": {
            "broker": {
                "host": "broker.county.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "5.0",
                "description": "The county's broker, or the one that `[feeds.mqtt.broker]` names.",
            }
        },
        "channels": {name: _channel(name, carried[name]) for name in TOPICS},
        "operations": {f"hub.send.{name}": _operation(name, carried[name]) for name in TOPICS},
        "components": {"messages": {name: _message(name, ref) for name, ref in refs.items()}, "schemas": found},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _channel(name: str, carried: list[str]) -> Json:
    address = f"{ROOT}/{{county}}/{TOPICS[name].path}"
    return {
        "address": address,
        "description": TOPICS[name].description,
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {each: {"description": text} for each, text in PARAMETERS.items() if f"{{{each}}}" in address},
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in carried},
    }


def _operation(name: str, carried: list[str]) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": TOPICS[name].description,
        "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in carried],
        "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": MQTT_BINDING}},
    }


def _message(name: str, ref: Json) -> Json:
    binding = {"contentType": envelope.CONTENT_TYPE, "bindingVersion": MQTT_BINDING}
    return {"name": name, "contentType": envelope.CONTENT_TYPE, "payload": ref, "bindings": {"mqtt": binding}}


def _components() -> tuple[Json, Json]:
    """Every schema once: (message -> `$ref`, component -> schema)."""
    wanted: dict[str, Any] = {KIND_OF[name]: HubEvent[data] for name, data in TYPES.items()}  # type: ignore[valid-type]  # made at run time
    wanted["case"] = HubCase
    refs, found = msgspec.json.schema_components(wanted.values(), ref_template="#/components/schemas/{name}")
    for name, data in TYPES.items():
        pin(found[f"HubEvent_{data.__name__}_"], name, data)
    found["PictureRef"]["properties"]["dataref"] = _REFERENCE
    return dict(zip(wanted, refs, strict=True)), {name: cleaned(schema) for name, schema in sorted(found.items())}


def text() -> str:
    """docs/reference/feeds.md."""
    lines = [
        "# What the hub sends on",
        "",
        "CloudEvents 1.0 in structured JSON, over MQTT and by webhook alike. How to use it stands in",
        "[feeds.md](../feeds.md); the same as [AsyncAPI](../schema/hub-asyncapi.json). A field may be added, never",
        "changed; what breaks is a new type ending in `.v2`. What `data` holds for each type is in [wire.md](wire.md).",
        "",
        "## Topics",
        "",
        *table(
            ["topic", "carries"],
            [[f"`{ROOT}/{{county}}/{row.path}`", row.description] for row in TOPICS.values()],
        ),
        "",
        *table(["in it", "is"], [[f"`{name}`", words] for name, words in PARAMETERS.items()]),
        "",
        "## An event",
        "",
        *_attributes(HubEvent[Data]),
        "| `data` | object | **required** | as the type says; each of its `pictures` also has `dataref`: "
        "where the hub's API has the JPEG |",
        "",
        f"Example, on `{event_topic(COUNTY, TOWNSHIP, examples.BOX, 'alarm')}`:",
        "",
        *_example(_event()),
        "",
        "## A step of a case",
        "",
        *_attributes(HubCase),
        "| `data` | object | **required** | see below |",
        "",
        doc(CaseStep),
        "",
        *field_table(CaseStep),
        "",
        f"Example, on `{case_topic(COUNTY, TOWNSHIP, NUMBER)}`:",
        "",
        *_example(_case()),
    ]
    return "\n".join(lines) + "\n"


def _attributes(struct: type[msgspec.Struct]) -> list[str]:
    return [line for line in field_table(struct) if not line.startswith("| `data` ")]


def _example(event: HubEvent[Any] | HubCase) -> list[str]:
    return ["```json", examples.pretty(envelope.encode(event)), "```"]


def _event() -> HubEvent[Any]:
    wire = msgspec.json.decode(examples.event(next(each for each in examples.EVENTS if isinstance(each, Alarm))))
    kept = ("specversion", "id", "type", "subject", "time", "recordedtime", "stream", "lane", "seq", "data")
    values = {name: wire[name] for name in kept} | {
        "source": box_base(COUNTY, examples.BOX),
        "datacontenttype": "application/json",
        "sequence": envelope.sequence(20817),
        "received": wire["recordedtime"],
        "timequality": "synced",
        "village": "431126001001",
        "villagename": "东山村",
        "township": TOWNSHIP,
        "townshipname": "文庙街道",
    }
    return msgspec.convert(values, HubEvent[dict[str, Any]])


def _case() -> HubCase:
    step = {
        "number": NUMBER,
        "version": 4,
        "act": "assign",
        "actor": "w0017",
        "role": "dispatcher",
        "before": "reported",
        "after": "assigned",
        "level": "department",
        "owner": "d03",
        "text": "请民政局处理",
        "category": "0203",
        "title": "申请医疗救助",
    }
    values = {
        "specversion": "1.0",
        "id": "311-1746241260000000",
        "source": base(COUNTY),
        "type": envelope.CASE_TYPE,
        "subject": NUMBER,
        "time": "2025-05-03T03:01:00Z",
        "datacontenttype": "application/json",
        "sequence": envelope.sequence(311),
        "village": "431126001001",
        "villagename": "东山村",
        "township": TOWNSHIP,
        "townshipname": "文庙街道",
        "data": step,
    }
    return msgspec.convert(values, HubCase)
