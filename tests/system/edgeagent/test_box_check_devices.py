"""`edgeagent check` of cameras and terminals: with the running agent and without, each fault with a real device."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from edgeagent import plugins
from edgeagent.checks import scene as scenes
from edgeagent.clock import Clock
from edgeagent.configfile import load
from edgeagent.outbox import Outbox
from simulators.camera import CameraConfig, CameraFarm
from tests.checking import faults, lines, scene
from tests.commands import command
from tests.harness import until
from tests.hubs import ROOT
from tests.ports import NOBODY
from tests.processes import DRIVERS, AgentProcess
from tests.smallbox import LIMITS, fill

PASSWORD = "camera-2024"
UNPRIVILEGED = 65534
"""The user and the group of little right that every machine has: nobody."""
TABLE = '[device.gate]\ndriver = "onvif"\nname = "村口"\naddress = "127.0.0.1:{port}"\nusername = "{user}"\n'


def table(port, user="admin", password=PASSWORD):
    return TABLE.format(port=port, user=user) + (f'password = "{password}"\n' if password else "")


async def told(folder, text):
    """What the check says, beside the simulated camera that answers meanwhile."""
    return await asyncio.to_thread(lambda: faults("devices", scene(folder, text)))


async def test_a_camera_that_is_well(tmp_path):
    async with CameraFarm([CameraConfig(name="gate")]) as farm:
        seen = await asyncio.to_thread(scene, tmp_path, table(farm["gate"].port))
        (line,) = await asyncio.to_thread(lines, "devices", seen)
        assert farm["gate"].subscriptions == 0  # nothing stays behind
    assert (line.level, line.subject) == ("pass", "gate")
    assert line.zh.startswith("村口：可连接、可登录")


def test_a_camera_that_is_off(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = faults("devices", scene(tmp_path, table(port)))["check.device-unreachable"]
    assert f"127.0.0.1:{port}" in line.en
    assert "是否通电" in line.zh


async def test_a_wrong_password(tmp_path):
    async with CameraFarm([CameraConfig(name="gate")]) as farm:
        found = await told(tmp_path, table(farm["gate"].port, password="mistyped-2024"))
    assert "wrong password?" in found["discover.wrong-password"].en
    assert "mistyped-2024" not in str(found)


async def test_no_login_where_one_is_wanted(tmp_path):
    async with CameraFarm([CameraConfig(name="gate")]) as farm:
        found = await told(tmp_path, table(farm["gate"].port, user="", password=""))
    assert "[device.gate]" in found["check.device-no-login"].en


async def test_a_camera_whose_clock_is_off(tmp_path):
    async with CameraFarm([CameraConfig(name="gate", clock_offset_s=8 * 3600.0)]) as farm:
        found = await told(tmp_path, table(farm["gate"].port))
    assert "NTP" in found["discover.clock-wrong"].zh


async def test_a_camera_without_events(tmp_path):
    async with CameraFarm([CameraConfig(name="gate", quirks=frozenset({"no_event_service"}))]) as farm:
        found = await told(tmp_path, table(farm["gate"].port))
    assert "ONVIF" in found["discover.no-events"].en


@pytest.mark.slow
async def test_something_that_is_no_camera(tmp_path):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        found = await told(tmp_path, table(server.sockets[0].getsockname()[1]))
    assert "ONVIF" in found["check.device-other"].zh


async def test_a_driver_that_cannot_search_is_run_for_a_moment(tmp_path):
    """A camera by its picture's address, which gives none; and a terminal whose port is not there."""
    key = tmp_path / "village-key"
    key.write_text("k1:" + "00" * 32 + "\n")
    key.chmod(0o600)
    async with CameraFarm([CameraConfig(name="gate")]) as farm:
        text = f'[device.pond]\ndriver = "http_snapshot"\nurl = "http://127.0.0.1:{farm["gate"].port}/nothing"\n'
        text += f'[device.desk]\ndriver = "terminal"\nkey_file = "{key}"\n'
        text += f'[[device.desk.part]]\nprotocol = "line"\nport = "{tmp_path}/ttyUSB7"\n'
        box = AgentProcess(tmp_path / "box", NOBODY, text)
        async with command(box, "check", "--only", "devices") as called:
            code, errors = await called.end()
    assert (code, errors) == (78, "")
    assert [line.split()[0] for line in called.lines[:-1]] == ["FAIL", "FAIL"], called.lines
    assert "edgeagent terminal desk --test" in called.lines[1]
    assert not (tmp_path / "box" / "store").exists()


