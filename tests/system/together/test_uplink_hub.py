"""What the hub says to a box, and what the box says of itself: acknowledgements, commands, board, status, birth."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from gridwire import messages, topics
from gridwire.identifiers import new_ulid
from gridwire.mqtt import MqttClient, MqttSettings
from tests.harness import until
from tests.hubs import COUNTY
from tests.instances import BOX
from tests.uplinks import Sink, box

OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"


# -- acknowledgements


async def test_an_acknowledgement_may_cover_a_batch_in_part(tmp_path, broker):
    broker.stop()
    async with box(tmp_path, broker.port) as village:
        await village.flood("record", 50)
        broker.start()
        async with Sink(broker.port) as sink:
            await until(lambda: len(sink.seqs("record")) >= 50, 30)
            stream = sink.events[0].stream
            sink.ack_numbers(stream, "record", [(1, 10), (12, 12), (40, 50)])
            await until(lambda: village.waiting("record") == 28)
            (flight,) = village.uplink.window.flights
            assert list(flight.rows.runs()) == [(11, 11), (13, 39)]
            sink.ack_numbers(stream, "record", [(1, 50)])
            await village.until_acked()
            assert village.uplink.window.flights == []


async def test_numbers_that_were_never_sent_stay_and_strange_ones_are_counted(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for n in range(1, 66):  # the last does not fit the window: stored, and not sent
            await village.emit()
            if n < 65:
                await until(lambda n=n: len(sink.events) == n)
        stream = sink.events[0].stream
        sink.ack_numbers(OTHER, "alarm", [(1, 3)])
        sink.ack_numbers(stream, "record", [(1, 2)])
        sink.ack_numbers(stream, "alarm", [(65, 65), (9, 4)])
        sink.ack_numbers(stream, "alarm", [(64, 2**53 - 1)])
        await until(lambda: village.waiting() == 64)
        assert village.uplink.counters["strange_acks"] == 3 + 2 + (2**53 - 1 - 65)
        sink.ack_all()
        await village.until_acked()
        assert sorted(set(sink.seqs())) == list(range(1, 66))


async def test_an_answer_to_the_process_before_frees_nothing_that_this_one_has_not_sent(tmp_path, broker):
    async with Sink(broker.port) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit(count=2)
            await until(lambda: len(sink.seqs()) == 2)
        sink.ack_all()  # the broker keeps it for the box, and tells the next process at once
        async with box(tmp_path, broker.port) as village:
            await village.until_acked()
            assert sink.seqs().count(1) >= 2
            assert village.uplink.counters["strange_acks"] == 0


async def test_rubbish_from_above_is_counted_and_hurts_nothing(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for name in ("ack", "cmd", "board", "config"):
            for payload in (b"", b"{", b"[]", b"\xff\xfe", b'{"stream":1}', b"\x28\xb5\x2f\xfd\x00"):
                sink.client.publish(topics.topic(COUNTY, BOX, name), payload)
        await until(lambda: village.agent.downlink.refused == 24)
        assert (await village.agent.health.health()).counters["downlink_refused"] == 24
        await village.emit()
        await village.until_acked()


# -- commands


async def test_replay_sends_again_what_is_kept_and_says_how_much(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit(count=20)
        await village.until_acked()
        await until(lambda: len(sink.seqs()) == 20)
        stream = sink.events[0].stream
        args = {"stream": stream, "lane": "alarm", "ranges": [[3, 5], [18, 99]]}
        reply = await sink.reply(await sink.order("replay", args))
        assert (reply.ok, reply.result) == (True, {"rows": 6})
        await until(lambda: sorted(sink.seqs()[20:]) == [3, 4, 5, 18, 19, 20])
        originals = {got.numbers: got.message.payload for got in sink.events[:20]}
        assert all(originals.get(got.numbers, got.message.payload) == got.message.payload for got in sink.events[20:])


@pytest.mark.parametrize(
    "args",
    [
        {"stream": OTHER, "lane": "alarm", "ranges": [[1, 5]]},
        {"lane": "alarm", "ranges": [[7, 5]]},
        {"lane": "record", "ranges": [[1, 5]]},
        {"lane": "alarm", "ranges": []},
    ],
)
async def test_replay_of_what_is_not_there_sends_nothing(tmp_path, broker, args):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit()
        await village.until_acked()
        reply = await sink.reply(await sink.order("replay", {"stream": sink.events[0].stream} | args))
        assert (reply.ok, reply.result) == (True, {"rows": 0})


@pytest.mark.parametrize("args", [{}, {"stream": "x", "lane": "nowhere", "ranges": []}, {"ranges": 5}])
async def test_wrong_arguments_are_named(tmp_path, broker, args):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        reply = await sink.reply(await sink.order("replay", args))
        assert (reply.ok, reply.code) == (False, "command.bad-arguments")
        assert reply.text


async def test_a_new_stream_begins_once_however_often_it_is_ordered(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        (first,) = await village.emit()
        await village.until_acked()
        reply = await sink.reply(await sink.order("new_stream", {"stream": first.stream}))
        again = await sink.reply(await sink.order("new_stream", {"stream": first.stream}))
        assert (reply.ok, reply.result) == (True, again.result)
        (second,) = await village.emit()
        assert (second.stream, second.seq) == (reply.result["stream"], 1)
        await village.until_acked()
        assert second.stream != first.stream
        assert [(got.stream, got.numbers) for got in sink.events] == [
            (first.stream, (("alarm", 1),)),
            (second.stream, (("alarm", 1),)),
        ]


async def test_an_overdue_command_is_refused_and_a_repeated_one_answered_as_before(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        late = await sink.reply(await sink.order("ping", {}, expires_s=-1))
        assert (late.ok, late.code) == (False, "command.overdue")
        stream = village.outbox.book.current.id
        order = await sink.order("new_stream", {"stream": stream})
        first = await sink.reply(order)
        await sink.order("new_stream", {"stream": first.result["stream"]}, order=order)
        assert (await sink.reply(order, count=2)).result == first.result
        assert village.outbox.book.current.id == first.result["stream"]


async def test_a_device_that_does_not_exist_is_named(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for args in ({"device": "nobody"}, {}, {"device": 5}):
            reply = await sink.reply(await sink.order("snapshot", args))
            assert (reply.ok, reply.code) == (False, "command.refused")


# -- the notice board


async def test_the_board_is_kept_over_a_restart_and_an_older_one_ignored(tmp_path, broker):
    board = messages.Board(revision=3, notices=(messages.Notice(id="1", title="停水通知"),))
    async with Sink(broker.port) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            sink.say("board", board)
            await until(lambda: village.agent.downlink.board == board)
            sink.say("board", messages.Board(revision=2))
            await sink.reply(await sink.order("ping", {}))
            assert village.agent.downlink.board == board
        broker.stop()
        async with box(tmp_path, broker.port) as village:
            assert village.agent.downlink.board == board
            broker.start()
            await village.connected()
            await until(lambda: len(sink.said("birth")) >= 2, 30)
            assert sink.said("birth")[-1].read(messages.Birth).board_revision == 3


# -- status, birth, health


async def retained(port):
    """What a newcomer finds at the broker, by name."""
    found = {}
    settings = MqttSettings(host="127.0.0.1", port=port, client_id=new_ulid())
    client = MqttClient(settings, on_message=lambda message: found.update({message.topic.rpartition("/")[2]: message}))
    running = asyncio.create_task(client.run())
    await until(lambda: client.connected)
    await client.subscribe([("grid/#", 1)])
    await client.subscribe([("other/#", 1)])  # answered behind the retained messages
    await client.stop()
    await running
    assert all(message.retain for message in found.values())
    return found


async def test_status_and_birth_are_retained_and_nothing_else(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit()
            await village.until_acked()
            village.agent.link.tell_health(await village.agent.health.health())
            await until(lambda: sink.said("health"))
            found = await retained(broker.port)
            assert found.keys() == {"status", "birth"}
            online = msgspec.json.decode(found["status"].payload, type=messages.Status)
            assert (online.state, online.connection) == ("online", 1_000_001)
            birth = msgspec.json.decode(found["birth"].payload, type=messages.Birth)
            assert (birth.box, birth.boot, birth.devices) == (BOX, online.boot, ())
            assert [stream.current for stream in birth.streams] == [True]
            health = sink.said("health")[-1].read(messages.Health)
            alarm = health.streams[0].lanes["alarm"]
            assert (alarm.oldest_kept, alarm.oldest_unacked, alarm.next) == (1, 2, 2)
            assert health.counters["uplink_sent"] >= 1
        offline = msgspec.json.decode((await retained(broker.port))["status"].payload, type=messages.Status)
        assert (offline.state, offline.reason, offline.connection) == ("offline", "stop", 1_000_001)


async def test_each_connection_and_each_start_has_a_higher_number(tmp_path, broker):
    async with Sink(broker.port) as sink:
        for start in (1, 2):
            async with box(tmp_path, broker.port) as village:
                await village.connected()
                if start == 1:
                    broker.kill()
                    await village.cut_off()
                    broker.start()
                    await village.connected()
        await until(lambda: len([got for got in sink.said("status") if b"online" in got.message.payload]) >= 2, 30)
        numbers = [got.read(messages.Status).connection for got in sink.said("status")]
        assert numbers == sorted(numbers)
        assert {1_000_002, 2_000_001} <= set(numbers)


async def test_a_link_that_is_cut_leaves_the_last_will(tmp_path, broker):
    async with Sink(broker.port) as sink:
        async with box(tmp_path, broker.port, hub="will_delay_s = 0", kill=True) as village:
            await village.connected()
        await until(lambda: any(b"lost" in got.message.payload for got in sink.said("status")), 30)
        lost = sink.said("status")[-1].read(messages.Status)
        assert (lost.state, lost.connection, lost.at) == ("lost", 1_000_001, None)
        assert b"lost" in (await retained(broker.port))["status"].payload


async def test_birth_comes_again_for_what_lasts_and_not_for_numbers(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await until(lambda: len(sink.said("birth")) == 1)
        await village.emit(count=5)
        await village.until_acked()
        village.agent.link.tell_birth()
        await village.settle(sink)
        assert len(sink.said("birth")) == 1
        await village.outbox.begin_stream()
        village.agent.link.tell_birth()
        village.agent.supervisor.place.board = messages.Board(revision=9)
        village.agent.link.tell_birth()
        village.agent.link.tell_birth()
        await until(lambda: len(sink.said("birth")) == 3)
        streams = sink.said("birth")[1].read(messages.Birth).streams
        assert [stream.current for stream in streams] == [False, True]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_both_versions_of_mqtt(tmp_path, broker, protocol):
    jpeg = b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"
    hub = f'protocol = "{protocol}"\nresend_after_s = 1'
    async with (
        Sink(broker.port, acking=True, protocol=protocol) as sink,
        box(tmp_path, broker.port, hub=hub) as village,
    ):
        await village.connected()
        await village.emit(pictures=(jpeg,))
        await village.flood("record", 200)
        await village.until_acked()
        assert sink.seqs("media") == [1]
        assert set(sink.seqs("record")) == set(range(1, 201))
        found = sink.said("event")[0].message
        assert found.content_type == ("application/cloudevents+json" if protocol == "5" else None)
        reply = await sink.reply(await sink.order("ping", {}))
        assert reply.ok
