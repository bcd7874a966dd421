"""The life of a box by the commands that people give: enrolled, revoked, replaced, moved; real processes throughout."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.enrolments import HOST, Box, CountyBroker, CountyHub, EnrolledAgent
from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.processes import Ledger, emitter

pytestmark = pytest.mark.slow
A, B = "431126001001", "431126001002"
ALARMS = "SELECT count(*) FROM event WHERE box = '{}' AND type = 'cn.gridwire.alarm.v1'"


def machine(tmp_path: Path, name: str, count: int = 5) -> tuple[Box, Ledger]:
    ledger = Ledger(tmp_path / f"{name}.txt")
    box = Box(tmp_path / name, "[hub]\nbackoff_max_s = 1\nhealth_every_s = 5\n")
    box.config.write_text(box.config.read_text() + emitter(ledger.path, {"alarm": 1}, until=count, every_ms=5))
    return box, ledger


async def enrol(hub: CountyHub, box: Box, code: str, tmp_path: Path, *words: str, order: str = "add") -> None:
    """By a file from the stick."""
    await until(lambda: "boxes enrol at port" in hub.log, PATIENCE_S)
    made = await asyncio.to_thread(hub.cli, "box", order, code, "--out", str(tmp_path / "stick"))
    assert made.returncode == 0, made.stderr
    tickets = sorted((tmp_path / "stick").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    done = await box.enroll("--token-file", tickets[-1], *words)
    assert done.returncode == 0, done.stderr


@contextlib.asynccontextmanager
async def reloading(county_broker: CountyBroker) -> AsyncIterator[None]:
    """What the service beside the broker does: hand over what has changed, and have it read again."""

    async def watch() -> None:
        while True:
            if county_broker.write():
                await asyncio.to_thread(county_broker.reload)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_from_nothing_to_events_and_out_again(tmp_path, county, county_hub, county_broker):
    box, _ = machine(tmp_path, "pond")
    await enrol(county_hub, box, A, tmp_path)
    with EnrolledAgent(box) as agent:
        await agent.until_running()
        await county_hub.until_rows(ALARMS.format(A), [(5,)])
        await agent.until_status("connected", equals=True)
        async with reloading(county_broker):
            done = await asyncio.to_thread(county_hub.cli, "box", "revoke", A, "--reason", "stolen")
        assert (done.returncode, done.stderr) == (0, "")
        assert "the broker refuses it from now on" in done.stdout
        await agent.until_status("connected", equals=False)
    shown = county_hub.cli("ca", "show")
    assert f"{A}  revoked" in shown.stdout
    again = county_hub.cli("ca", "init")
    assert (again.returncode, "ca.exists" in again.stderr) == (78, True)


async def test_a_broker_that_was_not_told_is_told_of(tmp_path, county, county_hub, county_broker):
    """The live session ends all the same, and a person hears that the box may come back."""
    box, _ = machine(tmp_path, "pond")
    await enrol(county_hub, box, A, tmp_path)
    done = await asyncio.to_thread(county_hub.cli, "box", "revoke", A)
    assert (done.returncode, "does NOT know the new list" in done.stderr) == (1, True)
    assert "session ended" in done.stdout
    county_broker.stop()
    again = await asyncio.to_thread(county_hub.cli, "box", "revoke", A)
    assert (again.returncode, "cannot be reached" in again.stderr) == (1, True)


async def test_a_replaced_box_delivers_what_it_has_under_its_own_name(tmp_path, county, county_hub, county_broker):
    old, old_ledger = machine(tmp_path, "old", 40)
    await enrol(county_hub, old, A, tmp_path)
    port = county_broker.port
    county_broker.stop()
    with EnrolledAgent(old) as agent:  # no line: all of it stays on the box
        await agent.until_running()
        await until(lambda: len(old_ledger.told_ids) >= 40, PATIENCE_S)
    county_broker.start()
    assert county_broker.port == port
    new, _ = machine(tmp_path, "new")
    await enrol(county_hub, new, A, tmp_path, order="replace")
    with EnrolledAgent(new) as new_agent, EnrolledAgent(old) as agent:
        await new_agent.until_running()
        await agent.until_running()
        await county_hub.until_rows(ALARMS.format(f"{A}-2"), [(5,)])
        await county_hub.until_rows(ALARMS.format(A), [(40,)])
        await agent.until_drained()
    assert county_hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    refused = county_hub.cli("box", "add", A, "--again")
    assert (refused.returncode, "identity.replaced" in refused.stderr) == (2, True)


async def test_a_machine_that_becomes_another_box_leaves_nothing_behind(tmp_path, county, county_hub, county_broker):
    box, ledger = machine(tmp_path, "pond", 30)
    await enrol(county_hub, box, A, tmp_path)
    county_broker.stop()
    with EnrolledAgent(box) as agent:
        await agent.until_running()
        await until(lambda: len(ledger.told_ids) >= 30, PATIENCE_S)
    county_broker.start()
    ticket = tmp_path / "b"
    made = await asyncio.to_thread(county_hub.cli, "box", "add", B, "--out", str(ticket))
    assert made.returncode == 0, made.stderr
    asked = await box.enroll("--token-file", ticket / f"{B}.enrol")
    assert (asked.returncode, "enrol.another-box" in asked.stderr) == (1, True)
    moved = await box.enroll("--token-file", ticket / f"{B}.enrol", "--move")
    assert moved.returncode == 0, moved.stderr
    assert f"of {A} are not sent yet" in moved.stdout
    left = next((box.store / "left").iterdir())
    ledger.path.unlink()
    with EnrolledAgent(box) as agent:
        await agent.until_running()
        await county_hub.until_rows(ALARMS.format(B), [(30,)])
    assert county_hub.rows(ALARMS.format(A)) == [(0,)]
    with EnrolledAgent(box, left / "edgeagent.toml", left):
        await county_hub.until_rows(ALARMS.format(A), [(30,)])
    assert county_hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert county_hub.rows(ALARMS.format(B)) == [(30,)]


async def test_hub_and_box_speak_of_the_same_ports(tmp_path, county, county_hub, county_broker):
    """What the operator's file says is what the box then uses."""
    box, _ = machine(tmp_path, "pond")
    await enrol(county_hub, box, A, tmp_path)
    text = box.enrolled.read_text()
    assert f'host = "{HOST}"' in text
    assert f"port = {county.config.enrol.broker_port}" in text