async def told_by_command(box: AgentProcess, monkeypatch, only="devices") -> dict[str, dict]:
    """Device -> what `edgeagent check --json` says of it, with the drivers that only tests have."""
    monkeypatch.setenv("PYTHONPATH", str(DRIVERS))
    async with command(box, "check", "--only", only, "--json") as called:
        code, errors = await called.end()
    assert (code, errors) == (78, "")
    return {line["subject"]: line for line in json.loads("".join(called.lines))["checks"]}


def tried(*deeds: str) -> str:
    return "".join(f'[device.{deed}]\ndriver = "tried"\ndoes = "{deed}"\n' for deed in deeds)


async def test_a_driver_that_fails_when_it_is_tried(tmp_path, monkeypatch):
    """What it raises, that it ends its process, that it cannot be loaded: a verdict each, never a traceback."""
    text = tried("os-error", "crash", "ends-process", "degraded") + '[device.half]\ndriver = "halfway"\n'
    found = await told_by_command(AgentProcess(tmp_path / "box", NOBODY, text), monkeypatch)
    assert list(found) == ["os-error", "crash", "ends-process", "degraded", "half"], "as they stand in the file"
    assert {found[name]["code"] for name in ("os-error", "crash", "ends-process")} == {"check.device-crashed"}
    assert "/srv/roster.csv" in found["os-error"]["en"]
    assert "ZeroDivisionError: before anything was told" in found["crash"]["en"]
    assert "exit 9" in found["ends-process"]["zh"]
    assert "support-bundle" in found["crash"]["zh"]
    assert found["degraded"]["code"] == "check.device-degraded"
    assert found["half"]["code"] == "check.device-driver"
    assert "libcamera.so.2" in found["half"]["en"]
    assert "apt install --reinstall" in found["half"]["zh"]


@pytest.mark.slow
async def test_a_driver_that_never_tells_or_blocks_when_it_is_tried(tmp_path, monkeypatch):
    found = await told_by_command(AgentProcess(tmp_path / "box", NOBODY, tried("nothing", "block")), monkeypatch)
    assert found["nothing"]["code"] == "check.device-starting"
    assert found["block"]["code"] == "check.device-crashed"
    assert "blocked" in found["block"]["en"]


def python_for_all() -> tuple[str, str]:
    """A Python that every user may start, and where it finds our packages; skips where there is none."""
    usual = f"/usr/bin/python3.{sys.version_info.minor}"
    path = os.pathsep.join(each for each in (*sys.path, str(ROOT), str(DRIVERS)) if each and "lib-dynload" not in each)
    as_nobody = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": [], "env": {"PYTHONPATH": path}}
    as_nobody["cwd"] = "/"
    for python in (sys.executable, usual):
        with contextlib.suppress(OSError):
            done = subprocess.run([python, "-c", "import msgspec"], capture_output=True, check=False, **as_nobody)
            if done.returncode == 0:
                return python, path
    pytest.skip("there is no Python of this release that another user may start")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root could leave something behind that is not the service's")
