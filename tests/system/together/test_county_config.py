"""The county's part of a box's configuration: signed, tried, kept or taken back; by a real broker and a real agent."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from edgeagent.enrol.identity import FOLDER, RECORD, Record
from gridwire import messages
from gridwire.codec import decode_up
from gridwire.signing import public_of, sign
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S
from tests.instances import BOX, NOON, SOURCE
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.uplinks import Sink

KEY, FOREIGN = b"k" * 32, b"f" * 32
RULE = '[[rule]]\nkinds = ["motion"]\nmin_duration_s = 5\n'


def enrolled(folder: Path, key: bytes = KEY) -> None:
    """What enrolment leaves behind, without the certificate, for which this broker does not ask."""
    identity = folder / "store" / FOLDER
    identity.mkdir(parents=True, mode=0o700)
    record = Record(
        box=BOX, county=COUNTY, hub_host="127.0.0.1", hub_port=1, renew_from=NOON, expires=NOON,
        broker_host="127.0.0.1", broker_port=1, config_key=public_of(key),
    )  # fmt: skip
    (identity / RECORD).write_bytes(msgspec.json.encode(record))


def box(tmp_path: Path, broker: Mosquitto, devices: str = "", *, trial_s: float = 60, key: bytes = KEY) -> AgentProcess:
    enrolled(tmp_path / "box", key)
    agent = AgentProcess(tmp_path / "box", broker.port, devices)
    agent.environment = {"EDGEAGENT_COUNTY_TRIAL_S": str(trial_s)}
    return agent


def told(sink: Sink) -> list[tuple[str, str]]:
    """State and reason of what the box has said of itself about its configuration, in order, repeats left out."""
    found: dict[str, tuple[str, str]] = {}
    for got in sink.events:
        for each in decode_up(got.message.payload, source=SOURCE) if got.name != "media" else ():
            if each.event.subject == "box" and each.event.type == "cn.gridwire.device.v1":
                found.setdefault(each.event.id, (each.event.data.state, each.event.data.reason))
    return list(found.values())


def revision(sink: Sink) -> int:
    births = sink.said("birth")
    return births[-1].read(messages.Birth).config_revision if births else -1


async def configured(agent: AgentProcess) -> set[str]:
    """Ids of the devices that the running agent has."""
    return {device["id"] for device in (await agent.status())["devices"]}


async def until_told(sink: Sink, *reasons: str) -> None:
    await until(
        lambda: [reason for _, reason in told(sink)] == [f"county-config.{each}" for each in reasons], PATIENCE_S
    )


def files(agent: AgentProcess) -> dict[str, bytes]:
    """The technician's files."""
    return {str(path): path.read_bytes() for path in agent.folder.rglob("*.toml") if "store" not in path.parts}


async def test_devices_and_rules_of_the_county_come_into_force_beside_the_technicians(tmp_path, broker, ledger):
    wait = tmp_path / "wait"
    wait.touch()
    agent = box(tmp_path, broker, emitter(ledger.path, {"checkin": 1}, every_ms=5, until=5))
    further = emitter(tmp_path / "weir.txt", {"checkin": 1}, every_ms=5, until=3)
    async with Sink(broker.port, acking=True) as sink:
        with agent:
            await agent.until_running()
            before, pid = files(agent), agent.pid
            sink.say("config", sign(KEY, BOX, 1, further))
            await until_told(sink, "applied")
            await until(lambda: len(Ledger(tmp_path / "weir.txt").told_ids) == 3, PATIENCE_S)
            await until(lambda: revision(sink) == 1, PATIENCE_S)
            await agent.until_log("revision 1, is in force")
            assert (files(agent), agent.pid) == (before, pid)
            part = agent.folder / "store" / "county" / "county.toml"
            assert part.read_text() == further
            assert part.stat().st_mode & 0o077 == 0
            agent.kill()  # what is in force is in force after a power cut, too, and what is retained is no news
            agent.start()
            await until(lambda: len(sink.said("birth")) >= 3, PATIENCE_S)
            await agent.until_running()
            assert await configured(agent) == {"pond", "weir"}
            assert revision(sink) == 1
            assert [reason for _, reason in told(sink)] == ["county-config.applied"]
            sink.say("config", sign(KEY, BOX, 2, ""))  # an empty part takes everything back
            await until(lambda: revision(sink) == 2, PATIENCE_S)
            await until(lambda: not part.exists(), PATIENCE_S)


