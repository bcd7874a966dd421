"""Boxes and hubs of a pinned release understand today's, and the reverse: tests/data/wire/RELEASE holds what they say.

How a release is pinned, and what to do when a test here fails, stands in docs/decisions/0036.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from gridwire import messages
from gridwire.codec import Refused, decode_up
from gridwire.topics import TOPICS
from scripts.pincompare import breaks, folders, read_schemas, told, topic_breaks
from scripts.pinsamples import BOX, SOURCE, meaning_of, payload_of, samples
from scripts.pinwire import bounds, release, schemas, topics
from tests.hubs import BoxClient, HubProcess, status
from tests.instances import STREAM
from tests.mosquitto import Mosquitto
from tests.uplinks import Sink
from tests.uplinks import box as agent

PINNED = Path(__file__).resolve().parents[1] / "data" / "wire"
RELEASES = folders(PINNED)
ALLOWED: dict[tuple[str, str], str] = {}
"""(release, line of the break) -> why no box or hub in the field is hurt by it."""

per_release = pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)


def sampled(folder: Path, *, of: set[str] | None = None) -> list[dict]:
    found = [
        json.loads(line)
        for name in ("samples.jsonl", "recorded.jsonl")
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in found if of is None or line["topic"] in of]


def lacking(pinned: object, today: object, path: str = "") -> list[str]:
    """Where today's reading does not say what the pinned one says; more fields are no matter."""
    if isinstance(pinned, dict) and isinstance(today, dict):
        inner = [lacking(value, today.get(key, "nothing"), f"{path}.{key}") for key, value in pinned.items()]
        return [line for lines in inner for line in lines]
    if isinstance(pinned, list) and isinstance(today, list) and len(pinned) == len(today):
        return [
            line
            for index, pair in enumerate(zip(pinned, today, strict=True))
            for line in lacking(*pair, f"{path}[{index}]")
        ]
    return [] if pinned == today else [f"{path}: meant {pinned!r}, is read as {today!r}"]


def found_breaks(folder: Path) -> list[str]:
    old = read_schemas(folder / "schema")
    new = {name: json.loads(text) for name, text in schemas().items()}
    lines = breaks(old, new) + topic_breaks(json.loads((folder / "topics.json").read_text()), topics())
    limits = json.loads((folder / "limits.json").read_text())
    lines += [
        f"limit {name}: was {limits[name]}, is {bounds().get(name)}"
        for name in limits
        if bounds().get(name) != limits[name]
    ]
    return [line for line in lines if (folder.name, line) not in ALLOWED]


def test_this_release_is_pinned():
    names = [folder.name for folder in RELEASES]
    assert release() in names, f"pin the wire of {release()}: python scripts/pinwire.py ({names} are there)"


@per_release
def test_nothing_changed_that_breaks_an_older_end(folder):
    found = found_breaks(folder)
    assert not found, told(folder.name, found)


@per_release
def test_what_an_older_end_says_means_the_same_today(folder):
    wrong = []
    lines = sampled(folder)
    assert len(lines) > 100
    for line in lines:
        different = lacking(line["means"], meaning_of(line["topic"], payload_of(line)))
        wrong += [f"{line['name']} ({line['topic']}){each}" for each in different]
    assert not wrong, told(folder.name, wrong)


@per_release
def test_what_is_said_today_an_older_end_takes(folder):
    """Types and topics that it does not know it puts aside as they are; all others must pass what it checks."""
    known = read_schemas(folder / "schema")
    wrong, checked = [], 0
    for line in samples():
        for name, value in spoken(line):
            if name in known:
                checked += 1
                errors = jsonschema.Draft202012Validator(known[name]).iter_errors(value)
                wrong += [f"{line['name']}: {name}{error.json_path[1:]}: {error.message[:200]}" for error in errors]
    assert checked > 100
    assert not wrong, told(folder.name, wrong)


def spoken(line: dict) -> list[tuple[str, object]]:
    """Schema -> value, for each thing that a sample says."""
    if line["topic"] == "media" or "text" not in line:
        return []
    value = json.loads(line["text"])
    if line["topic"] in ("event", "batch"):
        several = value if isinstance(value, list) else [value]
        return [(each["type"].removeprefix("cn.gridwire."), each) for each in several]
    return [(line["topic"], value)]


def test_what_a_newer_release_adds_is_passed_over_or_put_aside():
    """Both ends of today, towards the release after this one: a new field is ignored, a new type kept as it came."""
    for line in samples():
        for _, value in spoken(line):
            if line["topic"] == "batch":
                continue
            newer = json.dumps(value | {"addedlater": {"deep": [1]}}).encode()
            means = meaning_of(line["topic"], newer)
            if line["topic"] == "event":
                [means], before = means, line["means"][0]
                assert means | {"digest": ""} == before | {"digest": ""}
            else:
                assert means == line["means"]
    event = json.loads(next(line["text"] for line in samples() if line["topic"] == "event"))
    raw = json.dumps(event | {"type": "cn.gridwire.drone.v1", "data": {"height_m": 3}}).encode()
    [found] = decode_up(raw, source=SOURCE)
    assert isinstance(found, Refused)
    assert (found.problem.code, found.raw) == ("wire.unknown-type", raw)
    assert found.key is not None


