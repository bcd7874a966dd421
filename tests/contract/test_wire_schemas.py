"""Whatever the definitions allow passes codec and published schema, and comes back equal."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridwire import codec
from gridwire.events import TYPES, Envelope
from gridwire.topics import TOPICS
from tests.instances import SOURCE, events, structs

SCHEMAS = Path(__file__).resolve().parents[2] / "docs/schema"
MESSAGES = {name: row.carries for name, row in TOPICS.items() if row.carries not in (None, Envelope)}

usual = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def validator(name):
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", TYPES)
def test_events(name):
    check = validator(name.removeprefix("cn.gridwire."))

    @usual
    @given(events(name))
    def holds(event):
        raw = codec.encode_event(event)
        check.validate(json.loads(raw))
        [item] = codec.decode_up(raw, source=SOURCE)
        assert item.event == event
        assert item.raw == raw

    holds()


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    check = validator(name)

    @usual
    @given(structs(MESSAGES[name]))
    def holds(message):
        payload = codec.encode_message(message)
        check.validate(json.loads(payload))
        assert codec.decode_message(payload, type(message), name) == message

    holds()


@usual
@given(st.lists(st.sampled_from(sorted(TYPES)).flatmap(events), min_size=1, max_size=8))
def test_packs(sent):
    raws = [codec.encode_event(event) for event in sent]
    payload, count = codec.pack(raws)
    assert [item.raw for item in codec.decode_up(payload, source=SOURCE)] == raws[:count]
    assert count == len(raws)


ONLY_THE_CODEC_REFUSES = {(attribute, "a line too much") for attribute in ("time", "recordedtime", "source")}
"""`format` is an annotation only; that `source` is the box whose topic it came by stands in no schema."""


def mistakes(example):
    """(attribute, what is wrong with it, the event): one at a time."""
    for attribute, right in example.items():
        yield attribute, "missing", {name: value for name, value in example.items() if name != attribute}
        yield attribute, "another type", example | {attribute: []}
        yield attribute, "null", example | {attribute: None}
        yield attribute, "a line too much", example | {attribute: f"{right}\n"}
    for attribute, what, data in mistakes(example["data"]) if "data" in example else ():
        yield f"data.{attribute}", what, example | {"data": data}


def test_schema_and_codec_refuse_the_same():
    check = validator("alarm.v1")
    check.validate(EXAMPLE)
    by_codec, by_schema, tried = set(), set(), set()
    for attribute, what, event in mistakes(EXAMPLE):
        tried.add((attribute, what))
        [item] = codec.decode_up(json.dumps(event).encode(), source=SOURCE)
        if isinstance(item, codec.Refused):
            by_codec.add((attribute, what))
        if not check.is_valid(event):
            by_schema.add((attribute, what))
    assert by_schema <= by_codec, "a schema that refuses what is taken"
    assert by_codec - by_schema == ONLY_THE_CODEC_REFUSES
    assert tried - by_codec == NOT_NEEDED


EXAMPLE = {
    "specversion": "1.0",
    "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "source": SOURCE,
    "type": "cn.gridwire.alarm.v1",
    "subject": "cam-1",
    "time": "2026-05-01T04:00:00Z",
    "recordedtime": "2026-05-01T04:00:00Z",
    "monotonic": "12.345",
    "clock": "synced",
    "stream": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "lane": "alarm",
    "seq": 1,
    "grid": "431126001001001",
    "data": {"kind": "motion", "state": "start", "severity": "info", "source": "VideoSource-1"},
}
NOT_NEEDED = {("grid", "missing"), ("grid", "null"), ("data.severity", "missing"), ("data.source", "missing")}
NOT_NEEDED |= {("data.source", "a line too much")}
"""What is right without, or as it is then."""


def test_every_field_on_the_wire_is_described():
    for name in [*TYPES, *MESSAGES]:
        schema = json.loads((SCHEMAS / f"{name.removeprefix('cn.gridwire.')}.json").read_text(encoding="utf-8"))
        for owner in [schema, *schema.get("$defs", {}).values()]:
            assert owner.get("description"), owner["title"]
            for field, value in owner["properties"].items():
                assert "description" in value or "$ref" in value, f"{owner['title']}.{field}"


def test_structs_of_the_wire_never_forbid_what_a_newer_release_adds():
    for struct in [*TYPES.values(), *MESSAGES.values(), Envelope]:
        assert not struct.__struct_config__.forbid_unknown_fields
        assert isinstance(struct, msgspec.StructMeta)
