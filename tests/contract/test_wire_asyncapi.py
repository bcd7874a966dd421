"""The AsyncAPI document has the shape that AsyncAPI 3.0 asks for, and all it refers to exists."""

import json
import re
from pathlib import Path

import jsonschema

from gridwire.topics import TOPICS
from tests.jsonrefs import references, resolve

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs/schema/asyncapi.json").read_text(encoding="utf-8"))

REF = {"type": "object", "properties": {"$ref": {"type": "string", "pattern": "^#/"}}, "required": ["$ref"]}
SHAPE = {
    "type": "object",
    "required": ["asyncapi", "info", "servers", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "defaultContentType": {"type": "string"},
        "servers": {
            "additionalProperties": {"type": "object", "required": ["host", "protocol"]},
        },
        "channels": {
            "additionalProperties": {
                "type": "object",
                "required": ["address", "messages"],
                "additionalProperties": False,
                "properties": {
                    "address": {"type": "string"},
                    "description": {"type": "string"},
                    "servers": {"type": "array", "items": REF},
                    "parameters": {
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"description": {"type": "string"}},
                        }
                    },
                    "messages": {"minProperties": 1, "additionalProperties": REF},
                },
            }
        },
        "operations": {
            "additionalProperties": {
                "type": "object",
                "required": ["action", "channel"],
                "properties": {
                    "action": {"enum": ["send", "receive"]},
                    "channel": REF,
                    "messages": {"type": "array", "minItems": 1, "items": REF},
                    "bindings": {
                        "type": "object",
                        "properties": {
                            "mqtt": {"type": "object", "required": ["qos"], "properties": {"qos": {"const": 1}}}
                        },
                    },
                },
            }
        },
        "components": {
            "type": "object",
            "required": ["messages", "schemas"],
            "properties": {
                "messages": {
                    "additionalProperties": {"type": "object", "required": ["name", "contentType", "payload"]}
                },
                "schemas": {"propertyNames": {"pattern": r"^[\w.-]+$"}},
            },
        },
    },
}


def test_shape():
    jsonschema.validate(DOCUMENT, SHAPE)


def test_every_reference_resolves():
    refs = set(references(DOCUMENT))
    assert len(refs) > 50
    for ref in refs:
        assert isinstance(resolve(DOCUMENT, ref), dict), ref


def test_parameters_are_those_of_the_address():
    for channel in DOCUMENT["channels"].values():
        assert set(channel["parameters"]) == set(re.findall(r"{(\w+)}", channel["address"]))


def test_operations_speak_of_their_own_channel_only():
    for operation in DOCUMENT["operations"].values():
        of_channel = operation["channel"]["$ref"] + "/messages/"
        assert all(message["$ref"].startswith(of_channel) for message in operation["messages"])


def test_every_topic_is_sent_by_one_end_and_received_by_the_other():
    for name, row in TOPICS.items():
        other = {"box": "hub", "hub": "box"}[row.sender]
        sending = DOCUMENT["operations"][f"{row.sender}.send.{name}"]
        assert sending["bindings"]["mqtt"]["retain"] == row.retain
        assert sending["bindings"]["mqtt"].get("messageExpiryInterval") == row.expiry_s
        assert DOCUMENT["operations"][f"{other}.receive.{name}"]["action"] == "receive"
    assert len(DOCUMENT["operations"]) == 2 * len(TOPICS)


def test_every_schema_is_used():
    used = {ref.rpartition("/")[2] for ref in references(DOCUMENT) if ref.startswith("#/components/schemas/")}
    assert used == set(DOCUMENT["components"]["schemas"])
