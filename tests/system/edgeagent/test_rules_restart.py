"""Alarms that rules hold back, in the real process: kill -9 at any moment; each is raised exactly once, or never."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.ports import NOBODY
from tests.processes import AgentProcess


class Script:
    def __init__(self, folder):
        self.path = folder / "script.txt"

    def add(self, *lines: str) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def device(self, rule: str) -> str:
        return f'\n[device.cam]\ndriver = "scripted"\nscript = "{self.path}"\n[[rule]]\n{rule}\n'


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


def stored(agent, lane="alarm"):
    return [json.loads(body) for (body,) in agent.rows(f"SELECT body FROM {lane} ORDER BY n")]


def told(agent):
    return [(event["data"]["kind"], event["data"]["state"]) for event in stored(agent)]


def played(agent):
    return int((agent.rows("SELECT value FROM memory WHERE key = 'device/cam/done'") or [(b"0",)])[0][0])


def pictures(agent):
    return [event for event in stored(agent, "record") if event["type"] == "cn.gridwire.picture.v1"]


async def test_a_held_start_survives_kill_9_and_is_raised_once_with_its_picture(tmp_path, script):
    with AgentProcess(tmp_path / "box", NOBODY, script.device("min_duration_s = 2")) as agent:
        await agent.until_running()
        script.add("start motion", "start sound", "end sound")
        await until(lambda: played(agent) == 3, PATIENCE_S)
        agent.kill()
        agent.start()
        await agent.until_running()
        await until(lambda: told(agent), PATIENCE_S)
        assert told(agent) == [("motion", "start")]
        await until(lambda: pictures(agent), PATIENCE_S)
        ((alarm,), (picture,)) = stored(agent), pictures(agent)
        assert picture["data"]["owner"] == alarm["id"]
        assert alarm["time"] < alarm["recordedtime"]
        script.add("end motion", "end motion")
        await until(lambda: played(agent) == 5, PATIENCE_S)
        agent.kill()
        agent.start()
        await agent.until_running()
        assert told(agent) == [("motion", "start"), ("motion", "end")]
        assert agent.stop() == 0


async def test_a_held_end_survives_kill_9_and_a_flap_after_the_restart_is_merged(tmp_path, script):
    rule = script.device("merge_gap_s = 3600")
    with AgentProcess(tmp_path / "box", NOBODY, rule) as agent:
        await agent.until_running()
        script.add("start motion", "end motion")
        await until(lambda: played(agent) == 2, PATIENCE_S)
        agent.kill()
        agent.start()
        await agent.until_running()
        script.add("start motion", "end motion")
        await until(lambda: played(agent) == 4, PATIENCE_S)
        await agent.until_status("suppressed", equals={"merged": 2})
        assert told(agent) == [("motion", "start")]
        agent.configure(rule.replace("merge_gap_s = 3600", "merge_gap_s = 0"))
        agent.reload()
        await agent.until_log("configuration reloaded")
        script.add("start motion", "end motion")
        await until(lambda: len(told(agent)) == 2, PATIENCE_S)
        (_, end) = stored(agent)
        assert (end["data"]["state"], end["data"]["detail"]) == ("end", {"merged": "2"})


@pytest.mark.slow
async def test_kills_at_any_moment_leave_every_start_with_its_end(tmp_path, script):
    rule = script.device("min_duration_s = 0.1\nmerge_gap_s = 0.2")
    with AgentProcess(tmp_path / "box", NOBODY, rule) as agent:
        for number in range(8):
            await agent.until_running()
            script.add("start motion", "start sound A", "end sound A", "start motion B")
            await asyncio.sleep(number * 0.04)  # now shorter than what is merged or dropped, now longer
            script.add("end motion", "start motion", "end motion", "end motion B")
            await asyncio.sleep(0.05)  # in the midst of it
            agent.kill()
            agent.start()
        await agent.until_running()
        script.add("pulse other")
        await until(lambda: ("other", "pulse") in told(agent), PATIENCE_S)
        await until(
            lambda: told(agent)[-1] == ("motion", "end") or told(agent)[-2:-1] == [("motion", "end")], PATIENCE_S
        )
        for kind in ("motion", "sound"):
            states = [state for what, state in told(agent) if what == kind]
            assert states == ["start", "end"] * (len(states) // 2)
        assert ("motion", "start") in told(agent)
