"""Boxes of a county that speak: ten events a second and each box's health every five minutes, through a real broker.

One connection for all of them; what the hub answers is not read. Every fifth event is a line crossed, which makes a
case where the county wants it so; three in ten are check-ins; the rest is motion.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from bench.consolecounty import health
from gridwire import topics
from gridwire.codec import encode_event, encode_message
from gridwire.events import LANE_OF, TYPE_OF, Alarm, Checkin, Data, Envelope, Event
from gridwire.identifiers import new_ulid
from gridwire.mqtt import MqttClient, MqttSettings
from simulators.county.build import COUNTY

HEALTH_EVERY_S = 300.0


class Speakers:
    """`said`: how many events were handed to the broker."""

    def __init__(self, client: MqttClient, cameras: Mapping[str, tuple[str, ...]]) -> None:
        self._client, self._cameras = client, cameras
        self._stream = new_ulid()
        self._seqs: dict[tuple[str, str], int] = {}
        self.said = 0

    async def events(self, a_second: float) -> None:
        """Until cancelled, evenly."""
        loop, boxes = asyncio.get_running_loop(), sorted(self._cameras)
        began = loop.time()
        for number in itertools.count():
            await asyncio.sleep(began + number / a_second - loop.time())
            box = boxes[number * 7 % len(boxes)]
            device, data = self._matter(number, box)
            self._client.publish(topics.topic(COUNTY, box, "event"), encode_event(self._event(box, device, data)))
            self.said += 1

    async def health(self) -> None:
        """Until cancelled: every box in its turn."""
        boxes = itertools.cycle(sorted(self._cameras))
        while True:
            box = next(boxes)
            said = encode_message(health(self._cameras[box], (), datetime.now(UTC)))
            self._client.publish(topics.topic(COUNTY, box, "health"), said)
            await asyncio.sleep(HEALTH_EVERY_S / len(self._cameras))

    def _matter(self, number: int, box: str) -> tuple[str, Data]:
        if number % 10 in (1, 4, 7):
            return "terminal", Checkin(method="card", person="p", key=f"{number}")
        kind = "line_crossing" if number % 5 == 0 else "motion"
        return self._cameras[box][number % len(self._cameras[box])], Alarm(kind=kind, state="pulse")

    def _event(self, box: str, device: str, data: Data) -> Event:
        now, lane = datetime.now(UTC), LANE_OF[type(data)]
        seq = self._seqs[box, lane] = self._seqs.get((box, lane), 0) + 1
        return Envelope(
            specversion="1.0", id=new_ulid(), source=topics.base(COUNTY, box), type=TYPE_OF[type(data)], subject=device,
            time=now, recordedtime=now, monotonic="12.345", clock="synced", stream=self._stream, lane=lane, seq=seq,
            data=data,
        )  # fmt: skip


@contextlib.asynccontextmanager
async def speaking(port: int, cameras: Mapping[str, tuple[str, ...]], a_second: float) -> AsyncIterator[Speakers]:
    """Inside, they speak."""
    up = asyncio.Event()
    settings = MqttSettings(host="127.0.0.1", port=port, client_id="bench-boxes")
    client = MqttClient(settings, on_up=lambda _: up.set())
    running = asyncio.create_task(client.run())
    await up.wait()
    speakers = Speakers(client, cameras)
    tasks = [asyncio.create_task(each) for each in (speakers.events(a_second), speakers.health())]
    try:
        yield speakers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.stop()
        await running