async def test_a_change_of_the_uplink_is_taken_by_a_new_start_of_the_agent(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        with box(tmp_path, broker) as agent:
            await agent.until_running()
            pid = agent.pid
            sink.say("config", sign(KEY, BOX, 7, "[hub]\nkeepalive_s = 120\n"))
            await agent.until_log("revision 7, is in force")
            await until(lambda: revision(sink) == 7, PATIENCE_S)
            assert agent.pid == pid
            said = [got.read(messages.Status) for got in sink.said("status")]
            assert ("offline", "restart") in [(status.state, status.reason) for status in said]
            assert said[-1].state == "online"
            assert agent.stop() == 0


REFUSED = {
    "unsigned": (msgspec.structs.replace(sign(KEY, BOX, 1, RULE), signature=""), "bad-signature"),
    "signed by somebody else": (sign(FOREIGN, BOX, 1, RULE), "bad-signature"),
    "changed on the way": (msgspec.structs.replace(sign(KEY, BOX, 1, RULE), toml=RULE + "#"), "bad-signature"),
    "another number": (msgspec.structs.replace(sign(KEY, BOX, 1, RULE), revision=2), "bad-signature"),
    "for another box": (sign(KEY, "431126001002", 1, RULE), "other-box"),
    "relabelled": (msgspec.structs.replace(sign(KEY, "431126001002", 1, RULE), box=BOX), "bad-signature"),
    "a slip": (sign(KEY, BOX, 1, "[hub]\nkeepalive = 120\n"), "invalid"),
    "no TOML": (sign(KEY, BOX, 1, "[hub\n"), "invalid"),
    "what is the technician's": (sign(KEY, BOX, 1, '[hub]\nhost = "evil.example"\n'), "invalid"),
    "another box id": (sign(KEY, BOX, 1, 'box = "431126001002"\n'), "invalid"),
    "set by the technician": (sign(KEY, BOX, 1, "[hub]\nhealth_every_s = 600\n"), "invalid"),
}


async def test_what_is_refused_changes_nothing_and_is_told_once(tmp_path, broker):
    """One box, one after the other, each twice; then a good one is taken all the same."""
    async with Sink(broker.port, acking=True) as sink:
        with box(tmp_path, broker) as agent:
            await agent.until_running()
            before = (await agent.status()).get("config_hash"), files(agent)
            for count, (message, _) in enumerate(REFUSED.values(), 1):
                sink.say("config", message)  # retained: the first may be earlier than the box's subscription
                await until(lambda count=count: len(told(sink)) == count, PATIENCE_S)
                sink.say("config", message)
            await until_told(sink, *(code for _, code in REFUSED.values()))
            assert {state for state, _ in told(sink)} == {"degraded"}
            assert ((await agent.status()).get("config_hash"), files(agent)) == before
            assert not (agent.folder / "store" / "county" / "county.toml").exists()
            await until(lambda: agent.log.count("is refused") == 2 * len(REFUSED), PATIENCE_S)
            await until_told(sink, *(code for _, code in REFUSED.values()))
            assert "did you mean “keepalive_s”" in agent.log
            sink.say("config", sign(KEY, BOX, 1, RULE))
            await agent.until_log("revision 1, is in force")


async def test_a_replay_is_refused_also_by_the_next_process(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        with box(tmp_path, broker) as agent:
            await agent.until_running()
            sink.say("config", sign(KEY, BOX, 5, RULE))
            await agent.until_log("revision 5, is in force")
            sink.say("config", sign(KEY, BOX, 4, ""))
            await until_told(sink, "applied", "old-revision")
            sink.say("config", sign(KEY, BOX, 5, ""))  # another text under the same number
            await until_told(sink, "applied", "old-revision", "old-revision")
            agent.kill()
            agent.start()
            await agent.until_running()
            await until(lambda: len(sink.said("birth")) >= 3, PATIENCE_S)
            sink.say("config", sign(KEY, BOX, 3, ""))
            await until_told(sink, "applied", "old-revision", "old-revision", "old-revision")
            assert revision(sink) == 5


async def test_a_box_without_the_countys_key_takes_nothing(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        agent = AgentProcess(tmp_path / "box", broker.port)
        with agent:
            await agent.until_running()
            sink.say("config", sign(KEY, BOX, 1, RULE))
            await until_told(sink, "no-key")
            assert revision(sink) == 0


@pytest.mark.parametrize("killed", [False, True], ids=["", "killed on trial"])
async def test_what_costs_the_uplink_is_taken_back(tmp_path, broker, ledger, killed):
    """A wrong user name would be the technician's; a protocol too. What the county can spoil: brokers, and the hub
    that no longer acknowledges."""
    agent = box(tmp_path, broker, emitter(ledger.path, {"alarm": 1}, every_ms=50, until=100), trial_s=2)
    async with Sink(broker.port, acking=True) as sink:
        with agent:
            await agent.until_running()
            sink.say("config", sign(KEY, BOX, 1, "[hub]\nkeepalive_s = 120\n"))
            await agent.until_log("revision 1, is in force")
            sink.acking = False
            sink.say("config", sign(KEY, BOX, 2, "[hub]\nkeepalive_s = 60\n"))
            await agent.until_log("revision 2, is taken on trial")
            if killed:
                agent.kill()
                agent.start()
            await agent.until_log("the hub was not heard for 2 s: revision 2 -> 1")
            sink.ack_all()
            await until(lambda: revision(sink) == 1, PATIENCE_S)
            part = agent.folder / "store" / "county" / "county.toml"
            assert part.read_text() == "[hub]\nkeepalive_s = 120\n"
            await until(lambda: ("degraded", "county-config.taken-back") in told(sink), PATIENCE_S)
            sink.say("config", sign(KEY, BOX, 2, "[hub]\nkeepalive_s = 60\n"))  # as the broker and the hub do: no news
            sink.say("config", sign(KEY, BOX, 2, "[hub]\nkeepalive_s = 61\n"))
            await until(lambda: told(sink)[-1][1] == "county-config.old-revision", PATIENCE_S)
            reasons = [reason for _, reason in told(sink)]
            assert reasons[-2:] == ["county-config.taken-back", "county-config.old-revision"]
            assert set(reasons[:-2]) == {"county-config.applied"}
            assert len(reasons) <= (5 if killed else 4), reasons
            sink.say("config", sign(KEY, BOX, 3, "[hub]\nkeepalive_s = 90\n"))
            await agent.until_log("revision 3, is in force")
            await until(lambda: ("alarm-0", 100) in ledger.raised, PATIENCE_S)
            await agent.until_drained()
    seen = {each.event.id for got in sink.events for each in decode_up(got.message.payload, source=SOURCE)}
    assert ledger.told_ids.keys() <= seen


async def test_a_part_that_no_longer_fits_is_left_out_and_the_box_starts(tmp_path, broker):
    """The technician sets the same key by hand afterwards, then stops and starts."""
    async with Sink(broker.port, acking=True) as sink:
        with box(tmp_path, broker) as agent:
            await agent.until_running()
            sink.say("config", sign(KEY, BOX, 1, 'timezone = "Asia/Urumqi"\n'))
            await agent.until_log("revision 1, is in force")
            assert agent.stop() == 0
            agent.config.write_text('timezone = "Asia/Shanghai"\n' + agent.config.read_text())
            agent.start()
            await agent.until_running()
            assert "is left out" in agent.log
            assert "county.toml:1: timezone" in agent.log
            await until(lambda: told(sink)[-1:] == [("degraded", "county-config.left-out")], PATIENCE_S)


async def test_the_files_cut_off_between_are_finished_at_the_next_start(tmp_path, broker):
    """Killed after the state was written and before the file was: the state decides."""
    async with Sink(broker.port, acking=True) as sink:
        with box(tmp_path, broker) as agent:
            await agent.until_running()
            sink.say("config", sign(KEY, BOX, 1, 'timezone = "Asia/Urumqi"\n'))
            await agent.until_log("revision 1, is in force")
            agent.kill()
            part = agent.folder / "store" / "county" / "county.toml"
            os.unlink(part)
            agent.start()
            await until(part.exists, PATIENCE_S)
            await agent.until_running()
            assert part.read_text() == 'timezone = "Asia/Urumqi"\n'
