"""The agent's own children: bounded while they work, and gone when it is gone, however it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.snapshot.bounded import MAX_MEMORY_BYTES
from simulators.camera import CameraConfig, CameraFarm
from tests.harness import until
from tests.ports import NOBODY
from tests.processes import AgentProcess

PASSWORD = "camera-2024"


def device(name, url):
    return (
        f'[device.{name}]\ndriver = "http_snapshot"\nurl = "{url}"\nusername = "admin"\npassword = "{PASSWORD}"\n'
        "every_s = 10\nprivacy = [[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]]\n"
    )


def children(pid):
    """Process ids and command lines of what a process has started."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if parent == pid and command:
            found[int(process.name)] = command
    return found


def is_child_of_ours(pid, command):
    """Still the same process, not another one by that number."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace") == command
    except OSError:
        return False


def is_bounded(pid):
    (line,) = [
        line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max address space")
    ]
    return line.split()[3] == str(MAX_MEMORY_BYTES)


@pytest.mark.slow  # a camera's schedule may not be shorter than ten seconds
@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_the_children_go_with_the_agent(tmp_path, end):
    """One waits for work, one hangs at a stream that gives nothing."""
    frozen = frozenset({"rtsp_frozen"})
    cameras = [CameraConfig(name="well"), CameraConfig(name="frozen", quirks=frozen)]
    async with CameraFarm(cameras) as farm:
        devices = device("well", farm["well"].snapshot_uri) + device("frozen", farm["frozen"].stream_uri)
        with AgentProcess(tmp_path / "box", NOBODY, devices) as agent:
            await agent.until_running()
            running = {}

            def both():
                running.update(children(agent.pid))
                commands = " ".join(children(agent.pid).values())
                return "worker_child" in commands and "rtsp_child" in commands

            await until(both, 60.0)
            alive = children(agent.pid)
            await until(lambda: all(map(is_bounded, alive)))
            assert PASSWORD not in " ".join(running.values())
            assert PASSWORD not in agent.log
            getattr(agent, end)()
        await until(lambda: not any(is_child_of_ours(*each) for each in alive.items()))
