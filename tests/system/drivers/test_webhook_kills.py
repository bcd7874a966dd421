"""A sender that repeats until it hears 200, an agent that is killed again and again: each alarm is there, and once."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from drivers.devicehttp.request import HttpProblem, Place, request
from tests.ports import NOBODY, free_port
from tests.processes import AgentProcess

KILLS = 6
ALARMS_A_LIFE = 40


async def post(port, number):
    """Again and again until it is answered with 200."""
    body = json.dumps({"kind": "door", "source": f"n{number}", "id": str(number)}).encode()
    place = Place("127.0.0.1", port, "/alarm")
    while True:
        try:
            if (await request("POST", place, {}, body, timeout_s=5, max_bytes=1000)).status == 200:
                return
        except HttpProblem:
            await asyncio.sleep(0.02)  # as such a panel, before it tries again


@pytest.mark.slow
async def test_every_alarm_that_was_answered_is_stored_once(tmp_path, counted):
    port, chance, sent = free_port(), random.Random(4), 0
    devices = f'[device.panel]\ndriver = "webhook"\nlisten = "127.0.0.1"\nport = {port}\n'
    agent = AgentProcess(tmp_path / "box", NOBODY, devices)
    for _ in range(KILLS):
        agent.start()
        for _ in range(ALARMS_A_LIFE - 1):
            await post(port, sent)
            sent += 1
        last = asyncio.create_task(post(port, sent))
        sent += 1
        await asyncio.sleep(chance.random() * 0.004)  # in the midst of it
        agent.kill()
        with agent:
            await last
    found = [json.loads(body)["data"]["source"] for (body,) in agent.rows("SELECT body FROM alarm ORDER BY n")]
    lost, twice = sent - len(set(found)), len(found) - len(set(found))
    counted(f"alarms answered {sent}, kills {2 * KILLS}, lost {lost}, twice {twice}")
    assert sorted(found) == sorted(f"n{number}" for number in range(sent))
