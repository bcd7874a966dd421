"""The AsyncAPI 3.0 document: server, channels from the table of topics, what box and hub do on them, all messages."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from gridwire.events import TYPES, Envelope
from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN, ULID_PATTERN
from gridwire.limits import MAX_MESSAGE_BYTES
from gridwire.topics import ROOT, TOPICS, Topic, content_type
from reference import examples, schemas

Json = dict[str, Any]
MQTT_BINDING = "0.2.0"
SESSION_EXPIRY_S = 30 * 86400
PARAMETERS = {
    "county": ("6 digits, e.g. 431126", COUNTY_PATTERN),
    "box": ("12-digit village code, -2, -3 for further boxes", BOX_PATTERN),
    "stream": ("stream of the picture, a ULID", ULID_PATTERN),
    "seq": ("number of the picture in its stream, from 1", "^[1-9][0-9]{0,15}$"),
}


def text() -> str:
    refs, found = schemas.components("#/components/schemas/{name}")
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "gridwire",
            "version": version("gridwire"),
            "description": "What village boxes and a county hub say to each other over MQTT. "
            "A payload says itself what it is by its first bytes: `{` an event or message, `[` a batch, "
            "28 B5 2F FD a zstd frame of one of these, FF D8 a JPEG.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _server()},
        "channels": {name: _channel(name, row) for name, row in TOPICS.items()},
        "operations": {key: value for name, row in TOPICS.items() for key, value in _operations(name, row)},
        "components": {"messages": _messages(refs), "schemas": found},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _server() -> Json:
    return {
        "host": "broker.county.example:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5.0",
        "description": "MQTT 5 over TLS 1.3, client certificates; 3.1.1 by setting.",
        "bindings": {
            "mqtt": {
                "cleanSession": False,
                "keepAlive": 240,
                "sessionExpiryInterval": SESSION_EXPIRY_S,
                "maximumPacketSize": MAX_MESSAGE_BYTES,
                "lastWill": {
                    "topic": f"{ROOT}/{{county}}/{{box}}/{TOPICS['status'].path}",
                    "qos": 1,
                    "retain": True,
                    "message": examples.message("status-lost").decode(),
                },
                "bindingVersion": MQTT_BINDING,
            }
        },
    }


def _channel(name: str, row: Topic) -> Json:
    address = f"{ROOT}/{{county}}/{{box}}/{row.path}"
    return {
        "address": address,
        "description": row.description,
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {
            each: {"description": f"{words}; {pattern}"}
            for each, (words, pattern) in PARAMETERS.items()
            if f"{{{each}}}" in address
        },
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in _carried(name, row)},
    }


def _carried(name: str, row: Topic) -> list[str]:
    if name == "batch":
        return ["batch"]
    if row.carries is Envelope:
        return [schemas.event_name(each) for each in TYPES]
    return [name]


def _operations(name: str, row: Topic) -> list[tuple[str, Json]]:
    other = {"box": "hub", "hub": "box"}[row.sender]
    binding: Json = {"qos": 1, "retain": row.retain, "bindingVersion": MQTT_BINDING}
    if row.expiry_s is not None:
        binding["messageExpiryInterval"] = row.expiry_s
    receiving = {"qos": 1, "bindingVersion": MQTT_BINDING}
    return [
        (f"{row.sender}.send.{name}", _operation("send", name, row, row.sender, binding)),
        (f"{other}.receive.{name}", _operation("receive", name, row, other, receiving)),
    ]


def _operation(action: str, name: str, row: Topic, who: str, binding: Json) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": row.description,
        "tags": [{"name": who}],
        "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in _carried(name, row)],
        "bindings": {"mqtt": binding},
    }


def _messages(refs: Json) -> Json:
    events = [schemas.event_name(name) for name in TYPES]
    found: Json = {}
    for name, ref in refs.items():
        found[name] = _message(name, content_type("event" if name in events else name), ref)
    every = {"type": "array", "minItems": 1, "items": {"anyOf": [refs[name] for name in events]}}
    found["batch"] = _message("batch", content_type("batch"), every)
    found["media"] = _message("media", content_type("media"), {"type": "string", "format": "binary"})
    return found


def _message(name: str, content: str, payload: Json) -> Json:
    return {
        "name": name,
        "contentType": content,
        "payload": payload,
        "bindings": {"mqtt": {"contentType": content, "bindingVersion": MQTT_BINDING}},
    }
