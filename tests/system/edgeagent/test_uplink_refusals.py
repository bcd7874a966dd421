"""What a broker refuses: held when a person can mend it, parked with a gap only when it can never go."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal

import edgeagent.uplink.uplink
from tests.harness import until
from tests.hubs import COUNTY
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.uplinks import Sink, box, gaps, noise

TALK = "".join(f"topic write grid/1/{COUNTY}/{BOX}/up/{name}\n" for name in ("status", "birth", "health", "reply"))
EVENTS = "".join(f"topic write grid/1/{COUNTY}/{BOX}/up/{name}\n" for name in ("event", "batch", "media/#"))
OPEN = f"user sink\ntopic readwrite #\n\nuser {BOX}\ntopic read grid/1/{COUNTY}/{BOX}/down/#\n{TALK}"
NOT_AUTHORISED, BAD_PAYLOAD = 0x87, 0x99


async def test_a_mistake_in_the_acl_holds_everything_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(edgeagent.uplink.uplink, "_HOLD_S", 0.3)
    users = {"sink": "x", BOX: "x"}
    with Mosquitto(tmp_path / "broker", acl=OPEN, users=users) as broker:
        sink_ = Sink(broker.port, acking=True, username="sink", password="x")
        async with sink_ as sink, box(tmp_path, broker.port, hub='password = "x"') as village:
            await village.connected()
            await village.emit(count=10)
            await village.emit("record", 10)
            await village.emit(count=10, pictures=(b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9",))
            await until(lambda: village.uplink.counters["refused"] >= 3, 30)
            assert "authori" in village.uplink.refusal.reason.lower()
            assert "authori" in village.agent.health.held.lower()
            assert village.outbox.waiting() == {"urgent": 0, "alarm": 20, "record": 10, "reading": 0, "media": 10}
            assert sink.events == []
            (broker.folder / "acl").write_text(OPEN + EVENTS)
            os.kill(broker.pid, signal.SIGHUP)
            await village.until_acked()
            assert set(sink.seqs()) == set(range(1, 21))
            assert set(sink.seqs("record")) == set(sink.seqs("media")) == set(range(1, 11))
            assert village.uplink.counters["parked"] == 0
            assert village.agent.health.held == ""


async def test_a_single_event_beyond_the_broker_s_packet_size_is_parked_with_a_gap(tmp_path):
    with Mosquitto(tmp_path / "broker", max_packet_size=20_000) as broker:
        async with Sink(broker.port, acking=True) as sink, box(tmp_path, broker.port) as village:
            await village.connected()
            await village.emit()
            await village.emit(detail=noise(60_000))
            await village.emit(count=3)
            await village.emit(pictures=(b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(30_000) + b"\xff\xd9",))
            await village.emit(pictures=(b"\xff\xd8\xff\xe0" + bytes(900) + b"\xff\xd9",))
            await village.until_acked()
            await until(lambda: len(sink.seqs("record")) >= 2)
            found = sorted((gap.lane, gap.ranges, gap.reason) for gap in await gaps(sink))
            assert found == [("alarm", ((2, 2),), "refused"), ("media", ((1, 1),), "refused")]
            assert (set(sink.seqs()), sink.seqs("media")) == ({1, 3, 4, 5, 6, 7}, [2])
            assert village.uplink.counters["parked"] == 2
            assert village.agent.link.client.state.connects == 1


async def test_a_backlog_fits_itself_to_the_broker_s_packet_size(tmp_path):
    with Mosquitto(tmp_path / "broker", max_packet_size=2_000) as broker:
        broker.stop()
        async with box(tmp_path, broker.port) as village:
            for n in range(100):
                await village.emit("record", person=random.Random(n).randbytes(30).hex())
            broker.start()
            async with Sink(broker.port, acking=True) as sink:
                await village.until_acked()
                assert set(sink.seqs("record")) == set(range(1, 101))
                assert max(len(got.numbers) for got in sink.events) > 1
                assert village.uplink.counters["parked"] == 0


class Censor:
    """A relay to the broker that answers some publishes itself, with a refusal: what mosquitto never says."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.refuse = {b"/up/batch": BAD_PAYLOAD}
        self.refused = 0

    @contextlib.asynccontextmanager
    async def open(self):
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _connected(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await asyncio.gather(self._up(reader, far_writer, writer), self._down(far_reader, writer))
        far_writer.close()
        writer.close()

    async def _up(self, reader, far, back):
        while True:
            head, body = await _packet(reader)
            if head[0] >> 4 == 3 and (reason := self._reason(body)):
                self.refused += 1
                at = 2 + int.from_bytes(body[:2])
                back.write(b"\x40\x03" + body[at : at + 2] + bytes((reason,)))  # PUBACK, MQTT 5, 3.4
            else:
                far.write(head + body)

    def _reason(self, body):
        topic = body[2 : 2 + int.from_bytes(body[:2])]
        return next((reason for end, reason in self.refuse.items() if topic.endswith(end)), 0)

    async def _down(self, far, writer):
        while data := await far.read(65536):
            writer.write(data)


async def _packet(reader):
    """One MQTT packet: its fixed header and the rest."""
    head = await reader.readexactly(1)
    length, shift = 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return head, await reader.readexactly(length)


async def test_a_refused_batch_goes_event_by_event(tmp_path, broker):
    async with Censor(broker.port).open() as censor, Sink(broker.port, acking=True) as sink:
        broker.stop()
        async with box(tmp_path, censor.port) as village:
            await village.flood("record", 120)
            broker.start()
            await village.until_acked()
            assert set(sink.seqs("record")) == set(range(1, 121))
            assert sink.said("batch") == []
            assert censor.refused >= 3
            assert village.uplink.counters["parked"] == 0


async def test_what_is_refused_for_good_alone_is_parked_and_the_rest_goes_on(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(edgeagent.uplink.uplink, "_HOLD_S", 0.2)
    async with (
        Censor(broker.port).open() as censor,
        Sink(broker.port, acking=True) as sink,
        box(tmp_path, censor.port) as village,
    ):
        await village.connected()
        await village.emit()
        await village.until_acked()
        censor.refuse = {b"/up/event": BAD_PAYLOAD}
        await village.emit("reading")
        await until(lambda: village.uplink.counters["parked"] == 1)
        # Its gap is refused as well: that is kept and held, else gaps about gaps would fill the disk.
        await until(lambda: village.uplink.counters["refused"] >= 3)
        assert (village.uplink.counters["parked"], village.waiting("record")) == (1, 1)
        censor.refuse = {}
        await village.emit("reading")
        await village.until_acked()
        assert (sink.seqs("reading"), sink.seqs("record")) == ([2], [1])
        assert [(gap.lane, gap.ranges, gap.reason) for gap in await gaps(sink)] == [("reading", ((1, 1),), "refused")]


async def test_a_broker_that_refuses_everything_for_good_does_not_empty_the_outbox(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(edgeagent.uplink.uplink, "_HOLD_S", 0.2)
    async with (
        Censor(broker.port).open() as censor,
        Sink(broker.port, acking=True) as sink,
        box(tmp_path, censor.port) as village,
    ):
        await village.connected()
        censor.refuse = {b"/up/event": BAD_PAYLOAD, b"/up/batch": BAD_PAYLOAD}
        await village.emit(count=200)
        await until(lambda: village.uplink.counters["refused"] >= 8, 30)
        assert village.uplink.counters["parked"] <= village.uplink.counters["refused"] / 2
        assert village.waiting() > 150
        censor.refuse = {}
        await village.until_acked()
        lost = {n for gap in await gaps(sink) for first, last in gap.ranges for n in range(first, last + 1)}
        assert set(sink.seqs()) | lost == set(range(1, 201))
        assert not set(sink.seqs()) & lost


async def test_quota_exceeded_holds(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(edgeagent.uplink.uplink, "_HOLD_S", 0.2)
    async with Censor(broker.port).open() as censor, Sink(broker.port, acking=True) as sink:
        censor.refuse = {b"/up/event": 0x97}
        async with box(tmp_path, censor.port) as village:
            await village.connected()
            await village.emit()
            await until(lambda: village.uplink.counters["refused"] >= 2)
            assert sink.events == []
            censor.refuse = {}
            await village.until_acked()
            assert (sink.seqs(), village.uplink.counters["parked"]) == ([1], 0)
