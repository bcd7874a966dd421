"""A driver's fault stays its own: whatever one does, the others go on and the agent ends when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.ports import NOBODY
from tests.processes import AgentProcess, emitter


def wild(how):
    return f'[device.wild]\ndriver = "wild"\nhow = "{how}"\n'


async def device(agent, name):
    return next((each for each in (await agent.status()).get("devices", ()) if each["id"] == name), {})


@pytest.mark.parametrize("how", ["raises", "exits", "cancels-itself", "ends", "group", "base", "constructor"])
async def test_a_wild_driver_is_run_again_and_touches_nobody(tmp_path, ledger, how):
    with AgentProcess(tmp_path / "box", NOBODY, wild(how) + emitter(ledger.path, {"alarm": 1})) as agent:
        await agent.until_running()
        async with asyncio.timeout(PATIENCE_S):
            while (await device(agent, "wild")).get("restarts", 0) < 2:
                assert agent.is_running, agent.log
        found = await device(agent, "wild")
        assert (found["state"], found["reason"]) == ("down", "driver-ended" if how == "ends" else "driver-failed")
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 5)
        assert (await device(agent, "pond"))["restarts"] == 0
        assert agent.stop() == 0


@pytest.mark.parametrize("how", ["swallows-cancel", "raises-on-cancel"])
async def test_a_driver_that_does_not_want_to_end_ends(tmp_path, ledger, how):
    devices = emitter(ledger.path, {"alarm": 1})
    with AgentProcess(tmp_path / "box", NOBODY, wild(how) + devices) as agent:
        await agent.until_running()
        await until(lambda: ledger.told, 30)
        agent.configure(devices)
        agent.reload()
        await agent.until_log("devices changed: wild")
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 5)
        assert await device(agent, "wild") == {}
        agent.configure(wild(how) + devices)
        agent.reload()
        await until(lambda: agent.log.count("devices changed: wild") == 2, 30)
        assert agent.stop() == 0


async def test_a_driver_that_cannot_be_loaded_keeps_nobody_from_working(tmp_path, ledger):
    devices = '[device.odd]\ndriver = "halfway"\n' + emitter(ledger.path, {"alarm": 1})
    with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
        await agent.until_running()

        async def is_down():
            return (await device(agent, "odd")).get("restarts", 0) > 0

        await until(is_down, PATIENCE_S)
        found = await device(agent, "odd")
        assert (found["state"], found["reason"]) == ("down", "broken")
        assert "libcamera.so.2" in found["detail"]
        told = len(ledger.told)
        await until(lambda: len(ledger.told) > told + 5)
        assert (await device(agent, "pond"))["restarts"] == 0
        assert agent.stop() == 0


def test_a_driver_that_does_not_exist_is_a_mistake_in_the_settings(tmp_path, ledger):
    devices = '[device.odd]\ndriver = "no-such-driver"\n' + emitter(ledger.path, {"alarm": 1})
    with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
        assert agent.wait() == 78
    assert "no-such-driver" in agent.log
    assert not ledger.told
