"""The control socket: who may open it, what it answers to nonsense, and that it is gone afterwards."""

from __future__ import annotations

import asyncio
import json
import stat
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from edgeagent.control import MAX_CONNECTIONS, MAX_LINE_BYTES, NAME, AgentSilent, Answer, ControlServer, ask
from edgeagent.driver import CommandRefused


class Number(msgspec.Struct):
    n: int


async def double(args):
    return {"n": 2 * msgspec.convert(args, Number).n}


async def refuse(args):
    raise CommandRefused(device="cam-1", op="x", why="不行")


@asynccontextmanager
async def server(folder: Path):
    running = ControlServer(folder, {"double": double, "refuse": refuse})
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


async def asked(folder: Path, op: str, **args) -> Answer:
    return await asyncio.to_thread(ask, folder, op, args)


async def raw(folder: Path, data: bytes) -> list[dict]:
    reader, writer = await asyncio.open_unix_connection(str(folder / NAME))
    writer.write(data)
    writer.write_eof()
    answers = (await reader.read()).splitlines()
    writer.close()
    return [json.loads(line) for line in answers]


async def test_it_answers_and_is_gone_afterwards(tmp_path):
    async with server(tmp_path):
        assert await asked(tmp_path, "double", n=21) == Answer(ok=True, result={"n": 42})
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
        assert [file.name for file in tmp_path.iterdir()] == [NAME]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AgentSilent, match=r"agent\.sock"):
        await asked(tmp_path, "double", n=1)


async def test_refusals_have_a_code_and_both_languages(tmp_path):
    async with server(tmp_path):
        answer = await asked(tmp_path, "refuse")
        assert (answer.ok, answer.code) == (False, "command.refused")
        assert "cannot do" in answer.text("en")
        assert "无法执行" in answer.text("zh")
        assert (await asked(tmp_path, "double", n="x")).code == "control.bad-request"
        assert (await asked(tmp_path, "reboot")).code == "control.unknown-op"


async def test_several_requests_on_one_connection(tmp_path):
    async with server(tmp_path):
        line = b'{"op":"double","args":{"n":1}}\n'
        assert [answer["result"]["n"] for answer in await raw(tmp_path, line * 3)] == [2, 2, 2]


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{\n", b'"\xff"\n', b'{"op":1}\n', b'{"op":"x","args":[]}\n'])
async def test_nonsense_is_answered_and_the_next_request_too(tmp_path, line):
    async with server(tmp_path):
        answers = await raw(tmp_path, line + b'{"op":"double","args":{"n":1}}\n')
        assert [answer.get("code") for answer in answers] == ["control.bad-request", None]


async def test_a_line_without_end_is_refused(tmp_path):
    async with server(tmp_path):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / NAME))
        writer.write(b"x" * (MAX_LINE_BYTES + 1))
        assert json.loads(await reader.readline())["code"] == "control.too-long"
        writer.close()
        assert await raw(tmp_path, b"half a line") == []


async def test_connections_are_limited(tmp_path):
    async with server(tmp_path):
        held = [await asyncio.open_unix_connection(str(tmp_path / NAME)) for _ in range(MAX_CONNECTIONS)]
        for reader, writer in held:
            writer.write(b'{"op":"double","args":{"n":1}}\n')
            await reader.readline()
        with pytest.raises(AgentSilent):
            await asked(tmp_path, "double", n=1)
        for _, writer in held:
            writer.close()
            await writer.wait_closed()


async def test_a_stale_socket_is_replaced_and_a_foreign_one_left(tmp_path):
    first = ControlServer(tmp_path, {})
    await first.start()
    async with server(tmp_path):
        await first.stop()  # its place has been taken
        assert (await asked(tmp_path, "double", n=1)).ok


async def test_a_long_path_does_not_matter(tmp_path):
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    async with server(folder):
        assert (await asked(folder, "double", n=1)).ok


async def test_without_a_place_for_it_the_agent_goes_on(tmp_path, caplog):
    running = ControlServer(tmp_path / "nothing", {})
    await running.start()
    await running.stop()
    assert "no control socket" in caplog.text