async def test_root_leaves_nothing_of_its_own_in_the_store(tmp_path):
    """The whole check, beside an agent that was killed, with a driver that writes folders and files."""
    python, path = python_for_all()
    with tempfile.TemporaryDirectory() as open_to_all:
        os.chmod(open_to_all, 0o755)
        box = AgentProcess(Path(open_to_all) / "box", NOBODY, tried("write"))
        clock, store = Clock(), box.folder / "store"
        await fill(tmp_path, 3)
        outbox = await Outbox.open(tmp_path, LIMITS, boot=clock.boot, machine=clock.machine, gap=None)
        await asyncio.to_thread(shutil.copytree, tmp_path, store)  # as a kill leaves it
        await outbox.close()
        (store / "devices" / "write").mkdir(parents=True)
        for each in (store, *store.rglob("*")):
            os.chown(each, UNPRIVILEGED, UNPRIVILEGED)
        done = await asyncio.to_thread(
            subprocess.run, [python, "-m", "edgeagent.cli", "check", "--json", "--config", str(box.config)],
            env={"PYTHONPATH": path, "PATH": os.defpath}, capture_output=True, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        told = {line["subject"]: line for line in json.loads(done.stdout)["checks"]}
        assert f"as user {UNPRIVILEGED} of groups [{UNPRIVILEGED}]" in told["write"]["en"]
        written = list((store / "devices" / "write").rglob("*"))
        assert len(written) == 2
        assert {each.stat().st_uid for each in (store, *store.rglob("*"))} == {UNPRIVILEGED}


async def test_the_running_agent_tells_of_each_device(tmp_path, monkeypatch):
    async with CameraFarm([CameraConfig(name="gate", clock_offset_s=3600.0)]) as farm:
        far = table(1).replace("gate", "far").replace("村口", "水塘")
        box = AgentProcess(tmp_path / "box", NOBODY, table(farm["gate"].port) + far + tried("nothing", "degraded"))
        with box:
            await box.until_running()
            wanted = {"gate": "up", "far": "down", "nothing": "starting", "degraded": "degraded"}

            async def are_as_wanted():
                return {each["id"]: each["state"] for each in (await box.status())["devices"]} == wanted

            await until(are_as_wanted)
            found = await told_by_command(box, monkeypatch)
    assert found["gate"]["code"] == "check.device-clock"
    assert "NTP" in found["gate"]["zh"]
    assert found["far"]["code"] == "check.device-down"
    assert "edgeagent camera far" in found["far"]["en"]
    assert found["nothing"]["code"] == "check.device-starting"
    assert found["degraded"]["code"] == "check.device-degraded"
    assert "gives pictures only" in found["degraded"]["en"]


async def test_the_running_agent_is_asked_and_no_second_subscription_made(tmp_path):
    async with CameraFarm([CameraConfig(name="gate", slots=1), CameraConfig(name="off")]) as farm:
        other = table(1).replace("gate", "far").replace("村口", "水塘")
        with AgentProcess(tmp_path, NOBODY, table(farm["gate"].port) + other) as agent:
            await agent.until_running()

            async def are_told_apart():
                return {device["state"] for device in (await agent.status())["devices"]} == {"up", "down"}

            await until(are_told_apart)
            async with command(agent, "check", "--only", "devices", "--only", "agent", language="zh") as called:
                code, _ = await called.end()
            assert code == 78
            assert farm["gate"].subscriptions == 1
    by_name = {line.split()[1]: line for line in called.lines if line[0] in "正注故"}
    assert by_name["agent"].startswith("正常")
    assert any("村口" in line and line.startswith("正常") for line in called.lines)
    assert any("水塘" in line and line.startswith("故障") and "edgeagent camera far" in line for line in called.lines)


async def test_an_agent_with_other_settings_and_one_that_may_not_be_asked(tmp_path):
    with AgentProcess(tmp_path, NOBODY) as agent:
        await agent.until_running()
        agent.config.write_text(agent.config.read_text().replace("东山村", "西山村"))
        seen = await asyncio.to_thread(scenes.look, load(agent.config, plugins.resolve))
        assert "edgeagent config diff" in faults("agent", seen)["check.agent-other-settings"].en
        assert "sudo" in faults("agent", seen._replace(running=None))["check.agent-silent"].zh
    seen = await asyncio.to_thread(scenes.look, load(agent.config, plugins.resolve))
    assert "systemctl start edgeagent" in faults("agent", seen)["check.agent-stopped"].en


async def test_a_month_whose_data_is_nearly_used(tmp_path):
    with AgentProcess(tmp_path, NOBODY, hub="data_mb_per_month = 100\n") as agent:
        await agent.until_running()
        seen = await asyncio.to_thread(scenes.look, load(agent.config, plugins.resolve))
    (line,) = lines("data", seen)
    assert line.en == "0 % of 100 MiB used"
    status = seen.running.status
    data = msgspec.structs.replace(status.data, used_bytes=90 * 2**20, level="no pictures")
    spare = seen._replace(running=seen.running._replace(status=msgspec.structs.replace(status, data=data)))
    found = faults("data", spare)["check.data-spare"]
    assert "90 %" in found.en
    assert "hub.data_mb_per_month" in found.zh
    unsynced = msgspec.structs.replace(status, clock="unsynced")
    line = faults("clock", seen._replace(running=seen.running._replace(status=unsynced)))["check.clock-unsynced"]
    assert "timedatectl set-ntp true" in line.en
