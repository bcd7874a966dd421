"""`edgeagent check` at a broker as `broker-config` writes it: certificates name the client, nobody is thrown out."""

import asyncio
import json

import pytest

from tests.commands import command
from tests.enrolments import Box, County, CountyHub, EnrolledAgent
from tests.processes import emitter

A = "431126001001"
WAY = ("--only", "certificate", "--only", "dns", "--only", "tcp", "--only", "tls", "--only", "hub", "--json")


@pytest.fixture
async def county(tmp_path):
    made = County(tmp_path / "hub")
    async with made.listening():
        yield made


async def checked(agent) -> dict[str, tuple[str, str]]:
    """Level and code of each check."""
    async with command(agent, "check", *WAY) as called:
        await called.end()
    told = json.loads("\n".join(called.lines))["checks"]
    return {each["check"]: (each["level"], each["code"]) for each in told}


@pytest.mark.slow
async def test_the_running_agent_keeps_its_session(county, tmp_path):
    box = Box(tmp_path / "box")
    assert (await box.enroll("--token-file", await county.ticket(A))).returncode == 0
    agent = EnrolledAgent(box)
    box.config.write_text(box.config.read_text() + emitter(tmp_path / "ledger.txt", {"alarm": 1}, until=2))
    with county.broker() as broker, CountyHub(county):
        with agent:
            await agent.until_running()
            await agent.until_status("connected", equals=True)
            await agent.until_drained()
            told = await checked_with_driver(agent)
            assert {level for level, _ in told.values()} == {"pass"}, told
            status = await agent.status()
            assert (status["connected"], status["connects"]) == (True, 1)
            assert broker.log.count("already connected, closing old connection") == 0
            await asyncio.to_thread(agent.stop)
        assert {level for level, _ in (await checked_with_driver(agent)).values()} == {"pass"}
        await county.revoke(A)
        broker.write()
        broker.reload()
        told = await checked_with_driver(agent)
        assert told["tls"] == ("fail", "check.tls-own-revoked")
        assert told["hub"][0] == "fail"


async def checked_with_driver(agent):
    """The command knows the driver of the tests too."""
    with pytest.MonkeyPatch.context() as patch:
        from tests.processes import DRIVERS

        patch.setenv("PYTHONPATH", str(DRIVERS))
        return await checked(agent)
