"""The county's configuration from the operator to the village and back: real CA, certificates, broker, hub."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from tests.enrolments import Box, CountyHub, EnrolledAgent
from tests.harness import until
from tests.hubs import PATIENCE_S, HubProcess
from tests.processes import DRIVERS, Ledger, emitter

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]
A, B = "431126001001", "431126001002"


async def enrolled(hub: CountyHub, tmp_path: Path, code: str = A) -> Box:
    box = Box(tmp_path / code, "[hub]\nbackoff_max_s = 1\n")
    await until(lambda: "boxes enrol at port" in hub.log, PATIENCE_S)
    made = await asyncio.to_thread(hub.cli, "box", "add", code, "--out", str(tmp_path / "stick"))
    assert made.returncode == 0, made.stderr
    done = await box.enroll("--token-file", tmp_path / "stick" / f"{code}.enrol")
    assert done.returncode == 0, done.stderr
    return box


def given(hub: HubProcess, *words: object) -> str:
    done = hub.cli("config", *map(str, words))
    assert done.returncode == 0, done.stderr
    return done.stdout


async def shown(hub: HubProcess, *words: str) -> None:
    """Until `countyhub config show` says this of the box."""
    told = ""
    async with asyncio.timeout(PATIENCE_S):
        while not all(word in told for word in words):
            told = await asyncio.to_thread(given, hub, "show", A)
    assert told.startswith(A)


async def test_from_the_operators_file_into_force_and_what_does_not_fit_is_told(
    tmp_path, county, county_hub, county_broker
):
    box = await enrolled(county_hub, tmp_path)
    weir = Ledger(tmp_path / "weir.txt")
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[hub]\nhealth_every_s = 5\n" + emitter(weir.path, {"alarm": 1}, until=4, every_ms=5))
    bad.write_text("[hub]\nhealth_every = 5\n")
    before = {path: path.read_bytes() for path in box.config.parent.rglob("*.toml")}
    with EnrolledAgent(box) as agent:
        await agent.until_running()
        assert "revision 1, signed" in await asyncio.to_thread(given, county_hub, "set", A, "--in", good)
        await shown(county_hub, "1 (1)", "in force")
        await county_hub.until_rows("SELECT count(*) FROM event WHERE subject = 'weir' AND type LIKE '%alarm%'", [(4,)])
        again = await asyncio.to_thread(given, county_hub, "set", A, "--in", good)
        assert "revision 1, signed" in again, "the same text is no new revision"
        await asyncio.to_thread(given, county_hub, "set", A, "--in", bad)
        await shown(county_hub, "2 (1)", "not taken", "county-config.invalid", "did you mean “health_every_s”")
        assert {path: path.read_bytes() for path in box.config.parent.rglob("*.toml")} == before
        assert "health_every_s" in box.call("config", "diff", prefix=("env", f"PYTHONPATH={DRIVERS}")).stdout
        await asyncio.to_thread(given, county_hub, "set", A, "--in", good)
        await shown(county_hub, "3 (3)", "in force")
        agent.stop()
    history = json.loads(await asyncio.to_thread(given, county_hub, "history", A, "--json"))
    assert [row["revision"] for row in history] == [3, 2, 1]
    assert all(row["by"].startswith("cli/") for row in history)
    assert county_hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]


async def test_a_box_that_was_away_gets_it_at_its_birth_and_a_hub_set_back_counts_on(
    tmp_path, county, county_hub, county_broker
):
    """Neither a hub without its memory of revisions nor a broker without its retained messages stops the next one."""
    box = await enrolled(county_hub, tmp_path)
    file = tmp_path / "part.toml"
    file.write_text("[hub]\nhealth_every_s = 5\n")
    await asyncio.to_thread(given, county_hub, "set", A, "--in", file)
    with EnrolledAgent(box) as agent:
        await shown(county_hub, "1 (1)", "in force")
        county_hub.execute("UPDATE box_config SET revision = 0")  # a backup of before
        file.write_text("[hub]\nhealth_every_s = 6\n")
        assert "revision 2, signed" in await asyncio.to_thread(given, county_hub, "set", A, "--in", file)
        await shown(county_hub, "2 (2)", "in force")
        agent.stop()


async def test_another_countys_key_is_refused(tmp_path, county, county_hub, county_broker):
    """Somebody has the broker and the database, but not the key."""
    box = await enrolled(county_hub, tmp_path)
    key = county.folder / "ca" / "config.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.write_bytes(b"x" * 32)
    file = tmp_path / "part.toml"
    file.write_text("[hub]\nhealth_every_s = 5\n")
    with EnrolledAgent(box):
        await asyncio.to_thread(given, county_hub, "set", A, "--in", file)
        await shown(county_hub, "1 (0)", "not taken", "county-config.bad-signature")


async def test_mistakes_of_the_operator_are_told_before_anything_is_sent(tmp_path, county, county_hub, county_broker):
    broken = tmp_path / "broken.toml"
    broken.write_text("[hub\n")
    for words, code, said in (
        (("set", A, "--in", str(broken)), 2, "cannot be given to a box"),
        (("set", A, "--in", str(tmp_path / "none.toml")), 2, "cannot be given to a box"),
        (("set", "4311", "--in", str(broken)), 2, "is no box id"),
    ):
        done = await asyncio.to_thread(county_hub.cli, "config", *words)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "no box was given any" in await asyncio.to_thread(given, county_hub, "show")
    assert county_hub.rows("SELECT count(*) FROM box_config") == [(0,)]
