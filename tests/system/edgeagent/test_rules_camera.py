"""Rules and a simulated camera over real ONVIF: a motion told under two topics, flapping, is one alarm, pictured."""

from __future__ import annotations

import json

import pytest

from tests.cameras import PASSWORD, camera
from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.ports import NOBODY
from tests.processes import AgentProcess

RULE = "\n[[rule]]\nmin_duration_s = 0.5\nmerge_gap_s = 8\n"


def events(agent, lane="alarm"):
    return [json.loads(body) for (body,) in agent.rows(f"SELECT body FROM {lane} ORDER BY n")]


def told(agent):
    return [(event["data"]["kind"], event["data"]["state"]) for event in events(agent)]


@pytest.mark.slow
async def test_a_motion_that_flaps_under_two_topics_is_one_alarm_with_a_picture(tmp_path):
    async with camera() as gate:
        address = f"127.0.0.1:{gate.port}"
        device = (
            f'\n[device.gate]\ndriver = "onvif"\naddress = "{address}"\nusername = "admin"\npassword = "{PASSWORD}"\n'
        )
        with AgentProcess(tmp_path / "box", NOBODY, device + "poll_s = 2\n" + RULE) as agent:
            agent.config.chmod(0o600)
            await agent.until_running()
            await until(lambda: gate.subscriptions == 1, PATIENCE_S)
            gate.raise_alarm("motion", active=True)
            await until(lambda: told(agent), PATIENCE_S)
            for active in (False, True, False):
                record = gate.raise_alarm("motion", active=active)
                await until(lambda record=record: record.pulled, PATIENCE_S)
            await until(lambda: len(told(agent)) == 2, PATIENCE_S)
            start, end = events(agent)
            assert told(agent) == [("motion", "start"), ("motion", "end")]
            assert end["data"]["detail"]["merged"] == "3"
            assert start["time"] < start["recordedtime"]
            await until(lambda: agent.rows("SELECT 1 FROM media"), PATIENCE_S)
            pictures = [event["data"] for event in events(agent, "record") if event["type"].endswith("picture.v1")]
            assert [picture["owner"] for picture in pictures] == [start["id"]]
            # Each topic began twice and ended twice: two of the eight are stored.
            await agent.until_status("suppressed", equals={"merged": 6})
            assert agent.stop() == 0
