"""The data budget in a running agent: pictures stay, everything else goes, and the account outlives the process."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from edgeagent.budget.account import Account, Level
from edgeagent.budget.budget import SMALL_PICTURE_BYTES
from edgeagent.budget.meter import MEMORY_KEY, SAVE_EVERY_S, Meter
from edgeagent.clock import Stamp
from edgeagent.driver import Alarm, Observation
from tests.harness import until
from tests.uplinks import Sink, box

MIB = 2**20
JPEG = b"\xff\xd8\xff\xe0" + bytes(900) + b"\xff\xd9"
HUB = "data_mb_per_month = 10"


def use(village, share: float) -> None:
    """As if so much had been used; the clock tells no month, so that no pace counts."""
    budget = village.agent.meter.budget
    budget.account = Account(None, round(share * 10 * MIB), budget.level)
    budget.count(budget._traffic, Stamp(datetime.now(UTC), 1.0, "unsynced"), connected=False)


async def test_pictures_are_held_and_nothing_else(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port, hub=HUB) as village:
        await village.connected()
        use(village, 0.86)
        for lane in ("urgent", "alarm", "record", "reading"):
            await village.emit(lane, pictures=(JPEG,) if lane == "alarm" else ())
        for lane in ("urgent", "alarm", "record", "reading"):
            await sink.until_seqs(1, lane=lane)
        await village.settle(sink)
        assert sink.seqs("media") == []
        assert village.waiting("media") == 1
        use(village, 0.1)
        await village.until_acked()
        assert sink.seqs("media") == [1]


async def test_held_over_a_reconnect_and_a_replay(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port, hub=HUB) as village:
        await village.connected()
        await village.emit(pictures=(JPEG,))
        await village.until_acked()
        use(village, 0.99)
        stream = village.outbox.book.current.id
        reply = await sink.reply(await sink.order("replay", {"stream": stream, "lane": "media", "ranges": [[1, 1]]}))
        assert reply.result == {"rows": 1}
        broker.kill()
        await village.cut_off()
        broker.restart()
        await until(lambda: sink.client.connected, 30)
        await village.connected()
        await village.emit()
        await sink.until_seqs(1, 2)
        await village.settle(sink)
        assert sink.seqs("media") == [1]
        use(village, 0)
        await until(lambda: sink.seqs("media") == [1, 1], 30)


async def test_what_drivers_and_hub_hear(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port, hub=HUB) as village:
        await village.connected()
        alarm = Observation(data=Alarm(kind="motion", state="pulse"))
        intake = village.agent.intake
        assert (await intake.take("pond", None, alarm, {})).picture_wanted
        use(village, 0.7)
        assert village.agent.meter.budget.picture_max_bytes == SMALL_PICTURE_BYTES
        assert (await intake.take("pond", None, alarm, {})).picture_wanted
        use(village, 0.96)
        assert not (await intake.take("pond", None, alarm, {})).picture_wanted
        await sink.until_seqs(1, 2, 3)
        counters = (await village.agent.health.health()).counters
        assert counters["data_level"] == Level.RARE_HEALTH
        assert counters["data_month_bytes"] >= 0.96 * 10 * MIB


async def test_the_account_outlives_a_stop(tmp_path, broker):
    async with Sink(broker.port, acking=True) as sink:
        async with box(tmp_path, broker.port, hub=HUB) as village:
            await village.connected()
            use(village, 0.9)
            await village.emit(pictures=(JPEG,))
            await sink.until_seqs(1)
        used = village.agent.meter.budget.account.used_bytes
        assert used > 0.9 * 10 * MIB + 5000  # the connection, the event
        async with box(tmp_path, broker.port, hub=HUB) as village:
            await village.connected()
            await village.settle(sink)
            assert village.agent.meter.budget.level == Level.NO_PICTURES
            assert village.agent.meter.budget.account.used_bytes >= used
            assert sink.seqs("media") == []
        async with box(tmp_path, broker.port) as village:  # the contract allows for all one likes
            await until(lambda: sink.seqs("media") == [1], 30)


async def test_what_was_counted_is_saved_every_five_minutes_at_most(tmp_path, broker):
    async with Sink(broker.port, acking=True), box(tmp_path, broker.port, hub=HUB) as village:
        await village.connected()
        agent = village.agent
        meter = Meter(agent.config, agent.link.client, agent.outbox, agent.clock)
        for since_s, saves in ((SAVE_EVERY_S - 60, False), (SAVE_EVERY_S, True)):
            meter.budget.account = Account(None, 1000 + saves)
            meter._saved_s = time.monotonic() - since_s
            counting = asyncio.create_task(meter.run())
            await until(lambda: meter.budget._counted_s > 0)
            await agent.outbox.sync()
            await agent.outbox.remember({})  # whatever was to be committed before, has been
            counting.cancel()
            assert (agent.outbox.recall(MEMORY_KEY) is not None) == saves
            meter.budget._counted_s = 0.0
