"""A command that comes again is answered as before, also by the next process; one that is not known is answered too."""

from __future__ import annotations

import msgspec

from edgeagent.downlink import answered
from edgeagent.downlink.answered import Answered
from gridwire import messages, topics
from gridwire.identifiers import new_ulid
from tests.harness import until
from tests.hubs import COUNTY
from tests.instances import BOX
from tests.processes import AgentProcess
from tests.uplinks import Sink, box


async def test_a_command_repeated_after_a_kill_is_answered_as_before(tmp_path, broker):
    async with Sink(broker.port) as sink:
        with AgentProcess(tmp_path / "box", broker.port) as agent:
            await until(lambda: sink.said("birth"), 30)
            # The hub may give a command upon the birth: the box's first session must hear it already.
            heard, told = f"Sending SUBACK to {BOX}", f"Received PUBLISH from {BOX}"
            births = [line for line in broker.log.splitlines() if heard in line or (told in line and "/birth'" in line)]
            assert heard in births[0], births
            (stream,) = sink.said("birth")[-1].read(messages.Birth).streams
            order = await sink.order("new_stream", {"stream": stream.stream})
            first = await sink.reply(order)
            wrong = await sink.order("replay", {"ranges": 5})
            refused = await sink.reply(wrong)
            agent.kill()
            agent.start()
            await until(lambda: len(sink.said("birth")) >= 2, 30)
            await sink.order("new_stream", {"stream": stream.stream}, order=order)
            await sink.order("replay", {"ranges": 5}, order=wrong)
            assert await sink.reply(order, count=2) == first  # run again it would name the stream of this start
            assert await sink.reply(wrong, count=2) == refused
            fresh = await sink.reply(await sink.order("new_stream", {"stream": "x"}))
            assert fresh.result != first.result


async def test_an_operation_of_a_later_release_is_refused_by_a_reply(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        reply = await sink.reply(await sink.order("reboot", {"when": "now"}))
        assert (reply.ok, reply.op, reply.code) == (False, "reboot", "command.unknown-op")
        assert "unknown op “reboot”" in reply.text
        assert "replay" in reply.text
        late = await sink.reply(await sink.order("reboot", {}, expires_s=-1))
        assert late.code == "command.unknown-op"
        assert village.agent.downlink.refused == 0


async def test_a_command_that_cannot_be_read_at_all_is_counted(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        sink.client.publish(topics.topic(COUNTY, BOX, "cmd"), b'{"id":"x","op":"ping"}')
        await until(lambda: village.agent.downlink.refused == 1)


def reply(n: int, **changes) -> messages.Reply:
    return msgspec.structs.replace(messages.Reply(id=new_ulid(), op="ping", ok=True, result={"n": n}), **changes)


async def test_the_last_replies_are_kept_and_older_ones_forgotten(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(answered, "PLACES", 8)
    async with box(tmp_path, broker.port) as village:
        kept = Answered(village.outbox)
        replies = [reply(n) for n in range(20)]
        for each in replies:
            await kept.keep(each)
        assert [kept.find(each.id) for each in replies] == [None] * 12 + replies[12:]
    async with box(tmp_path, broker.port) as village:
        kept = Answered(village.outbox)
        assert [kept.find(each.id) for each in replies] == [None] * 12 + replies[12:]
        await kept.keep(reply(20))
        assert kept.find(replies[12].id) is None
        assert kept.find(replies[13].id) == replies[13]


async def test_of_a_long_reply_it_is_kept_how_it_went_and_a_foreign_one_is_left(tmp_path, broker):
    long = reply(1, ok=False, code="command.refused", text="长" * 16000)
    async with box(tmp_path, broker.port) as village:
        kept = Answered(village.outbox)
        await kept.keep(long)
        assert kept.find(long.id) == long
        await village.outbox.remember({"reply/1": b'{"n":1,"reply":{"id":7}}'})
    async with box(tmp_path, broker.port) as village:
        found = Answered(village.outbox).find(long.id)
        assert (found.ok, found.code, found.text) == (False, "command.refused", "长" * 500)
