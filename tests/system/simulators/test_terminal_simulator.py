"""The simulated terminal as its own process, with its control port: as the demo and chaos tests use it."""

import asyncio
import json
import signal
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from drivers.seriallink import SerialLink, SerialSettings
from drivers.terminal import Config, Driver
from drivers.terminal.frames.line import LineDecoder
from drivers.terminal.idnumber import load_village_key
from simulators.terminal import ALL_PARTS
from tests.harness import DeviceRecorder


async def post(url: str, action: str, **body) -> tuple[int, dict]:
    return await request(url, "POST", action, json.dumps(body).encode())


async def request(url: str, method: str, path: str, body: bytes = b"") -> tuple[int, dict]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    head = f"{method} /{path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    head_bytes, _, content = answer.partition(b"\r\n\r\n")
    return int(head_bytes.split()[1]), json.loads(content)


@pytest.fixture
async def process(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.terminal", "--dir", tmp_path, "--json", stdout=asyncio.subprocess.PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_every_part_by_the_control_port(process):
    """By hand it is the same: what a person does with curl, the driver's parts say on their ports."""
    line = json.loads(await process.stdout.readline())
    url = line["control_url"]
    assert set(line["ports"]) == set(ALL_PARTS)
    for action, body in (
        ("em", {"uid": "62E3086CED", "bare": True}),
        ("key", {"wish": "rate:5"}),
        ("key", {"wish": "sos", "part": "linepad"}),
        ("button", {"contact": 1}),
        ("bus", {"unit": 1, "fault": "dead"}),
        ("level", {"value": 4321}),
        ("printer", {"paper": "out", "online": False, "mute": True, "stuck": True}),
        ("printer", {"paper": "ok", "online": True, "mute": False, "stuck": False}),
    ):
        assert (await post(url, action, **body))[0] == 200, action
    for action, body in (("key", {"wish": "tea"}), ("bus", {"unit": 9, "fault": "dead"}), ("em", {"uid": "zz"})):
        status, answer = await post(url, action, **body)
        assert (status, bool(answer["error"])) == (400, True)
    _, state = await request(url, "GET", "state")
    assert (state["slips"], state["siren"]) == ([], False)


async def test_by_hand_it_prints_a_configuration_that_is_accepted_and_shows_slips(tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.terminal", "--dir", tmp_path, stdout=asyncio.subprocess.PIPE
    )
    try:
        text = ""
        while not text.endswith("/scan\n"):
            text += (await process.stdout.readline()).decode()
        table = tomllib.loads(text)["device"]["desk"]
        assert table.pop("driver") == "terminal"
        config = msgspec.convert(table, Config)
        assert load_village_key(Path(config.key_file)).key_id == "sim-1"
        device = DeviceRecorder(tmp_path / "cache", language="zh")
        run = asyncio.create_task(Driver(config).run(device))
        shown = ""
        while "个人信息告知" not in shown:
            shown += (await process.stdout.readline()).decode()
        run.cancel()
        await asyncio.wait({run})
    finally:
        process.kill()
        await process.wait()


async def test_control_port(process, tmp_path):
    line = json.loads(await process.stdout.readline())
    url = line["control_url"]
    async with SerialLink(SerialSettings(port=line["ports"]["scanner"]), LineDecoder()) as scanner:
        assert (await post(url, "scan", text="W0001"))[1]["what"] == "W0001"
        assert await scanner.receive() == "W0001"
    assert (await post(url, "card", number="11010519491231002X", name="某某"))[1]["number"] == 2
    assert (await post(url, "ic", uid="6B3D12D6"))[0] == 200
    assert (await post(url, "unplug", part="idcard"))[1]["plugged"]["idcard"] is False
    assert not (tmp_path / "idcard").is_symlink()
    assert (await post(url, "plug", part="idcard"))[1]["plugged"]["idcard"] is True
    assert (await post(url, "lift"))[1]["card"] is None
    for action, body in (
        ("plug", {"part": "toaster"}),
        ("fault", {"part": "idcard", "fault": "fire"}),
        ("nothing", {}),
    ):
        status, answer = await post(url, action, **body)
        assert status == 400
        assert answer["error"]
    status, state = await request(url, "GET", "state")
    assert status == 200
    assert [(shown["part"], shown["what"]) for shown in state["shown"]] == [
        ("scanner", "W0001"),
        ("idcard", "11010519491231002X"),
        ("iccard", "6B3D12D6"),
    ]
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert list(tmp_path.iterdir()) == []
