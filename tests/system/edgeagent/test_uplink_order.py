"""The uplink at a real broker: what goes first, how much at once, and what goes again."""

from __future__ import annotations

from collections import Counter

import edgeagent.uplink.uplink
from edgeagent.uplink.window import MAX_BYTES, MAX_MESSAGES
from gridwire.limits import MAX_BATCH_EVENTS, MAX_PACKED_BYTES
from gridwire.ranges import RangeSet
from tests.harness import until
from tests.uplinks import Sink, box, noise

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 1000 + b"\xff\xd9"


async def test_a_live_event_goes_alone_and_at_once(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for _ in range(5):
            await village.emit()
            await village.until_acked()
        assert [(got.name, got.numbers) for got in sink.events] == [("event", (("alarm", n),)) for n in range(1, 6)]
        content = {got.message.content_type for got in sink.events}
        assert content == {"application/cloudevents+json"}


async def test_sixty_four_messages_and_not_one_more_while_nobody_answers(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for n in range(1, 101):
            await village.emit()
            if n <= MAX_MESSAGES:  # each in a message of its own
                await until(lambda n=n: len(sink.events) == n)
        await village.settle(sink)
        assert sink.seqs() == list(range(1, MAX_MESSAGES + 1))
        await village.emit("urgent", 3)
        await sink.until_seqs(1, 2, 3, lane="urgent")
        assert sink.seqs() == list(range(1, MAX_MESSAGES + 1)), "beside the window, not as it makes room"
        sink.ack_all()
        await village.until_acked()
        assert Counter(sink.seqs()) == Counter(range(1, 101))
        assert max(len(got.numbers) for got in sink.events) > 1


async def test_half_a_mebibyte_and_no_more_while_nobody_answers(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for n in range(60):
            await village.emit(detail=noise(50_000, n))
        await village.settle(sink)
        assert 0.8 * MAX_BYTES < sum(got.size for got in sink.events) <= MAX_BYTES
        sink.ack_all()
        await village.until_acked()
        assert Counter(sink.seqs()) == Counter(range(1, 61))


async def test_live_before_backlog_and_higher_lanes_first(tmp_path, broker):
    broker.stop()
    async with box(tmp_path, broker.port) as village:
        await village.flood("record", 5000)
        broker.start()
        async with Sink(broker.port) as sink:
            await until(lambda: len(sink.events) == MAX_MESSAGES, 30)
            await village.settle(sink)
            assert len(sink.events) == MAX_MESSAGES
            for lane in ("reading", "record", "alarm", "urgent"):
                await village.emit(lane)
            for n, expected in enumerate(["alarm", "record", "reading", "record"]):
                sink.ack(sink.events[n + (n > 0)])
                await until(lambda n=n: len(sink.events) == MAX_MESSAGES + 2 + n)
                assert sink.events[-1].numbers[0][0] == expected
            live = [got.numbers for got in sink.events[MAX_MESSAGES : MAX_MESSAGES + 4]]
            assert live == [(("urgent", 1),), (("alarm", 1),), (("record", 5001),), (("reading", 1),)]
            sink.ack_all()
            await village.until_acked()
            assert Counter(sink.seqs("record")) == Counter(range(1, 5002))


async def test_the_backlog_goes_in_batches_within_their_limits(tmp_path, broker):
    broker.stop()
    async with box(tmp_path, broker.port) as village:
        await village.flood("record", 500)
        for n in range(20):
            await village.emit(detail=noise(9_000, n))
        broker.start()
        async with Sink(broker.port, acking=True) as sink:
            await village.until_acked()
            assert [len(got.numbers) for got in sink.events if got.numbers[0][0] == "record"] == [50] * 10
            assert max(len(got.numbers) for got in sink.events) == MAX_BATCH_EVENTS
            assert max(got.size for got in sink.events) <= MAX_PACKED_BYTES
            assert all(got.message.payload.startswith(b"\x28\xb5\x2f\xfd") for got in sink.said("batch"))


async def test_one_picture_at_a_time_and_none_while_events_fill_the_window(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        for n in range(12):
            await village.emit(detail=noise(50_000, n))
        await village.emit(pictures=(JPEG, JPEG, JPEG))
        await village.settle(sink)
        assert sink.seqs("media") == []
        for got in sink.events:
            sink.ack(got)
        for n in (1, 2, 3):
            await until(lambda n=n: len(sink.said("media")) == n)
            await village.settle(sink)
            assert sink.seqs("media") == list(range(1, n + 1))
            sink.ack(sink.said("media")[-1])
        await village.until_acked()
        (got, *_) = sink.said("media")
        assert (got.message.payload, got.message.content_type, got.message.retain) == (JPEG, "image/jpeg", False)


async def test_only_the_oldest_goes_again_and_the_next_later(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port, hub="resend_after_s = 1") as village:
        await village.connected()
        for n in (1, 2, 3):
            await village.emit()
            await until(lambda n=n: len(sink.events) == n)
        await until(lambda: len(sink.events) >= 4, 30)
        assert sink.seqs()[:4] == [1, 2, 3, 1]
        await until(lambda: len(sink.events) >= 5, 30)
        assert sink.seqs()[:5] == [1, 2, 3, 1, 2]
        assert village.uplink.counters["resent"] >= 2
        first, repeat = sink.events[0], sink.events[3]
        assert first.message.payload == repeat.message.payload
        sink.ack_all()
        await village.until_acked()


async def test_what_a_later_answer_has_overtaken_goes_again(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port, hub="resend_after_s = 1") as village:
        await village.connected()
        for n in (1, 2, 3):
            await village.emit()
            await until(lambda n=n: len(sink.events) == n)
        sink.ack(sink.events[1])
        await until(lambda: village.waiting() == 2)
        await until(lambda: len(sink.seqs()) >= 4, 30)
        assert sink.seqs()[:4] == [1, 2, 3, 1]
        sink.ack_all()
        await village.until_acked()
        assert 2 not in sink.seqs()[3:]


async def test_after_a_reconnect_what_was_not_answered_goes_again(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit(count=5)
        await until(lambda: len(sink.seqs()) == 5)
        sink.ack_numbers(sink.events[0].stream, "alarm", [(2, 3)])
        await until(lambda: village.waiting() == 3)
        broker.kill()
        await village.cut_off()
        await village.emit()
        broker.start()
        await until(lambda: sink.seqs()[5:] == [1, 4, 5, 6], 30)
        sink.ack_all()
        await village.until_acked()


async def test_what_is_asked_for_again_goes_with_the_next_connection(tmp_path, broker):
    """The hub has acknowledged all of it: nothing but the order says that it is to go."""
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit(count=3)
        await village.until_acked()
        broker.kill()
        await village.cut_off()
        assert village.uplink.again("alarm", RangeSet([(2, 3)])) == 2
        broker.start()
        await until(lambda: sink.seqs() == [1, 2, 3, 2, 3], 30)


async def test_while_nobody_subscribes_everything_stays_and_waits(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(edgeagent.uplink.uplink, "_ABSENT_S", 0.2)
    async with box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit(count=5)
        await until(lambda: village.uplink.refusal is not None)
        assert "no hub" in village.uplink.refusal.reason
        async with Sink(broker.port, acking=True) as sink:
            await village.until_acked()
            assert set(sink.seqs()) == {1, 2, 3, 4, 5}
            assert village.uplink.counters["parked"] == 0


async def test_settled_is_on_disk_for_the_next_process_and_the_rest_goes_again(tmp_path, broker):
    async with Sink(broker.port) as sink:
        async with box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit(count=3)
            await until(lambda: len(sink.seqs()) == 3)
            sink.ack_numbers(sink.events[0].stream, "alarm", [(1, 1), (3, 3)])
            await until(lambda: village.waiting() == 1)
        async with box(tmp_path, broker.port) as village:
            await until(lambda: sink.seqs() == [1, 2, 3, 2])
            assert {got.stream for got in sink.events} == {sink.events[0].stream}
            sink.ack(sink.events[-1])
            await village.until_acked()
