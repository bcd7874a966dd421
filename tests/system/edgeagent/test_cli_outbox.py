"""`edgeagent outbox` beside a real agent, a real broker and a hub that acknowledges; and when no agent runs."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest

from tests.commands import edgeagent
from tests.harness import until
from tests.hubs import PATIENCE_S
from tests.ports import NOBODY
from tests.processes import AgentProcess, Ledger, emitter
from tests.uplinks import Sink

WORKERS = {"alarm": 1, "checkin": 1, "picture": 1}
COUNT = 5


async def outbox(agent: AgentProcess, *words: object, code: int = 0) -> str:
    """What the command says; on stderr what went wrong."""
    done = await asyncio.to_thread(
        edgeagent, "outbox", words[0], "--config", agent.config, *words[1:], LANG="en_US.UTF-8"
    )
    assert done.returncode == code, done
    return done.stdout + done.stderr


@pytest.mark.slow
async def test_shown_exported_verified_and_sent_again(tmp_path, broker):
    ledger = Ledger(tmp_path / "pond.txt")
    devices = emitter(ledger.path, WORKERS, until=COUNT, every_ms=5)
    async with Sink(broker.port, acking=True) as sink:
        with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
            await until(lambda: len(ledger.told) == len(WORKERS) * COUNT or not agent.is_running, PATIENCE_S)
            await until(lambda: len(sink.seqs("media")) >= COUNT, PATIENCE_S)
            await agent.until_drained()

            shown = json.loads(await outbox(agent, "show", "--json"))
            (stream,) = [each["stream"] for each in shown["streams"]]
            assert (shown["lanes"]["alarm"]["kept"], shown["lanes"]["alarm"]["next"]) == (COUNT, COUNT + 1)
            assert (shown["pictures"], shown["damaged"]) == (COUNT, {})
            said = await outbox(agent, "show", "--language", "zh")
            assert "数据流" in said
            assert stream in said

            lines = (await outbox(agent, "export")).splitlines()
            events = [json.loads(line) for line in lines]
            assert {event["id"] for event in events if "id" in event} >= set(ledger.told.values())
            assert len([event for event in events if event.get("sha256")]) == COUNT
            assert "all is well" in await outbox(agent, "verify")

            before = len(sink.got)
            said = await outbox(
                agent, "replay", "--stream", stream, "--lane", "alarm", "--from", 2, "--to", 3, "--json"
            )
            assert json.loads(said)["result"] == {"rows": 2}
            await until(lambda: sorted(sink.seqs("alarm")) == [1, 2, 2, 3, 3, 4, 5], PATIENCE_S)
            assert len(sink.got) > before
            said = json.loads(await outbox(agent, "replay", "--since", "1h", "--json"))
            assert said["result"]["lanes"]["media"] == COUNT
            await until(lambda: sink.seqs("media").count(COUNT) == 2, PATIENCE_S)
            await until(lambda: sink.seqs("record").count(1) >= 2, PATIENCE_S)
            said = json.loads(await outbox(agent, "replay", "--since", "2099-01-01", "--json"))
            assert said["result"]["rows"] == said["result"]["unsure"]  # 0, where the clock is synchronised

            agent.kill()
            await look_at_rest(agent, len(lines))
            agent.start()
            await agent.until_running()
            assert agent.stop() == 0
            await look_at_rest(agent, len(lines))
            assert not (agent.folder / "store" / "agent.sock").exists()


async def look_at_rest(agent: AgentProcess, at_least: int) -> None:
    """Killed or stopped: everything is there, nothing can be sent."""
    names = {file.name for file in agent.database.parent.iterdir()}
    assert len((await outbox(agent, "export")).splitlines()) >= at_least
    assert "all is well" in await outbox(agent, "verify")
    assert "no agent answers" in await outbox(agent, "replay", "--since", "1h", code=1)
    assert {file.name for file in agent.database.parent.iterdir()} == names


async def test_asked_while_there_is_no_link_it_goes_with_the_next(tmp_path, broker):
    ledger = Ledger(tmp_path / "pond.txt")
    async with Sink(broker.port, acking=True) as sink:
        with AgentProcess(tmp_path / "box", broker.port, emitter(ledger.path, {"alarm": 1}, until=3)) as agent:
            await sink.until_seqs(1, 2, 3)
            await agent.until_drained()
            broker.stop()
            await agent.until_status("connected", equals=False)
            assert "rows that go again: 3" in await outbox(agent, "replay", "--since", "1h", "--lane", "alarm")
            broker.restart()
            await until(lambda: sorted(sink.seqs()) == [1, 1, 2, 2, 3, 3], PATIENCE_S)


async def test_without_an_outbox_and_with_wrong_arguments(tmp_path):
    agent = AgentProcess(tmp_path / "box", NOBODY)
    assert "outbox.none" in await outbox(agent, "show", code=1)
    assert not agent.database.parent.exists()
    assert "outbox.bad-time" in await outbox(agent, "replay", "--since", "yesterday", code=1)
    for words in ((), ("--lane", "alarm"), ("--since", "1h", "--from", "1"), ("--stream", "x", "--lane", "alarm")):
        assert "outbox.replay-of-what" in await outbox(agent, "replay", *words, code=1)
    await outbox(agent, "export", "--lane", "alarms", code=2)


async def test_a_damaged_row_is_named(tmp_path, broker):
    ledger = Ledger(tmp_path / "pond.txt")
    with AgentProcess(tmp_path / "box", broker.port, emitter(ledger.path, {"alarm": 1}, until=3)) as agent:
        await until(lambda: len(ledger.told) == 3, PATIENCE_S)
        assert agent.stop() == 0
    with sqlite3.connect(agent.database) as db:
        db.execute("UPDATE alarm SET crc = crc + 1 WHERE n = 2")
    db.close()
    said = await outbox(agent, "verify", code=1)
    assert f"{agent.database}: lane alarm, stream " in said
    assert "number 2: row: damaged before the hub had it" in said
    answer = json.loads(await outbox(agent, "verify", "--json", code=1))
    assert (answer["ok"], answer["findings"][0]["numbers"]) == (False, [2, 2])
    assert "left out, because damaged: lane alarm" in await outbox(agent, "export", "--lane", "alarm", code=1)
