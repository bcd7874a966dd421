"""The AsyncAPI document of the feeds is whole: what it refers to exists, and its topics are those that are used."""

import json
import re
from pathlib import Path

import jsonschema

from countyhub.feeds.topics import ROOT, TOPICS, case_topic, event_topic
from tests.jsonrefs import references, resolve

DOCUMENT = json.loads(
    (Path(__file__).resolve().parents[2] / "docs/schema/hub-asyncapi.json").read_text(encoding="utf-8")
)


def test_every_reference_resolves_and_every_schema_is_used():
    refs = set(references(DOCUMENT))
    assert len(refs) > 30
    for ref in refs:
        assert isinstance(resolve(DOCUMENT, ref), dict), ref
    used = {ref.rpartition("/")[2] for ref in refs if ref.startswith("#/components/schemas/")}
    assert used == set(DOCUMENT["components"]["schemas"])


def test_topics_are_those_that_are_used():
    assert set(DOCUMENT["channels"]) == set(TOPICS)
    made = {
        "event": event_topic("{county}", "{township}", "{box}", "{kind}"),
        "case": case_topic("{county}", "{township}", "{number}"),
    }
    for name, channel in DOCUMENT["channels"].items():
        assert channel["address"] == made[name] == f"{ROOT}/{{county}}/{TOPICS[name].path}"
        assert set(channel["parameters"]) == set(re.findall(r"{(\w+)}", channel["address"]))
        sending = DOCUMENT["operations"][f"hub.send.{name}"]
        assert sending["bindings"]["mqtt"] == {"qos": 1, "retain": False, "bindingVersion": "0.2.0"}
        assert {each["$ref"].rpartition("/")[2] for each in sending["messages"]} == set(channel["messages"])


def test_schemas_are_schemas_and_attributes_are_those_of_cloudevents():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        if name.startswith("HubEvent") or name == "HubCase":
            assert {"specversion", "id", "source", "type", "time", "data"} <= set(schema["required"])
            assert all(re.fullmatch("[a-z0-9]{1,20}", each) for each in schema["properties"])
