"""The hub asks for everything since a time: acknowledged or not, whatever the clock has done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.harness import until
from tests.uplinks import Sink, box

JPEG = b"\xff\xd8\xff\xe0" + bytes(900) + b"\xff\xd9"


def before(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


async def test_everything_goes_again_with_its_pictures(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit("alarm", 2, pictures=(JPEG,))
        await village.emit("record")
        await village.until_acked()
        reply = await sink.reply(await sink.order("replay", {"since": before(hours=1)}))
        assert (reply.result["rows"], reply.result["lanes"]) == (5, {"alarm": 2, "record": 1, "media": 2})
        await until(lambda: sorted(sink.seqs("media")) == [1, 1, 2, 2])
        assert (sorted(sink.seqs()), sink.seqs("record")) == ([1, 1, 2, 2], [1, 1])
        await until(
            lambda: not any(village.uplink.queue.asked.values())
        )  # nothing left to be sent with the next connection


async def test_narrowed_down_to_a_lane(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit("alarm", pictures=(JPEG,))
        await village.emit("record")
        await village.until_acked()
        reply = await sink.reply(await sink.order("replay", {"since": before(hours=1), "lane": "media"}))
        assert reply.result["lanes"] == {"media": 1}
        stream = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        reply = await sink.reply(await sink.order("replay", {"since": before(hours=1), "stream": stream}))
        assert reply.result["lanes"] == {}


async def test_what_is_on_its_way_is_not_sent_twice(tmp_path, broker):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        await village.emit(count=3)
        await sink.until_seqs(1, 2, 3)
        reply = await sink.reply(await sink.order("replay", {"since": before(hours=1)}))
        assert reply.result["rows"] == 0
        await village.settle(sink)
        assert sink.seqs() == [1, 2, 3]


@pytest.mark.parametrize("args", [{}, {"since": "yesterday"}, {"since": "2026-05-01T00:00:00"}, {"lane": "alarm"}])
async def test_arguments_that_say_nothing_are_refused(tmp_path, broker, args):
    async with Sink(broker.port) as sink, box(tmp_path, broker.port) as village:
        await village.connected()
        reply = await sink.reply(await sink.order("replay", args))
        assert (reply.ok, reply.code) == (False, "command.bad-arguments")
