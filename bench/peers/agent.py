"""Child: the whole agent in its own process, driven by lines on stdin; answers each with one line of JSON.

python -m bench.peers.agent CONFIG
drain                 when it is connected, wait until nothing waits: `up`, `done` (monotonic seconds)
live SECONDS PAUSE    alarms one by one, each with the time of its commit: `commits` as [seq, monotonic seconds]
events COUNT PAUSE    the same, and wait until the hub has all
pictures COUNT FILE   alarms with this JPEG, one by one, each acknowledged before the next
health COUNT          so many health messages
quiet DEVICES         wait until so many devices are up and the hub has all
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from bench import alarm
from bench.peers.waiting import look_until
from edgeagent import plugins
from edgeagent.agent import Agent
from edgeagent.configfile import load
from edgeagent.driver import Alarm, Observation

Found = dict[str, object]


async def serve(config: Path) -> None:
    agent = Agent(load(config, plugins.resolve))
    async with agent:
        running = asyncio.create_task(agent.run())
        print(json.dumps({"ready": True}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            name, *words = line.split()
            print(json.dumps(await _obey(agent, name, words)), flush=True)
        agent.stopping.set()
        await running


async def _obey(agent: Agent, name: str, words: list[str]) -> Found:
    if name == "drain":
        return await drain(agent)
    if name == "live":
        return await live(agent, float(words[0]), float(words[1]))
    if name == "events":
        await live(agent, int(words[0]) * float(words[1]), float(words[1]))
        return await drain(agent)
    if name == "pictures":
        return await pictures(agent, int(words[0]), await asyncio.to_thread(Path(words[1]).read_bytes))
    if name == "health":
        return await health(agent, int(words[0]))
    return await quiet(agent, int(words[0]))


async def drain(agent: Agent) -> Found:
    """Up when subscribed, done when every row is freed."""
    await look_until(lambda: agent.uplink._up)
    up = time.monotonic()
    await look_until(lambda: not any(agent.outbox.waiting().values()))
    return {"up": up, "done": time.monotonic()}


async def live(agent: Agent, seconds: float, pause_s: float) -> Found:
    commits: list[tuple[int, float]] = []
    began = time.monotonic()
    for number in range(round(seconds / pause_s)):
        await asyncio.sleep(max(0.0, began + number * pause_s - time.monotonic()))
        stored = await agent.intake.take(alarm.camera(number), None, _alarm(), {})
        commits.append((stored.seq, time.monotonic()))
    return {"commits": commits}


async def pictures(agent: Agent, count: int, jpeg: bytes) -> Found:
    for number in range(count):
        observation = Observation(data=_alarm().data, pictures=(jpeg,))
        await agent.intake.take(alarm.camera(number), None, observation, {})
        await drain(agent)
    return {}


async def health(agent: Agent, count: int) -> Found:
    for _ in range(count):
        agent.link.tell_health(await agent.health.health())
        await asyncio.sleep(0.1)
    return {}


async def quiet(agent: Agent, devices: int) -> Found:
    handles = agent.supervisor.devices.values()
    await look_until(lambda: sum(handle.health.state == "up" for handle in handles) >= devices)
    await drain(agent)
    return {}


def _alarm() -> Observation:
    return Observation(data=Alarm(kind="motion", state="pulse", source=alarm.SOURCE_TOKEN))


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
