"""Each word that the hub may order: carried out once, refused when overdue or wrong, and written down at the hub."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from countyhub.downlink import commands
from countyhub.store.engine import open_store
from gridwire import messages
from gridwire.messages import Op
from tests.harness import until
from tests.hubs import PATIENCE_S, HubProcess
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.uplinks import Sink

WRONG = {"replay": {"ranges": 5}, "snapshot": {}}
"""Arguments that are none; the others look at theirs for what they need only."""
CODES = {"replay": "command.bad-arguments", "snapshot": "command.refused"}


@pytest.fixture
def village(tmp_path: Path, broker: Mosquitto):
    devices = emitter(tmp_path / "pond.txt", {"alarm": 1}, until=5, every_ms=5)
    with AgentProcess(tmp_path / "box", broker.port, devices) as agent:
        yield agent


async def arguments(agent: AgentProcess, op: str) -> dict[str, object]:
    stream = (await agent.status())["stream"]
    return {
        "ping": {},
        "replay": {"stream": stream, "lane": "alarm", "ranges": [[2, 4]]},
        "new_stream": {"stream": stream},
        "snapshot": {"device": "pond"},
    }[op]


def result(op: str, reply: messages.Reply, before: str) -> bool:
    """Whether this is what carrying it out gives."""
    match op:
        case "ping":
            return reply.result == {}
        case "replay":
            return reply.result == {"rows": 3}
        case "new_stream":
            return reply.result["stream"] != before
        case _:
            return reply.result == {"did": "snapshot"}


@pytest.mark.parametrize("op", get_args(Op))
async def test_it_is_done_once_and_refused_when_overdue_or_wrong(tmp_path, broker, village, op):
    async with Sink(broker.port, acking=True) as sink:
        await sink.until_seqs(1, 2, 3, 4, 5)
        await village.until_running()
        await village.until_drained()
        args = await arguments(village, op)
        stream, events = (await village.status())["stream"], len(sink.seqs())
        late = await sink.reply(await sink.order(op, args, expires_s=-1))
        assert (late.ok, late.code, late.op) == (False, "command.overdue", op)
        if op in WRONG:
            wrong = await sink.reply(await sink.order(op, WRONG[op]))
            assert (wrong.ok, wrong.code) == (False, CODES[op]), wrong
        assert ((await village.status())["stream"], len(sink.seqs())) == (stream, events), "nothing was done"
        order = await sink.order(op, args)
        first = await sink.reply(order)
        assert first.ok, first
        assert result(op, first, stream), first
        if op == "replay":
            await until(lambda: sorted(sink.seqs()[events:]) == [2, 3, 4], PATIENCE_S)
        after = (await village.status())["stream"]
        for count in (2, 3):  # the broker gives it twice, or somebody repeats what he has heard
            await sink.order(op, args, order=order)
            assert await sink.reply(order, count=count) == first
        await sink.reply(await sink.order("ping", {}))
        assert (await village.status())["stream"] == after
        assert len(sink.seqs()) == events + 3 * (op == "replay")
        assert f"command {op} {order} by test" in village.log


@pytest.mark.slow
async def test_the_hub_has_it_in_writing_who_ordered_what_and_how_it_went(tmp_path, broker, village):
    """All of them by the running hub; what could not be done stands there too, and so does what nobody answered."""
    ledger = Ledger(tmp_path / "pond.txt")
    now = datetime.now(UTC)
    with HubProcess(tmp_path / "hub", broker.port) as hub:
        await until(lambda: len(ledger.told_ids) == 5, PATIENCE_S)
        await village.until_running()
        await village.until_drained()
        store = await open_store(hub.url)
        try:
            async with store.write() as connection:
                given = {
                    await commands.record(
                        connection, BOX, op, await arguments(village, op), by=f"{op}-orderer", now=now
                    ): op
                    for op in get_args(Op)
                }
                wrong = await commands.record(connection, BOX, "snapshot", {"device": "none"}, by="wang", now=now)
                gone = await commands.record(
                    connection, BOX, "ping", {}, by="wang", now=now - timedelta(hours=2), expires_s=60
                )
        finally:
            await store.close()
        await until(lambda: hub.rows("SELECT count(*) FROM command WHERE ok IS NOT NULL") == [(5,)], PATIENCE_S)
        rows = {row[0]: row[1:] for row in hub.rows("SELECT id, op, by, ok, sent IS NOT NULL FROM command")}
        assert {order: tuple(rows[order]) for order in given} == {
            order: (op, f"{op}-orderer", True, True) for order, op in given.items()
        }
        assert tuple(rows[wrong]) == ("snapshot", "wang", False, True)
        assert tuple(rows[gone]) == ("ping", "wang", None, False), "overdue: never sent"
        replies = {row[0]: row[1:] for row in hub.rows("SELECT id, code, result FROM command_reply")}
        assert set(replies) == {*given, wrong}
        assert replies[wrong][0].startswith("command.")
        snapshot = next(order for order, op in given.items() if op == "snapshot")
        assert msgspec.json.decode(replies[snapshot][1]) == {"did": "snapshot"}
