"""`edgeagent check` of a village whose cameras are all dark: several are tried at once, told in the file's order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import Counter

from edgeagent.checks.devices import AT_ONCE
from tests.checking import lines, scene
from tests.commands import command
from tests.ports import NOBODY
from tests.processes import DRIVERS, AgentProcess

CAMERA = '[device.{name}]\ndriver = "onvif"\naddress = "127.0.0.1:{port}"\n'
DARK, OFF = AT_ONCE + 4, 3


class Tarpit:
    """Addresses that take a connection and say nothing, until `enough` of them are asked at the same time."""

    def __init__(self, enough: int) -> None:
        self.looked: Counter[int] = Counter()
        self._enough, self._full = enough, asyncio.Event()
        self._held: Counter[int] = Counter()
        self.most = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        with contextlib.closing(writer):
            if not await reader.read(1):
                self.looked[port] += 1  # only whether somebody is there
                return
            self._held[port] += 1
            at_once = sum(count > 0 for count in self._held.values())
            self.most = max(self.most, at_once)
            if at_once >= self._enough:
                self._full.set()
            asked = asyncio.create_task(self._full.wait())
            gone = asyncio.create_task(reader.read())
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            gone.cancel()
            self._held[port] -= 1


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_dark_cameras_are_tried_at_the_same_time_and_never_more_than_a_few(tmp_path):
    tarpit = Tarpit(AT_ONCE)
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for _ in range(DARK):
            server = await stack.enter_async_context(await asyncio.start_server(tarpit.answer, "127.0.0.1", 0))
            ports.append(server.sockets[0].getsockname()[1])
        named = {f"dark-{number:02}": port for number, port in reversed(list(enumerate(ports)))}
        named |= {f"off-{number}": closed_port() for number in reversed(range(OFF))}
        text = "".join(CAMERA.format(name=name, port=port) for name, port in named.items())
        seen = await asyncio.to_thread(scene, tmp_path, text)
        told = await asyncio.to_thread(lines, "devices", seen)
    assert [line.subject for line in told] == list(named), "in the order of the file, whoever was first"
    assert [line.code for line in told[DARK:]] == ["check.device-unreachable"] * OFF
    assert all(line.level == "fail" for line in told)
    assert tarpit.most == AT_ONCE
    assert tarpit.looked == Counter(dict.fromkeys(ports, 2)), "once by the check, once by the driver's search"


async def test_drivers_that_are_run_for_a_moment_run_beside_each_other(tmp_path, monkeypatch):
    """Each tells how it is once all have come: one after the other they would never."""
    room = tmp_path / "room"
    room.mkdir(mode=0o777)
    room.chmod(0o777)
    driver = f'driver = "tried"\ndoes = "meets"\nroom = "{room}"\nothers = {AT_ONCE}\n'
    names = [f"m{number}" for number in reversed(range(AT_ONCE + 2))]
    box = AgentProcess(tmp_path / "box", NOBODY, "".join(f"[device.{name}]\n{driver}" for name in names))
    monkeypatch.setenv("PYTHONPATH", str(DRIVERS))
    async with command(box, "check", "--only", "devices", "--json") as called:
        await called.end()
    told = json.loads("".join(called.lines))["checks"]
    assert [line["subject"] for line in told] == names
    assert {line["code"] for line in told} == {"check.device-degraded"}