@per_release
async def test_todays_hub_stores_all_that_an_older_box_sends(folder, tmp_path):
    """By the real way: broker, subscriber, database; every pinned message of a box, each event once."""
    lines = sampled(folder, of={name for name, row in TOPICS.items() if row.sender == "box"} - {"media"})
    made = [line for line in lines if not line["name"].startswith("recorded")]
    with Mosquitto(tmp_path / "broker") as broker, HubProcess(tmp_path / "hub", broker.port) as hub:
        await hub.until_connected()
        async with BoxClient(broker.port) as village:
            await village.say("status", status())  # retained: it comes as soon as the hub has subscribed
            await hub.until_rows("SELECT status FROM box", [("online",)])
            for line in lines:
                await village.publish(line["topic"], payload_of(line))
            ids = {each["id"] for line in lines if line["topic"] in ("event", "batch") for each in line["means"]}
            await hub.until_rows("SELECT count(*) FROM event", [(len(ids),)])
        assert hub.rows("SELECT code, count(*) FROM dead_letter GROUP BY code") == []
        assert hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
        assert {each for (each,) in hub.rows("SELECT event_id FROM event")} == ids
        assert len(made) > 80


@per_release
async def test_todays_box_takes_all_that_an_older_hub_sends(folder, tmp_path):
    """The real agent: nothing is refused, each order is answered, the newest board is kept."""
    lines = sampled(folder, of={"ack", "cmd", "board"})
    last = max(line["means"]["revision"] for line in lines if line["topic"] == "board")
    with Mosquitto(tmp_path / "broker") as broker:
        async with Sink(broker.port) as sink, agent(tmp_path / "box", broker.port) as village:
            await village.connected()
            for line in lines:
                await sink.client.publish(f"{SOURCE}/down/{line['topic']}", payload_of(line))
            ping = await sink.order("ping", {})
            await sink.reply(ping)
            assert village.agent.downlink.refused == 0
            orders = {line["means"]["id"] for line in lines if line["topic"] == "cmd"}
            assert orders <= {got.read(messages.Reply).id for got in sink.said("reply")}
            assert village.agent.downlink.board.revision == last


def changed(folder: Path, name: str, change) -> list[str]:
    """What is found when today's schema is the pinned one, but for this change."""
    old = read_schemas(folder / "schema")
    new = copy.deepcopy(old)
    change(new[name])
    return breaks(old, new)


def _set(*path: str, **values):
    def change(schema: dict) -> None:
        for step in path:
            schema = schema[step]
        schema.update(values)

    return change


BREAKS = {
    "a field is gone": ("ack", lambda s: s["properties"].pop("ranges"), "ack.ranges: is gone"),
    "a field must be there": ("birth", lambda s: s["required"].append("name"), "birth.name: must now be there"),
    "a field may lack": ("status", lambda s: s["required"].remove("boot"), "status.boot: may now be left out"),
    "another type": ("status", _set("properties", "boot", type="integer"), "status.boot: type was 'string'"),
    "a further word": (
        "gap.v1",
        lambda s: s["$defs"]["Gap"]["properties"]["reason"]["enum"].append("flood"),
        "gap.v1.data.reason: enum was",
    ),
    "a shorter text": ("cmd", _set("properties", "by", maxLength=8), "cmd.by: maxLength was 64, is 8"),
    "a longer text": ("cmd", _set("properties", "by", maxLength=80), "cmd.by: maxLength was 64, is 80"),
    "another default": (
        "alarm.v1",
        _set("$defs", "Alarm", "properties", "severity", default="info"),
        "alarm.v1.data.severity: left out it meant 'warning', now 'info'",
    ),
    "another lane": ("alarm.v1", _set("properties", "lane", const="urgent"), "alarm.v1.lane: const was 'alarm'"),
    "what is deep inside": (
        "health",
        _set("$defs", "LaneNumbers", "properties", "next", minimum=0),
        "health.streams[].lanes[].next: minimum was 1, is 0",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_change_that_breaks_is_found_and_says_what_to_do(what):
    name, change, expected = BREAKS[what]
    found = changed(RELEASES[0], name, change)
    assert any(expected in line for line in found), found
    text = told("0.1", found)
    assert expected in text
    for word in (".v2", "scripts/pinwire.py", "ALLOWED", "bump the version", "docs/decisions/0036"):
        assert word in text


def test_a_change_that_breaks_nobody_is_let_through():
    def add(schema: dict) -> None:
        schema["properties"]["colour"] = {"type": "string", "default": ""}
        schema["properties"]["boot"]["description"] = "told better"

    assert changed(RELEASES[0], "status", add) == []
    old = read_schemas(RELEASES[0] / "schema")
    assert breaks(old, {**old, "drone.v1": {"type": "object"}}) == []
    rows = topics()
    assert topic_breaks(rows, {**rows, "log": {"path": "up/log"}}) == []
    assert topic_breaks(rows, {**rows, "ack": rows["ack"] | {"retain": True}}) == [
        "topic ack: retain was False, is True"
    ]
    assert topic_breaks(rows, {k: v for k, v in rows.items() if k != "cmd"}) == ["topic cmd: is gone"]


def test_a_field_that_is_read_otherwise_is_found():
    means = {"state": "lost", "connection": 7, "lanes": [{"next": 3}]}
    assert lacking(means, means | {"colour": "red"}) == []
    assert lacking(means, means | {"connection": 8}) == [".connection: meant 7, is read as 8"]
    assert lacking(means, {"state": "lost", "lanes": [{"next": 4}]}) == [
        ".connection: meant 7, is read as 'nothing'",
        ".lanes[0].next: meant 3, is read as 4",
    ]


def test_samples_are_of_the_box_that_tests_speak_for():
    assert BOX in SOURCE
    assert STREAM  # the box's stream of the tests is not the samples': both may stand at one hub
